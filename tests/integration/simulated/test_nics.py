"""NICs that machines get and lose, running or not; the default one; faults on the way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from appliance.protocol.errors import ApiError
from appliance.protocol.ids import new_id
from appliance.protocol.resources import Vm
from tests.integration.simulated.conftest import Lab
from tests.lab.simulated.faults import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def networks(lab: Lab) -> AsyncIterator[list[str]]:
    """Two more networks in the first cluster; everything is gone afterwards."""
    made = []
    for number in (31, 32):
        accepted = await lab.client.call(
            "network.create",
            name=f"side-{number}",
            cluster_id=lab.cloud.cluster_ids[0],
            cidr=f"172.{number}.0.0/24",
            gateway=f"172.{number}.0.1",
            ranges=[{"first": f"172.{number}.0.10", "last": f"172.{number}.0.20"}],
        )
        assert await lab.ended(accepted) == []
        made += accepted.resource_ids
    yield made
    await lab.remove_all()
    assert (await lab.client.call("ledger.check")).differences == []
    for network_id in made:
        network = await lab.client.call("network.get", id=network_id)
        assert network.addresses_used == 0
        assert await lab.ended(await lab.client.call("network.delete", id=network_id)) == []
    await lab.assert_clean()


async def machine(lab: Lab, **fields: Any) -> Vm:
    accepted = await lab.create(f"vm-{new_id()[-6:]}", **fields)
    assert await lab.ended(accepted) == []
    return await lab.client.call("vm.get", id=accepted.resource_ids[0])


async def do(lab: Lab, operation: str, vm_id: str, **fields: Any) -> Vm:
    assert await lab.ended(await lab.client.call(operation, id=vm_id, **fields)) == []
    return await lab.client.call("vm.get", id=vm_id)


async def refused(lab: Lab, operation: str, **fields: Any) -> tuple[str, str | None]:
    with pytest.raises(ApiError) as caught:
        await lab.client.call(operation, **fields)
    return caught.value.code, caught.value.field


def plugged(lab: Lab, vm: Vm) -> set[str]:
    """The MACs of the NICs that its host sees in the machine."""
    return {
        nic.mac
        for host in lab.fleet.hosts
        for domain in host.state.domains.values()
        if domain.spec.vm_id == vm.id
        for nic in domain.spec.nics
    }


def told(lab: Lab, vm: Vm) -> dict[str, bool]:
    """The addresses of a machine in its host's document, and which is that of the default NIC."""
    return {
        port.address: port.is_default
        for host in lab.fleet.hosts
        for network in host.state.document.networks
        for port in network.ports
        if port.vm_id == vm.id
    }


def shown(vm: Vm) -> dict[str, bool]:
    return {nic.address: nic.is_default for nic in vm.nics}


async def test_a_running_machine_gets_and_loses_nics(lab: Lab, networks: list[str]) -> None:
    vm = await machine(lab)
    first = vm.nics[0]
    for network_id in networks:
        vm = await do(lab, "vm.attach_nic", vm.id, network_id=network_id)
    assert [nic.network_id for nic in vm.nics] == [first.network_id, *networks]
    assert [nic.is_default for nic in vm.nics] == [True, False, False]
    assert plugged(lab, vm) == {nic.mac for nic in vm.nics}
    assert told(lab, vm) == shown(vm)
    vm = await lab.client.call("vm.set_default_nic", id=vm.id, nic_id=vm.nics[2].id)
    assert vm.nics[0].network_id == networks[1]
    await lab.until(lambda: told(lab, vm) == shown(vm))
    vm = await do(lab, "vm.detach_nic", vm.id, nic_id=first.id)
    assert [nic.network_id for nic in vm.nics] == [networks[1], networks[0]]
    assert plugged(lab, vm) == {nic.mac for nic in vm.nics}
    await lab.until(lambda: told(lab, vm) == shown(vm))
    # It starts again with what it has.
    vm = await do(lab, "vm.stop", vm.id, force=True)
    vm = await do(lab, "vm.start", vm.id)
    assert plugged(lab, vm) == {nic.mac for nic in vm.nics}


async def test_a_machine_that_is_off_gets_it_when_it_starts(lab: Lab, networks: list[str]) -> None:
    vm = await machine(lab, start=False)
    vm = await do(lab, "vm.attach_nic", vm.id, network_id=networks[0], address="172.31.0.15")
    assert vm.nics[1].address == "172.31.0.15"
    vm = await do(lab, "vm.start", vm.id)
    assert plugged(lab, vm) == {nic.mac for nic in vm.nics}
    assert told(lab, vm) == shown(vm)
    vm = await do(lab, "vm.stop", vm.id, force=True)
    vm = await do(lab, "vm.detach_nic", vm.id, nic_id=vm.nics[1].id)
    assert len(vm.nics) == 1


