"""A machine moves from one host to another: its connections go on, whatever the rules say of new
ones, and whoever speaks first.

The machine is a namespace; its tap goes from one host's namespace to the other's, which the
sockets in it do not notice.
"""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from hostagent.protocol.network import ElasticAddress, NetworkDocument, NetworkSpec
from tests.integration.network.conftest import run
from tests.integration.network.ipv6 import part, static6
from tests.integration.network.overlay import FAR, NEAR, UNDERLAY, Overlay
from tests.integration.network.vms import OUT, allow, group

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostagent.protocol.firewall import SecurityRule
    from hostagent.protocol.flows import Flow
    from tests.integration.network.conftest import Host
    from tests.integration.network.vms import Vms

LAN, OUTSIDE, HERE = "203.0.113.0/24", "203.0.113.1", "203.0.113.30"
OUTSIDE6, HERE6 = "fd00:70::9", "fd00:70::30:1"
PRIVATE, GATEWAY, ELASTIC = "10.70.0.10", "10.70.0.1", "203.0.113.20"
NEIGHBOUR = "10.70.0.20"


class Journey:
    """Two hosts on one wire, a machine on the first, and somebody it talks to."""

    def __init__(self, host: Host, vms: Vms, kind: str) -> None:
        self.host, self.kind = host, kind
        self.overlay = Overlay(host)
        self.far = self.overlay.add("far", FAR)
        self.overlay.do("ip", "addr", "add", f"{OUTSIDE}/24", "dev", "lan0")
        self.overlay.do("ip", "-6", "addr", "add", f"{OUTSIDE6}/64", "dev", "lan0", "nodad")
        self.address = PRIVATE if kind in ("vxlan", "elastic") else HERE
        six = {"ipv6_address": HERE6} if kind == "physical6" else {}
        self.port = host.port("a", self.address, security_group_ids=["rules"], **six)
        self.guest = host.guest(self.port)
        self.guest.static(f"{self.address}/24", GATEWAY if self.address == PRIVATE else OUTSIDE)
        if six:
            static6(self.guest, HERE6, OUTSIDE6)
        self.voice = vms.talker(*self.guest.enter)
        if kind == "vxlan":
            self.neighbour_port = host.port("b", NEIGHBOUR)
            neighbour = host.guest(self.neighbour_port)
            neighbour.static(f"{NEIGHBOUR}/24", GATEWAY)
            self.peer = vms.talker(*neighbour.enter)
        else:
            self.peer = vms.talker("ip", "netns", "exec", UNDERLAY)
        self.far_sees = {"vxlan": NEIGHBOUR, "physical6": OUTSIDE6}.get(kind, OUTSIDE)
        self.seen = {"elastic": ELASTIC, "physical6": HERE6}.get(kind, self.address)
        self.is_far = False
        self._generations = itertools.count(1)

    async def serve(self, *rules: SecurityRule) -> None:
        """Both hosts get their documents, as while the machine moves and after it."""
        groups = [group("rules", *rules)]
        report = await self.host.manager.apply(
            NetworkDocument(
                generation=next(self._generations),
                networks=self._networks(NEAR),
                security_groups=groups,
                **self._elastic(is_here=not self.is_far),
            )
        )
        assert report.applied, report.errors
        self.far.apply(
            *self._networks(FAR), security_groups=groups,
            **self._elastic(is_here=self.is_far),
        )  # fmt: skip

    def _networks(self, endpoint: str) -> list[NetworkSpec]:
        if self.kind == "vxlan":
            here = [self.neighbour_port] if endpoint == NEAR else []
            remote = {} if endpoint == NEAR else {"b": NEAR}
            if self.is_far == (endpoint == NEAR):
                remote["a"] = FAR if self.is_far else NEAR
            return [self.overlay.network(endpoint, self.port, *here, remote=remote)]
        ports: dict[str, Any] = {"ports": [self.port]}
        lan = {
            "kind": "physical", "physical_interface": "wan0", "gateway": OUTSIDE,
            "dhcp_address": "203.0.113.250",
        }  # fmt: skip
        if self.kind == "elastic":
            return [self.host.network("pub", LAN, **lan), self.host.network("net", **ports)]
        if self.kind == "physical6":
            ports["ipv6"] = part("dhcp", gateway=OUTSIDE6)
        return [self.host.network("net", LAN, **lan, **ports)]

    def _elastic(self, *, is_here: bool) -> dict[str, Any]:
        if self.kind != "elastic":
            return {}
        address = ElasticAddress(address=ELASTIC, network_id="pub", nic_id="a")
        return {"elastic_addresses" if is_here else "coming_addresses": [address]}

    async def flows(self) -> list[Flow]:
        """What the host that the machine is on knows of its connections."""
        if self.is_far:
            return self.far.flows_of("vm-a")
        return await self.host.manager.flows_of("vm-a")

    async def take(self, flows: list[Flow]) -> int:
        """Tell the other one."""
        if self.is_far:
            return await self.host.manager.take_flows("vm-a", flows)
        return self.far.take_flows("vm-a", flows)

    async def move(self, *rules: SecurityRule, carries: bool = True) -> None:
        """The machine goes to the other host, with its connections or without them.

        It says nothing by itself, and the hosts have the documents of before: the service is slow.
        """
        await self.serve(*rules)
        here, there = (self.far.do, run) if self.is_far else (run, self.far.do)
        tap = self.port.tap
        where = str(os.getpid()) if self.is_far else self.far.pid
        here("ip", "link", "set", tap, "down")
        flows = await self.flows()
        assert flows
        if carries:
            assert await self.take(flows) == len(flows)
        here("ip", "link", "set", tap, "netns", where)
        there("ip", "link", "set", tap, "master", self._networks(NEAR)[-1].bridge)
        there("ip", "link", "set", tap, "up")
        self.is_far = not self.is_far
        if self.is_far:
            await self.host.manager.departed("vm-a")
            self.far.goes("arrived", "vm-a")
        else:
            self.far.goes("departed", "vm-a")
            await self.host.manager.arrived("vm-a")
        if self.kind == "vxlan":  # the neighbour's host is told by the service alone
            await self.serve(*rules)


