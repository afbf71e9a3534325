"""Property: for random groups and packets, `judge` says what the kernel does."""

from __future__ import annotations

import itertools
import os
import socket
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hostagent.network.connections.conntrack import Conntrack
from hostagent.network.connections.cutting import cut_refused
from hostagent.network.links.netns import call_inside
from hostagent.network.plan.network import plan_of
from hostagent.network.rules.groups import filtered_ports
from hostagent.network.wire.frames import arp_request
from hostagent.protocol.firewall import Packet, SecurityGroupSpec, SecurityRule, judge
from hostagent.protocol.ipv6 import link_local_of, slaac_address
from tests.integration.network.frames import (
    ICMP,
    ICMPV6,
    TCP,
    UDP,
    datagram,
    icmp,
    ip_frame,
    tcp_syn,
)
from tests.integration.network.ipv6 import PREFIX, part

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from hostagent.protocol.network import PortSpec
    from tests.integration.network.conftest import Host

ADDRESSES = ("10.70.0.10", "10.70.0.11", "10.70.0.130", "10.70.0.200")
MACS = tuple(f"0a:00:00:00:00:{number:02x}" for number in range(1, 5))
LINK_LOCALS = tuple(link_local_of(mac) for mac in MACS)
GLOBALS = tuple(str(slaac_address(PREFIX, mac)) for mac in MACS)
GROUP_IDS = ("g1", "g2", "g3")
PORTS = (1, 22, 23, 80, 443, 8080, 65_535)
OTHER_PROTOCOL = 253  # for experiments (RFC 3692)
MARK = b"verdicts"
NUMBERS = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "icmpv6": ICMPV6, "253": OTHER_PROTOCOL}
ICMP_TYPES = (0, 3, 8, 13)
ICMPV6_TYPES = (1, 128, 129, 140)  # neighbour discovery always passes
FIRST_SOURCE_PORT = 10_000
SO_RCVBUFFORCE = 33  # asm-generic/socket.h; Python does not name it
RECEIVE_BUFFER_BYTES = 16 << 20

CIDRS = (
    "0.0.0.0/0", "10.70.0.0/25", "10.70.0.128/25", "10.70.0.10/31", "10.70.0.200/32",
    "192.0.2.0/24", "::/0", "fe80::/10", f"{LINK_LOCALS[1]}/128", "2001:db8::/32",
    str(PREFIX), f"{GLOBALS[2]}/128",
)  # fmt: skip


@st.composite
def rules(draw: st.DrawFn) -> SecurityRule:
    """One rule; its id is given by its place."""
    protocol = draw(st.sampled_from(("any", "tcp", "udp", "icmp", "icmpv6")))
    fields: dict[str, Any] = {}
    if protocol in ("tcp", "udp") and draw(st.booleans()):
        first, last = sorted((draw(st.sampled_from(PORTS)), draw(st.sampled_from(PORTS))))
        fields["ports"] = (first, last)
    if protocol in ("icmp", "icmpv6"):
        types = ICMP_TYPES if protocol == "icmp" else ICMPV6_TYPES
        fields["icmp_type"] = draw(st.sampled_from((None, *types)))
        fields["icmp_code"] = draw(st.sampled_from((None, 0, 1)))
    peer = draw(st.sampled_from(("anybody", "cidr", "group")))
    if peer == "cidr":
        fields["cidr"] = draw(st.sampled_from(CIDRS))
    elif peer == "group":
        fields["peer_group_id"] = draw(st.sampled_from(GROUP_IDS))
    return SecurityRule(
        id="",
        direction=draw(st.sampled_from(("in", "out"))),
        action=draw(st.sampled_from(("allow", "allow", "deny"))),
        priority=draw(st.sampled_from((1, 100, 100, 1000))),
        protocol=protocol,
        **fields,
    )


@st.composite
def group_sets(draw: st.DrawFn) -> list[SecurityGroupSpec]:
    """All groups, with members that need not be anybody's NICs."""
    found = []
    for group_id in GROUP_IDS:
        drawn = draw(st.lists(rules(), max_size=8))
        members = draw(st.lists(st.sampled_from((*ADDRESSES, *LINK_LOCALS, *GLOBALS)), max_size=4))
        named = [replaced(rule, f"{group_id}-{place}") for place, rule in enumerate(drawn)]
        found.append(SecurityGroupSpec(id=group_id, rules=named, member_addresses=members))
    return found


def replaced(rule: SecurityRule, identity: str) -> SecurityRule:
    fields = {name: getattr(rule, name) for name in rule.__struct_fields__}
    return SecurityRule(**{**fields, "id": identity})


def flights() -> Iterator[tuple[int, int, Packet]]:
    """Every packet that some rule may speak of, between each pair: who sends, who receives."""
    for sender, receiver in itertools.permutations(range(len(MACS)), 2):
        for own, icmp_name, types in (
            (ADDRESSES, "icmp", ICMP_TYPES),
            (LINK_LOCALS, "icmpv6", ICMPV6_TYPES),
            (GLOBALS, "icmpv6", ICMPV6_TYPES),
        ):
            kinds: list[dict[str, Any]] = [
                {"protocol": protocol, "port": port}
                for protocol in ("tcp", "udp")
                for port in PORTS
            ]
            kinds += [
                {"protocol": icmp_name, "icmp_type": type_, "icmp_code": code}
                for type_ in types
                for code in (0, 1)
            ]
            if sender < receiver:  # it has no ports: the way back would be an answer
                kinds.append({"protocol": "253"})
            for fields in kinds:
                packet = Packet(source=own[sender], destination=own[receiver], **fields)
                yield sender, receiver, packet


