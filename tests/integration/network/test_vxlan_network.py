"""A VXLAN network over several hosts: one network for VMs, and each host its own gateway."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from hostagent.network.plan.network import derived_mac, plan_of
from hostagent.network.wire.frames import arp_request, ip_bytes, mac_bytes
from hostagent.protocol.network import (
    ElasticAddress,
    NetworkDocument,
    bridge_name,
    mac_for,
    vxlan_link_name,
)
from tests.integration.network.conftest import run
from tests.integration.network.overlay import (
    DHCP,
    FAR,
    GATEWAY,
    MTU,
    NEAR,
    SERVER,
    THIRD,
    VNI,
    Node,
    Overlay,
    ping,
)
from tests.integration.network.vms import OUT, allow, group

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.network.conftest import Guest, Host, Waiter
    from tests.integration.network.vms import Vms

TUNNEL = vxlan_link_name("net")
METADATA = "169.254.169.254"
A, B = "10.70.0.10", "10.70.0.20"
PUBLIC = "203.0.113.250"  # the DHCP server of the public network


@pytest.fixture
def overlay(host: Host) -> Iterator[Overlay]:
    overlay = Overlay(host)
    yield overlay
    overlay.end()


class Pair:
    """Machine a on the host under test and b on another one."""

    def __init__(self, overlay: Overlay) -> None:
        self.overlay, host = overlay, overlay.host
        self.far = overlay.add("far", FAR)
        self.a_port, self.b_port = host.port("a", A), host.port("b", B)
        self.a = host.guest(self.a_port)
        self.b = self.far.guest("guest-b", self.b_port)

    async def serve(self) -> None:
        network = self.overlay.network
        await self.overlay.host.must_apply(network(NEAR, self.a_port, remote={"b": FAR}))
        self.far.apply(network(FAR, self.b_port, remote={"a": NEAR}))

    def address(self) -> None:
        self.a.static(f"{A}/24", GATEWAY)
        self.b.static(f"{B}/24", GATEWAY)


@pytest.fixture
def pair(overlay: Overlay) -> Pair:
    return Pair(overlay)


def entries(node: Node | None = None) -> set[tuple[str, str]]:
    """MACs and the hosts that the tunnel of a host sends their frames to."""
    show = ("bridge", "-j", "fdb", "show", "dev", TUNNEL)
    found = json.loads(node.do(*show) if node else run(*show))
    return {(item["mac"], item["dst"]) for item in found if "dst" in item}


def is_own(frame: bytes) -> bool:
    """Whether a frame is about what each host has for itself."""
    macs = {mac_bytes(derived_mac(kind, "net")) for kind in ("bridge", "service")}
    if not macs.isdisjoint((frame[:6], frame[6:12])):
        return True
    own = {ip_bytes(address) for address in (GATEWAY, DHCP, METADATA)}
    kind = frame[12:14]
    if kind == b"\x08\x06":
        return not own.isdisjoint((frame[28:32], frame[38:42]))
    if kind != b"\x08\x00":
        return False
    ports = {int.from_bytes(frame[34:36]), int.from_bytes(frame[36:38])}
    is_dhcp = frame[23] == 17 and not ports.isdisjoint((67, 68))
    return is_dhcp or not own.isdisjoint((frame[26:30], frame[30:34]))


async def test_vms_of_two_hosts_are_in_one_network(pair: Pair) -> None:
    await pair.serve()

    with pair.overlay.tap() as frames:
        leases = [await pair.a.dhcp(), await asyncio.to_thread(_dhcp, pair.b)]
        assert [lease["ip"] for lease in leases] == [A, B]
        assert [lease["mtu"] for lease in leases] == [str(MTU)] * 2
        assert pair.a.pings(B)
        assert pair.b.pings(A)
        for guest, name in ((pair.a, "vm-a"), (pair.b, "vm-b")):
            assert guest.pings(GATEWAY)
            assert guest.pings(SERVER), "SNAT by its own host"
            assert (await guest.get("/latest/meta-data/instance-id")) == name

    arps = [frame for frame in frames if frame[12:14] == b"\x08\x06"]
    assert any(frame[38:42] == ip_bytes(B) for frame in arps), "asked through the tunnel"
    assert [frame.hex() for frame in frames if is_own(frame)] == []


def _dhcp(guest: Guest) -> dict[str, str]:
    return asyncio.run(guest.dhcp())


async def test_each_host_masquerades_its_own(pair: Pair) -> None:
    await pair.serve()
    pair.address()
    rules = [f"add rule inet seen in ip saddr {address} counter" for address in (NEAR, FAR, A, B)]
    hook = "type filter hook input priority 0;"
    lines = ["add table inet seen", f"add chain inet seen in {{ {hook} }}", *rules]
    pair.overlay.do("nft", "; ".join(lines))

    def seen() -> list[int]:
        text = pair.overlay.do("nft", "-j", "list", "chain", "inet", "seen", "in")
        rules = [item["rule"]["expr"] for item in json.loads(text)["nftables"] if "rule" in item]
        return [rule[-1]["counter"]["packets"] for rule in rules]

    assert pair.a.pings(SERVER)
    near, far, *bare = seen()
    assert (near > 0, far, bare) == (True, 0, [0, 0])
    assert pair.b.pings(SERVER)
    near_then, far, *bare = seen()
    assert (near_then, far > 0, bare) == (near, True, [0, 0])


async def test_full_packets_pass_and_larger_ones_do_not(pair: Pair) -> None:
    await pair.serve()
    pair.address()
    for guest in (pair.a, pair.b):
        guest.do("ip", "link", "set", "eth0", "mtu", str(MTU))

    assert ping(pair.a, B, MTU)
    assert not ping(pair.a, B, MTU + 1), "its own link does not take it"
    for guest in (pair.a, pair.b):
        guest.do("ip", "link", "set", "eth0", "mtu", str(MTU + 50))
    assert not ping(pair.a, B, MTU + 50)
    assert ping(pair.a, B, MTU)


async def test_a_machine_that_moves_is_followed(pair: Pair) -> None:
    overlay, host = pair.overlay, pair.overlay.host
    third = overlay.add("third", THIRD)
    await pair.serve()
    third.apply(overlay.network(THIRD, remote={"a": NEAR, "b": FAR}))
    pair.address()
    assert pair.a.pings(B)

    pair.b.do("ip", "link", "set", "eth0", "down")
    moved = third.guest("guest-b2", pair.b_port)
    pair.far.apply(overlay.network(FAR, remote={"a": NEAR, "b": THIRD}))
    third.apply(overlay.network(THIRD, pair.b_port, remote={"a": NEAR}))
    moved.static(f"{B}/24", GATEWAY)
    await host.must_apply(overlay.network(NEAR, pair.a_port, remote={"b": THIRD}))

    floods = {("00:00:00:00:00:00", address) for address in (FAR, THIRD)}
    assert entries() == floods | {(mac_for("b"), THIRD)}
    pair.far.do("ip", "link", "set", "wan0", "down")  # nothing goes there any more
    assert pair.a.pings(B)


async def test_what_is_gone_leaves_the_table(pair: Pair) -> None:
    overlay, host = pair.overlay, pair.overlay.host
    await pair.serve()
    assert entries() == {("00:00:00:00:00:00", FAR), (mac_for("b"), FAR)}

    await host.must_apply(overlay.network(NEAR, pair.a_port))

    assert entries() == {("00:00:00:00:00:00", FAR)}
    await host.must_apply(overlay.network(NEAR, pair.a_port, kind="nat", vxlan=None))
    assert TUNNEL not in run("ip", "link")


async def test_strangers_do_not_get_into_the_tunnel(pair: Pair) -> None:
    """Whoever reaches the host could send VXLAN packets: the outside, and the host's own VMs."""
    await pair.serve()
    pair.address()
    pair.a.watch("arp saddr ip 10.70.0.99")
    frame = arp_request("0a:00:00:00:00:99", "10.70.0.99", A)
    packet = b"\x08\x00\x00\x00" + VNI.to_bytes(3) + b"\x00" + frame
    code = (
        "import socket, sys; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);"
        "s.sendto(bytes.fromhex(sys.argv[1]), (sys.argv[2], 4789))"
    )
    send = ("python3", "-c", code, packet.hex(), NEAR)

    pair.overlay.do(*send)
    pair.a.do(*send)
    assert pair.a.seen() == [0]
    pair.far.do(*send)
    assert pair.a.seen() == [1]