async def test_what_does_not_fit_is_refused(lab: Lab, networks: list[str]) -> None:
    vm, other = await machine(lab), await machine(lab)
    call = {"id": vm.id}
    own = vm.nics[0]
    assert await refused(lab, "vm.attach_nic", **call, network_id=own.network_id) == (
        "vm.in_network",
        "network_id",
    )
    assert await refused(lab, "vm.attach_nic", **call, network_id=new_id()) == (
        "resource.not_found",
        "network_id",
    )
    attach = call | {"network_id": networks[0]}
    assert (await refused(lab, "vm.attach_nic", **attach, address="172.31.0.99"))[0] == (
        "network.address_not_offered"
    )
    assert await refused(lab, "vm.detach_nic", **call, nic_id=own.id) == (
        "vm.default_nic",
        "nic_id",
    )
    for operation in ("vm.detach_nic", "vm.set_default_nic"):
        assert await refused(lab, operation, **call, nic_id=other.nics[0].id) == (
            "resource.not_found",
            "nic_id",
        )
    await do(lab, "vm.destroy", vm.id)
    assert (await refused(lab, "vm.attach_nic", **attach))[0] == "vm.wrong_state"
    assert await lab.ended(await lab.client.call("vm.expunge", id=vm.id)) == []
    assert (await lab.client.call("network.get", id=networks[0])).addresses_used == 0


async def test_a_nic_that_cannot_be_plugged_in_gives_everything_back(
    lab: Lab, networks: list[str]
) -> None:
    vm = await machine(lab)
    lab.fleet.plan.replace([Fault(command="domain.attach_nic", kind="fail")])
    accepted = await lab.client.call("vm.attach_nic", id=vm.id, network_id=networks[0])
    assert await lab.ended(accepted) == ["vm.nic_not_attached"]
    lab.fleet.plan.replace([])
    after = await lab.client.call("vm.get", id=vm.id)
    assert after.nics == vm.nics
    assert (await lab.client.call("network.get", id=networks[0])).addresses_used == 0
    await lab.until(lambda: told(lab, vm) == shown(vm))


async def test_groups_and_guards_are_each_nics_own(lab: Lab, networks: list[str]) -> None:
    group = await lab.client.call("security_group.create", name="own")
    vm = await machine(lab)
    attach = {"network_id": networks[0], "security_group_ids": [group.id]}
    vm = await do(lab, "vm.attach_nic", vm.id, **attach)
    assert [nic.security_group_ids for nic in vm.nics] == [[], [group.id]]
    set_groups = {"id": vm.id, "nic_id": vm.nics[0].id, "security_group_ids": [group.id]}
    vm = await lab.client.call("vm.set_security_groups", **set_groups)
    assert [nic.security_group_ids for nic in vm.nics] == [[group.id], [group.id]]
    side = vm.nics[1].id
    vm = await lab.client.call("vm.set_anti_spoofing", id=vm.id, nic_id=side, is_enabled=False)
    assert [nic.anti_spoofing for nic in vm.nics] == [True, False]
    vm = await lab.client.call("vm.set_security_groups", id=vm.id, nic_id=side)
    assert [nic.security_group_ids for nic in vm.nics] == [[group.id], []]
    rules = (await lab.client.call("vm.effective_rules", id=vm.id)).nics
    assert [(nic.nic_id, nic.is_filtered) for nic in rules] == [
        (vm.nics[0].id, True),
        (side, False),
    ]
    vm = await lab.client.call("vm.set_security_groups", id=vm.id)
    await lab.client.call("security_group.delete", id=group.id)


async def test_a_trace_goes_by_the_nic_of_the_shared_network(lab: Lab, networks: list[str]) -> None:
    vm, other = await machine(lab), await machine(lab)
    closed = await lab.client.call("security_group.create", name="closed")
    vm = await do(lab, "vm.attach_nic", vm.id, network_id=networks[0])
    attach = {"network_id": networks[0], "security_group_ids": [closed.id]}
    other = await do(lab, "vm.attach_nic", other.id, **attach)
    ways = {"to_vm_id": other.id}, {"to_address": other.nics[0].address}
    for way in ways:
        found = await lab.client.call("vm.trace", id=vm.id, protocol="icmp", **way)
        assert found.is_reached, found
    found = await lab.client.call(
        "vm.trace", id=vm.id, protocol="icmp", to_address=other.nics[1].address
    )
    assert (found.is_reached, found.steps[-1].code) == (False, "trace.no_rule_in")
    await lab.client.call("vm.set_security_groups", id=other.id)
    await lab.client.call("security_group.delete", id=closed.id)


def limits(lab: Lab, vm: Vm) -> dict[str, tuple[int | None, int | None]]:
    """The limits of a machine's NICs in its host's document, by network."""
    return {
        network.id: (port.inbound_bits_per_s, port.outbound_bits_per_s)
        for host in lab.fleet.hosts
        for network in host.state.document.networks
        for port in network.ports
        if port.vm_id == vm.id
    }


