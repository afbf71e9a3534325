"""Private networks with the same addresses in one cluster, through the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from appliance.protocol.errors import Conflict
from tests.integration.simulated.conftest import Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")

SAME, BESIDE = "172.40.0.10", "172.40.0.11"


@pytest_asyncio.fixture(loop_scope="module")
async def twins(lab: Lab) -> AsyncIterator[list[str]]:
    """Two networks with the same addresses; everything is gone afterwards."""
    made = []
    for name in ("east", "west"):
        accepted = await lab.client.call(
            "network.create",
            name=name,
            cluster_id=lab.cloud.cluster_ids[0],
            cidr="172.40.0.0/24",
            gateway="172.40.0.1",
            ranges=[{"first": SAME, "last": "172.40.0.20"}],
        )
        assert await lab.ended(accepted) == []
        made += accepted.resource_ids
    yield made
    await lab.remove_all()
    for network_id in made:
        assert await lab.ended(await lab.client.call("network.delete", id=network_id)) == []
    await lab.assert_clean()


async def machine(lab: Lab, name: str, network_id: str, address: str, **fields: Any) -> Any:
    accepted = await lab.create(name, network_id=network_id, address=address, **fields)
    assert await lab.ended(accepted) == []
    return await lab.client.call("vm.get", id=accepted.resource_ids[0])


async def test_machines_of_both_may_have_the_same_address(lab: Lab, twins: list[str]) -> None:
    host_id = lab.fleet.hosts[0].id
    here = [
        await machine(lab, name, network_id, SAME, host_id=host_id)
        for name, network_id in zip(("here", "there"), twins, strict=True)
    ]
    document = lab.fleet.hosts[0].state.document
    told = {
        network.id: [(port.vm_id, port.address) for port in network.ports]
        for network in document.networks
    }
    assert [told[ref] for ref in twins] == [[(vm.id, SAME)] for vm in here]
    found = await lab.client.call("vm.list", filter=[f"nics.address = {SAME}"])
    assert {(vm.id, vm.nics[0].network_id) for vm in found.items} == {
        (vm.id, network_id) for vm, network_id in zip(here, twins, strict=True)
    }
    for network_id, vm in zip(twins, here, strict=True):
        found = await lab.client.call("network.addresses", id=network_id)
        assert [item.vm_id for item in found.items if item.address == SAME] == [vm.id]


async def test_one_machine_cannot_be_in_both(lab: Lab, twins: list[str]) -> None:
    vm = await machine(lab, "both", twins[0], "172.40.0.12")
    with pytest.raises(Conflict) as caught:
        await lab.client.call("vm.attach_nic", id=vm.id, network_id=twins[1])
    assert (caught.value.code, caught.value.field) == ("vm.networks_overlap", "network_id")
    assert caught.value.params["other"] == "east"
    with pytest.raises(Conflict) as caught:
        await lab.create("new", network_id=twins[1], more_nics=[{"network_id": twins[0]}])
    assert (caught.value.code, caught.value.field) == (
        "vm.networks_overlap",
        "more_nics[0].network_id",
    )


async def test_a_trace_keeps_them_apart(lab: Lab, twins: list[str]) -> None:
    web = await lab.client.call("security_group.create", name="web")
    peers = await lab.client.call("security_group.create", name="peers")
    await lab.client.call(
        "security_rule.create",
        security_group_id=web.id,
        direction="in",
        protocol="icmp",
        peer_group_id=peers.id,
    )
    inside = {"security_group_ids": [web.id]}
    east = await machine(lab, "web-east", twins[0], "172.40.0.13", **inside)
    west = await machine(lab, "web-west", twins[1], "172.40.0.13", **inside)
    member = await machine(lab, "peer", twins[0], BESIDE, security_group_ids=[peers.id])
    await lab.client.call("security_rule.create", security_group_id=peers.id, direction="out")
    double = await machine(lab, "double", twins[1], BESIDE)

    async def trace(vm: Any, **goal: Any) -> tuple[bool, str]:
        found = await lab.client.call("vm.trace", id=vm.id, protocol="icmp", **goal)
        return found.is_reached, found.steps[-1].code

    assert await trace(member, to_vm_id=east.id) == (True, "trace.reached")
    assert await trace(double, to_vm_id=west.id) == (False, "trace.no_rule_in")
    assert (await trace(member, to_vm_id=west.id))[0] is False
    # By address each gets to its own network's machine.
    assert await trace(member, to_address="172.40.0.13") == (True, "trace.reached")
    assert await trace(double, to_address="172.40.0.13") == (False, "trace.no_rule_in")
    assert await lab.on_all("vm.destroy", [east.id, west.id, member.id, double.id]) == []
    assert await lab.on_all("vm.expunge", [east.id, west.id, member.id, double.id]) == []
    for group in (web, peers):
        for rule in (await lab.client.call("security_group.get", id=group.id)).rules:
            await lab.client.call("security_rule.delete", id=rule.id)
    for group in (web, peers):
        await lab.client.call("security_group.delete", id=group.id)