async def test_nobody_plays_the_gateway_over_the_tunnel(overlay: Overlay) -> None:
    """Also not a machine whose anti-spoofing is off."""
    host, far = overlay.host, overlay.add("far", FAR)
    a_port, rogue_port = host.port("a", A), host.port("rogue", B, anti_spoofing=False)
    a, rogue = host.guest(a_port), far.guest("rogue", rogue_port)
    network = overlay.network(NEAR, a_port, remote={"rogue": FAR})
    await host.must_apply(network)
    far.apply(overlay.network(FAR, rogue_port, remote={"a": NEAR}))
    a.static(f"{A}/24", GATEWAY)
    rogue.static(f"{B}/24", GATEWAY)
    plan = plan_of(network)
    a.watch(*(f"arp saddr ip {address}" for address in (GATEWAY, DHCP, METADATA, B)))

    for address in (GATEWAY, DHCP, METADATA, B):
        rogue.send(arp_request(rogue.mac, address, A))
    for mac in (plan.bridge_mac, plan.service_mac):
        rogue.send(arp_request(mac, "10.70.0.77", A))

    assert a.seen()[:3] == [0, 0, 0]
    assert a.seen()[3] > 0
    assert a.pings(GATEWAY)


async def test_security_groups_speak_across_the_tunnel(
    host: Host, vms: Vms, overlay: Overlay
) -> None:
    far = overlay.add("far", FAR)
    db = vms.add("db", A, "db")
    ports = [
        host.port("app", B, security_group_ids=["app"]),
        host.port("other", "10.70.0.21"),
    ]
    guests = [far.guest(port.nic_id, port) for port in ports]
    for guest, port in zip(guests, ports, strict=True):
        guest.static(f"{port.address}/24", GATEWAY)
    app, other = (vms.talker(*guest.enter) for guest in guests)
    db.listens("tcp", 5432, 5433)
    sql = allow("sql", "tcp", 5432, peer_group_id="app")
    members = group("app", OUT, members=(B,))

    here = overlay.network(NEAR, *vms.ports.values(), remote={"app": FAR, "other": FAR})
    await host.must_apply(here, groups=[group("db", sql), members])
    far.apply(overlay.network(FAR, *ports, remote={"db": NEAR}), security_groups=[members])

    assert app.reaches("tcp", A, 5432)
    assert not app.reaches("tcp", A, 5433, allowed=False)
    assert not other.reaches("tcp", A, 5432, allowed=False)
    connection = app.open("tcp", A, 5432)
    await host.must_apply(here, groups=[group("db"), members])
    assert not app.says(connection, allowed=False)