@pytest.fixture
def journey(host: Host, vms: Vms, request: pytest.FixtureRequest) -> Iterator[Journey]:
    journey = Journey(host, vms, request.param)
    yield journey
    journey.overlay.end()


EVERYWHERE = pytest.mark.parametrize(
    "journey", ["physical", "physical6", "vxlan", "elastic"], indirect=True
)
IN = (allow("tcp", "tcp", 80, 81), allow("udp", "udp", 80, 81))


@EVERYWHERE
async def test_what_it_opened_goes_on_though_nothing_may_come_in(journey: Journey) -> None:
    journey.peer.prattles("tcp", 90)
    journey.peer.prattles("udp", 91)
    journey.peer.listens("tcp", 92)
    await journey.serve(OUT)
    speaking = [journey.voice.open(kind, journey.far_sees, port) for kind, port in _PRATTLING]
    idle = journey.voice.open("tcp", journey.far_sees, 92)
    for _ in range(2):  # there and back
        await journey.move(OUT)
        for number in speaking:
            assert journey.voice.hears(number)
        assert journey.voice.says(idle)
    assert not journey.peer.reaches("tcp", journey.seen, 80, allowed=False)


_PRATTLING = (("tcp", 90), ("udp", 91))


@EVERYWHERE
async def test_what_others_opened_goes_on_though_it_may_begin_nothing(journey: Journey) -> None:
    journey.voice.prattles("tcp", 80)
    journey.voice.prattles("udp", 81)
    journey.voice.listens("tcp", 81)
    await journey.serve(*IN)
    speaking = [
        journey.peer.open("tcp", journey.seen, 80),
        journey.peer.open("udp", journey.seen, 81),
    ]
    idle = journey.peer.open("tcp", journey.seen, 81)
    for _ in range(2):
        await journey.move(*IN)
        for number in speaking:
            assert journey.peer.hears(number)
        assert journey.peer.says(idle)
    assert not journey.voice.reaches("tcp", journey.far_sees, 90, allowed=False)


@pytest.mark.parametrize("journey", ["physical"], indirect=True)
async def test_without_them_nothing_goes_on(journey: Journey) -> None:
    """What the others test is needed."""
    journey.peer.prattles("udp", 91)
    journey.voice.prattles("udp", 81)
    rules = (*IN, allow("ask", "udp", 91, direction="out"))
    await journey.serve(*rules)
    asked = journey.voice.open("udp", journey.far_sees, 91)
    answering = journey.peer.open("udp", journey.seen, 81)
    await journey.move(*rules, carries=False)
    assert not journey.voice.hears(asked, allowed=False)
    assert not journey.peer.hears(answering, allowed=False)


@pytest.mark.parametrize("journey", ["elastic"], indirect=True)
async def test_a_host_is_told_of_the_machine_alone(journey: Journey) -> None:
    """What another host says of others, or what cannot be, is left out."""
    journey.voice.listens("tcp", 80)
    await journey.serve(*IN)
    journey.peer.open("tcp", journey.seen, 80)
    (flow,) = await journey.flows()
    wrong: list[dict[str, Any]] = [
        {"nic_id": "b"}, {"address": OUTSIDE}, {"elastic": OUTSIDE}, {"peer": "fd00::1"},
        {"peer": "224.0.0.1"}, {"peer": "x"}, {"peer_port": 0}, {"port": 65_536},
        {"protocol": 1}, {"tcp": None}, {"timeout_s": 2**31}, {"protocol": 17},
    ]  # fmt: skip
    forged = [msgspec.structs.replace(flow, **fields) for fields in wrong]
    assert await journey.host.manager.take_flows("vm-a", forged) == 0
    assert await journey.host.manager.take_flows("vm-b", [flow]) == 0
    assert await journey.host.manager.take_flows("vm-a", [flow]) == 1
    (kept,) = await journey.flows()
    same = {"timeout_s": flow.timeout_s, "tcp": flow.tcp}  # time passes; windows are not known
    assert msgspec.structs.replace(kept, **same) == flow