async def test_machines_are_made_with_several_nics_at_once(lab: Lab, networks: list[str]) -> None:
    group = await lab.client.call("security_group.create", name="own")
    more = [
        {"network_id": networks[1], "address": "172.32.0.19", "outbound_bits_per_s": 5_000_000},
        {"network_id": networks[0], "security_group_ids": []},
    ]
    fields = {"security_group_ids": [group.id], "inbound_bits_per_s": 10_000_000}
    vm = await machine(lab, more_nics=more, **fields)
    first = vm.nics[0].network_id
    assert [nic.network_id for nic in vm.nics] == [first, networks[1], networks[0]]
    assert [nic.is_default for nic in vm.nics] == [True, False, False]
    assert vm.nics[1].address == "172.32.0.19"
    # What a NIC says nothing of is as the machine's request says.
    assert [nic.security_group_ids for nic in vm.nics] == [[group.id], [group.id], []]
    assert plugged(lab, vm) == {nic.mac for nic in vm.nics}
    assert told(lab, vm) == shown(vm)
    assert limits(lab, vm) == {
        first: (10_000_000, None),
        networks[1]: (None, 5_000_000),
        networks[0]: (None, None),
    }
    again = await lab.create("several", count=2, more_nics=[{"network_id": networks[0]}])
    assert await lab.ended(again) == []
    assert (await lab.client.call("network.get", id=networks[0])).addresses_used == 3
    await lab.remove_all()
    await lab.client.call("security_group.delete", id=group.id)


async def test_a_machine_whose_nics_cannot_all_be_is_not_made(
    lab: Lab, networks: list[str]
) -> None:
    before = (await lab.client.call("vm.list")).total
    side = {"network_id": networks[0]}
    for more, code, field in (
        ([side, side], "vm.in_network", "more_nics[1].network_id"),
        ([{"network_id": new_id()}], "resource.not_found", "more_nics[0].network_id"),
        (
            [side | {"address": "172.32.0.10"}],
            "network.address_not_offered",
            "more_nics[0].address",
        ),
        (
            [side, {"network_id": networks[1], "security_group_ids": [new_id()]}],
            "resource.not_found",
            "more_nics[1].security_group_ids",
        ),
        (
            [side | {"inbound_bits_per_s": 1}],
            "request.bad_value",
            "more_nics[0].inbound_bits_per_s",
        ),
    ):
        wish = lab.cloud.vm_request("no") | {"more_nics": more}
        assert await refused(lab, "vm.create", **wish) == (code, field)
        if code != "network.address_not_offered":  # a plan claims no address
            assert await refused(lab, "vm.plan", **wish) == (code, field)
    wish = lab.cloud.vm_request("no", count=2)
    wish["more_nics"] = [side | {"address": "172.31.0.10"}]
    assert await refused(lab, "vm.create", **wish) == (
        "vm.address_with_count",
        "more_nics[0].address",
    )
    assert (await lab.client.call("vm.list")).total == before
    assert (await lab.client.call("network.get", id=networks[0])).addresses_used == 0


async def test_limits_change_while_it_runs_each_nic_for_itself(
    lab: Lab, networks: list[str]
) -> None:
    vm = await machine(lab)
    first = vm.nics[0].network_id
    attach = {"network_id": networks[0], "inbound_bits_per_s": 64_000}
    vm = await do(lab, "vm.attach_nic", vm.id, **attach)
    assert limits(lab, vm) == {first: (None, None), networks[0]: (64_000, None)}
    change = {"id": vm.id, "nic_id": vm.nics[1].id}
    await lab.client.call("vm.set_nic_limits", **change, outbound_bits_per_s=10**9)
    await lab.until(lambda: limits(lab, vm)[networks[0]] == (64_000, 10**9))
    vm = await lab.client.call("vm.set_nic_limits", id=vm.id, inbound_bits_per_s=2_000_000)
    assert [nic.inbound_bits_per_s for nic in vm.nics] == [2_000_000, 2_000_000]
    await lab.client.call(
        "vm.set_nic_limits", **change, inbound_bits_per_s=None, outbound_bits_per_s=None
    )
    await lab.until(
        lambda: limits(lab, vm) == {first: (2_000_000, None), networks[0]: (None, None)}
    )
    other = await machine(lab)
    strange = change | {"nic_id": other.nics[0].id, "inbound_bits_per_s": None}
    assert await refused(lab, "vm.set_nic_limits", **strange) == ("resource.not_found", "nic_id")
    for value in (0, 63_999, 10**12 + 1):
        assert await refused(lab, "vm.set_nic_limits", **change, inbound_bits_per_s=value) == (
            "request.bad_value",
            "inbound_bits_per_s",
        )