async def test_an_elastic_ip_leads_to_a_machine_of_it(pair: Pair) -> None:
    host, elastic = pair.overlay.host, "203.0.113.20"
    world = host.outside("203.0.113.1/24", "wan1", "203.0.113.5/24")
    await pair.serve()
    pair.address()
    public = host.network(
        "pub", "203.0.113.0/24", kind="physical", physical_interface="wan1", dhcp_address=PUBLIC
    )
    report = await host.manager.apply(
        NetworkDocument(
            generation=2,
            networks=[public, pair.overlay.network(NEAR, pair.a_port, remote={"b": FAR})],
            elastic_addresses=[ElasticAddress(address=elastic, network_id="pub", nic_id="a")],
        )
    )
    assert report.applied, report.errors
    world.watch(f"ip saddr {elastic}", f"ip saddr {A}")

    assert world.pings(elastic)
    assert pair.a.pings("203.0.113.1")
    assert pair.a.pings(B)
    ours, bare = world.seen()
    assert ours > 0
    assert bare == 0


async def test_what_somebody_breaks_comes_back(pair: Pair, wait_until: Waiter) -> None:
    await pair.serve()
    pair.address()
    host = pair.overlay.host
    assert pair.a.pings(B)

    run("ip", "link", "del", TUNNEL)
    await wait_until(lambda: pair.a.pings(B))
    assert entries() == {("00:00:00:00:00:00", FAR), (mac_for("b"), FAR)}

    run("bridge", "fdb", "del", mac_for("b"), "dev", TUNNEL)
    run("ip", "link", "set", "wan0", "mtu", "1400")
    (state,) = (await host.manager.status()).networks
    assert state.drift == ["forwarding", "underlay_mtu"]
    run("ip", "link", "set", "wan0", "mtu", "1500")
    run("ip", "addr", "flush", "dev", "wan0")
    (state,) = (await host.manager.status()).networks
    assert "endpoint" in state.drift
    run("ip", "addr", "add", f"{NEAR}/24", "dev", "wan0")
    await wait_until(lambda: (mac_for("b"), FAR) in entries())


async def test_another_endpoint_or_vni_makes_the_tunnel_anew(pair: Pair) -> None:
    await pair.serve()
    pair.address()
    run("ip", "addr", "add", "10.99.0.11/24", "dev", "wan0")

    network = pair.overlay.network("10.99.0.11", pair.a_port, remote={"b": FAR})
    tunnels = network.vxlan
    assert tunnels is not None
    tunnels = msgspec.structs.replace(tunnels, peers=[FAR])
    await pair.overlay.host.must_apply(msgspec.structs.replace(network, vxlan=tunnels))
    far = pair.overlay.network(FAR, pair.b_port, remote={"a": "10.99.0.11"})
    assert far.vxlan is not None
    peers = msgspec.structs.replace(far.vxlan, peers=["10.99.0.11"])
    pair.far.apply(msgspec.structs.replace(far, vxlan=peers))

    assert "local 10.99.0.11" in run("ip", "-d", "link", "show", TUNNEL)
    assert pair.a.pings(B)


async def test_a_vni_that_others_use_is_refused(host: Host, overlay: Overlay) -> None:
    link = ("foreign0", "type", "vxlan", "id", str(VNI), "dstport", "4789", "local", NEAR)
    run("ip", "link", "add", *link)

    report = await host.apply(overlay.network(NEAR))

    assert [error.code for error in report.errors] == ["network.vni_taken"]
    assert bridge_name("net") not in run("ip", "link")
    run("ip", "link", "del", "foreign0")
    await host.must_apply(overlay.network(NEAR))
