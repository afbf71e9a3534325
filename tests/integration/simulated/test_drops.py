"""Dropped packets and effective rules through the API: whose they are, and what is said of them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from appliance.protocol.drops import VmDrops
from appliance.protocol.errors import NotFound
from appliance.protocol.resources import Vm
from hostagent.protocol.drops import DroppedPacket, DropReport
from hostagent.protocol.network import PortDrops, PortSpec
from tests.integration.simulated.conftest import Lab
from tests.integration.simulated.test_security_groups import _group, _machine, _rule, told
from tests.integration.simulated.test_tenants import request_of, tenant
from tests.lab.simulated.host import SimulatedHost

pytestmark = pytest.mark.asyncio(loop_scope="module")


def host_of(lab: Lab, vm: Vm) -> SimulatedHost:
    (host,) = [host for host in lab.fleet.hosts if host.id == vm.host_id]
    return host


def packet(vm: Vm, **more: Any) -> DroppedPacket:
    fields: dict[str, Any] = {
        "nic_id": vm.nics[0].id, "at": time.time(), "direction": "in", "reason": "no_rule",
        "protocol": "tcp", "source": "192.0.2.7", "source_port": 40_000,
        "destination": vm.nics[0].address, "destination_port": 443,
    }  # fmt: skip
    return DroppedPacket(**(fields | more))


def ports_of(lab: Lab, vm: Vm) -> list[PortSpec]:
    networks = host_of(lab, vm).state.document.networks
    return [port for network in networks for port in network.ports if port.vm_id == vm.id]


async def drops(lab: Lab, vm: Vm, count: int = 0) -> VmDrops:
    """What the service knows as soon as it knows of `count` packets."""
    found: list[VmDrops] = []

    async def ask() -> bool:
        found[:] = [await lab.client.call("vm.drops", id=vm.id)]
        return len(found[0].packets) >= count

    deadline = time.monotonic() + 5
    while not await ask():
        assert time.monotonic() < deadline, found
    return found[0]


async def test_hosts_hear_of_which_groups_and_nics_to_tell(lab: Lab) -> None:
    group_id = await _group(lab, "told")
    vm = await _machine(lab, "told", security_group_ids=[group_id])
    try:
        assert not told(lab, vm.host_id)[group_id].log_drops
        shown = await lab.client.call("security_group.update", id=group_id, log_drops=True)
        assert shown.log_drops
        await lab.until(lambda: told(lab, vm.host_id)[group_id].log_drops, 5)
        (nic,) = (await drops(lab, vm)).nics
        assert (nic.is_logging_refused, nic.is_logging_spoofed) == (True, False)
        await lab.client.call("setting.change", name="network.log_forged", value=True)
        await lab.until(lambda: ports_of(lab, vm)[0].log_forged, 5)
        (nic,) = (await drops(lab, vm)).nics
        assert nic.is_logging_spoofed
        await lab.client.call("setting.reset", name="network.log_forged")
        await lab.client.call("security_group.update", id=group_id, log_drops=False)
        await lab.until(lambda: not ports_of(lab, vm)[0].log_forged, 5)
        await lab.until(lambda: not told(lab, vm.host_id)[group_id].log_drops, 5)
    finally:
        await lab.remove_all()
        await lab.client.call("security_group.delete", id=group_id)


async def test_packets_are_shown_with_the_reason(lab: Lab) -> None:
    group_id = await _group(lab, "web")
    rule_id = await _rule(lab, group_id, action="deny", port_first=25)
    vm = await _machine(lab, "one", security_group_ids=[group_id])
    try:
        denied = packet(vm, reason="denied", rule_id=rule_id, group_id=group_id)
        forged = packet(vm, direction="out", reason="forged_mac", source_mac="0a:00:00:00:00:99")
        host = host_of(lab, vm)
        host.tell_drops(DropReport(packets=[packet(vm), denied, forged], lost={vm.nics[0].id: 4}))
        found = await drops(lab, vm, 3)
        assert [one.reason for one in found.packets] == [
            "drop.forged_mac",
            "drop.denied_in",
            "drop.no_rule_in",
        ]
        newest, middle, oldest = found.packets
        assert newest.message == "one sent it with another’s MAC address, 0a:00:00:00:00:99."
        assert middle.message == "A rule of web denies it."
        assert (middle.security_group_id, middle.rule_id) == (group_id, rule_id)
        assert oldest.message == "No rule of web lets this in."
        assert (oldest.source, oldest.source_port, oldest.destination_port) == (
            *("192.0.2.7", 40_000),
            443,
        )
        assert newest.number > middle.number > oldest.number
        assert found.missed == 4
    finally:
        await lab.remove_all()
        await lab.client.call("security_group.delete", id=group_id)


async def test_counts_come_from_the_host_while_it_answers(lab: Lab) -> None:
    vm = await _machine(lab, "counted")
    try:
        host, nic_id = host_of(lab, vm), vm.nics[0].id
        (nic,) = (await drops(lab, vm)).nics
        assert (nic.address, nic.spoofed_packets, nic.refused_packets) == (vm.nics[0].address, 0, 0)
        host.state.drops[nic_id] = PortDrops(
            nic_id=nic_id, tap="t", packets=3, size_bytes=180, refused_packets=2,
            refused_size_bytes=120,
        )  # fmt: skip
        (nic,) = (await drops(lab, vm)).nics
        assert (nic.spoofed_packets, nic.spoofed_bytes) == (3, 180)
        assert (nic.refused_packets, nic.refused_bytes) == (2, 120)
        assert await lab.on_all("vm.stop", [vm.id]) == []
        (nic,) = (await drops(lab, vm)).nics
        assert (nic.spoofed_packets, nic.refused_packets) == (None, None)
    finally:
        await lab.remove_all()


async def test_a_host_is_believed_only_about_its_own_machines(lab: Lab) -> None:
    hosts = [host.id for host in lab.fleet.hosts[:2]]
    mine = await _machine(lab, "mine", host_id=hosts[0])
    other = await _machine(lab, "other", host_id=hosts[1])
    try:
        liar = host_of(lab, other)
        liar.tell_drops(
            DropReport(packets=[packet(mine), packet(other)], lost={mine.nics[0].id: 1})
        )
        assert len((await drops(lab, other, 1)).packets) == 1
        found = await drops(lab, mine)
        assert (found.packets, found.missed) == ([], 0)
    finally:
        await lab.remove_all()


async def test_tenants_see_what_is_theirs(lab: Lab) -> None:
    async with await tenant(lab, "drops-a") as one, await tenant(lab, "drops-b") as two:
        accepted = await one.call("vm.create", **request_of(lab, "theirs"))
        assert await lab.ended(accepted) == []
        vm = await one.call("vm.get", id=accepted.resource_ids[0])
        as_admin = await lab.client.call("vm.get", id=vm.id)
        host_of(lab, as_admin).tell_drops(DropReport(packets=[packet(vm)]))
        await drops(lab, vm, 1)
        found = await one.call("vm.drops", id=vm.id)
        assert len(found.packets) == 1
        assert found.nics[0].spoofed_packets == 0
        for operation in ("vm.drops", "vm.effective_rules"):
            with pytest.raises(NotFound):
                await two.call(operation, id=vm.id)
    await lab.remove_all()


async def test_each_nic_has_its_own_rules_in_the_order_of_asking(lab: Lab) -> None:
    web, admin = await _group(lab, "a-web"), await _group(lab, "b-admin")
    http = await _rule(lab, web, port_first=80, description="for all")
    off = await _rule(lab, web, port_first=81, is_enabled=False)
    peers = await _rule(lab, admin, port_first=22, peer_group_id=web, priority=10)
    deny = await _rule(lab, admin, action="deny", protocol="any", port_first=None, priority=100)
    out = await _rule(lab, admin, direction="out", protocol="any", port_first=None)
    vm = await _machine(lab, "both", security_group_ids=[web])
    other = await _machine(lab, "second", security_group_ids=[web, admin])
    try:
        open_vm = await _machine(lab, "open")
        both = (await lab.client.call("vm.effective_rules", id=other.id)).nics[0]
        assert both.security_group_names == ["a-web", "b-admin"]
        assert [rule.rule_id for rule in both.incoming] == [peers, deny, http]
        assert off not in {rule.rule_id for rule in both.incoming}
        assert [rule.rule_id for rule in both.outgoing] == [out]
        first = both.incoming[0]
        assert (first.peer_group_name, first.peer_count) == ("a-web", 2)
        assert set(first.peer_addresses) == {vm.nics[0].address, other.nics[0].address}
        assert both.incoming[2].description == "for all"
        (nic,) = (await lab.client.call("vm.effective_rules", id=vm.id)).nics
        assert [rule.rule_id for rule in nic.incoming] == [http]
        assert (nic.outgoing, nic.is_filtered) == ([], True)
        (nic,) = (await lab.client.call("vm.effective_rules", id=open_vm.id)).nics
        assert (nic.is_filtered, nic.incoming, nic.security_group_ids) == (False, [], [])
    finally:
        await lab.remove_all()
        for group_id in (admin, web):
            await lab.client.call("security_group.delete", id=group_id)