def frame_of(sender: int, receiver: int, packet: Packet, number: int) -> bytes:
    """The packet with a source port or ICMP identity that makes it the first of its connection."""
    payload = MARK + number.to_bytes(4, "big")
    source_port = FIRST_SOURCE_PORT + number
    if packet.port is not None:
        make = tcp_syn if packet.protocol == "tcp" else datagram
        body = make(source_port, packet.port, payload)
    elif packet.icmp_type is not None:
        body = icmp(packet.icmp_type, packet.icmp_code or 0, source_port, payload)
    else:
        body = payload
    protocol = NUMBERS[packet.protocol]
    macs = (MACS[sender], MACS[receiver])
    return ip_frame(*macs, packet.source, packet.destination, protocol, body)


class Wires:
    """Raw sockets in all guests, whose own stacks are deaf."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.sockets: list[socket.socket] = []
        self._round = 0

    async def add(self, port: PortSpec) -> None:
        guest = self.host.guest(port)
        guest.do("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
        handle = await call_inside(guest.name, _raw_socket)
        handle.settimeout(5)
        self.sockets.append(handle)

    def fly(self, frames: list[tuple[int, bytes]]) -> dict[int, set[int]]:
        """Send frames; which of them, by their place, came to each guest."""
        self._round += 1
        end = f"10.71.{self._round // 256}.{self._round % 256}"
        for place, handle in enumerate(self.sockets):  # the bridge learns where everybody is
            handle.send(arp_request(MACS[place], ADDRESSES[place], ADDRESSES[place]))
        for sender, frame in frames:
            self.sockets[sender].send(frame)
        # On one CPU packets keep their order, so what comes after these is not on its way.
        self.sockets[0].send(arp_request(MACS[0], ADDRESSES[0], end))
        self.sockets[1].send(arp_request(MACS[1], ADDRESSES[1], end))
        return {place: self._received(place, end) for place in range(len(self.sockets))}

    def _received(self, place: int, end: str) -> set[int]:
        mac, last = (bytes.fromhex(MACS[n].replace(":", "")) for n in (place, int(place == 0)))
        tail = socket.inet_aton(end)
        found = set()
        while True:
            frame = self.sockets[place].recv(4096)
            if frame[:6] == mac and frame[-12:-4] == MARK:
                found.add(int.from_bytes(frame[-4:], "big"))
            if frame[6:14] == last + b"\x08\x06" and frame[38:42] == tail:
                return found


def _raw_socket() -> socket.socket:
    handle = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))  # every protocol
    handle.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
    handle.bind(("eth0", 0))
    return handle


@pytest.fixture
async def wires(host: Host) -> AsyncIterator[Wires]:
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})
    wires = Wires(host)
    try:
        for place, address in enumerate(ADDRESSES):
            await wires.add(host.port(f"nic{place}", address, mac=MACS[place]))
        yield wires
    finally:
        os.sched_setaffinity(0, cpus)
        for handle in wires.sockets:
            handle.close()


@settings(
    max_examples=150,
    phases=[Phase.generate],  # to shrink a counter-example takes minutes
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    groups=group_sets(),
    memberships=st.lists(
        st.lists(st.sampled_from(GROUP_IDS), max_size=3, unique=True), min_size=4, max_size=4
    ),
)
async def test_kernel_and_model_agree(
    wires: Wires,
    groups: list[SecurityGroupSpec],
    memberships: list[list[str]],
) -> None:
    host = wires.host
    ports = [
        host.port(
            f"nic{place}",
            ADDRESSES[place],
            mac=MACS[place],
            security_group_ids=ids,
            ipv6_address=GLOBALS[place],
        )
        for place, ids in enumerate(memberships)
    ]
    network = host.network("net", ports=ports, ipv6=part())
    await host.must_apply(network, groups=groups)
    forget_connections()

    sent = list(flights())
    frames = [(flight[0], frame_of(*flight, number)) for number, flight in enumerate(sent)]
    received = wires.fly(frames)

    by_id = {group.id: group for group in groups}
    for number, (sender, receiver, packet) in enumerate(sent):
        out = judge(memberships[sender], by_id, "out", packet)
        into = judge(memberships[receiver], by_id, "in", packet)
        expected = out.allowed and into.allowed
        assert (number in received[receiver]) == expected, (packet, out, into)
    # Nothing that was let through is taken for refused when open connections are looked at.
    assert await cut_refused(filtered_ports([plan_of(network)]), groups) == 0


def forget_connections() -> None:
    """Delete every connection of the host under test, and see that it worked."""
    with Conntrack() as conntrack:
        conntrack.flush()
        assert not list(conntrack.connections())
