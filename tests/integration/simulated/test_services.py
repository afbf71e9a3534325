"""What networks offer their machines: chosen when they are made, changed while they are used."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from appliance.protocol.errors import ApiError
from appliance.protocol.ids import new_id
from appliance.protocol.networks import Network
from tests.integration.simulated.conftest import Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def make(lab: Lab, **fields: Any) -> Network:
    values = {
        "name": f"net-{new_id()[-6:]}",
        "cluster_id": lab.cloud.cluster_ids[0],
        "cidr": "172.33.0.0/24",
        "gateway": "172.33.0.1",
        "ranges": [{"first": "172.33.0.10", "last": "172.33.0.20"}],
    }
    accepted = await lab.client.call("network.create", **(values | fields))
    assert await lab.ended(accepted) == []
    return await lab.client.call("network.get", id=accepted.resource_ids[0])


@pytest_asyncio.fixture(loop_scope="module")
async def network(lab: Lab) -> AsyncIterator[Network]:
    """A network that offers everything; gone afterwards, with all machines."""
    made = await make(lab)
    yield made
    await lab.remove_all()
    assert await lab.ended(await lab.client.call("network.delete", id=made.id)) == []
    await lab.assert_clean()


def names(network: Network) -> list[str]:
    return [one.service for one in network.services]


def told(lab: Lab, network: Network) -> set[tuple[bool, bool, bool, bool]]:
    """What hosts are told to do for the machines of a network."""
    return {
        (spec.dhcp, spec.names, spec.metadata, spec.snat)
        for host in lab.fleet.hosts
        for spec in host.state.document.networks
        if spec.id == network.id
    }


async def code_of(lab: Lab, operation: str, **fields: Any) -> str:
    with pytest.raises(ApiError) as caught:
        await lab.client.call(operation, **fields)
    return caught.value.code


async def test_hosts_follow_what_a_network_offers(lab: Lab, network: Network) -> None:
    everything = ["dhcp", "dns", "metadata", "snat", "elastic_ip", "security_group"]
    assert names(network) == everything
    assert {one.provider for one in network.services} == {"host"}
    await lab.until(lambda: told(lab, network) == {(True, True, True, True)})
    changed = await lab.client.call(
        "network.set_services", id=network.id, services=["security_group", "dhcp"]
    )
    assert names(changed) == ["dhcp", "security_group"]
    await lab.until(lambda: told(lab, network) == {(True, False, False, False)})
    changed = await lab.client.call("network.set_services", id=network.id, services=[])
    assert names(changed) == []
    await lab.until(lambda: told(lab, network) == {(False, False, False, False)})
    await lab.client.call("network.set_services", id=network.id, services=everything)


async def test_what_is_in_use_cannot_be_taken_away(lab: Lab, network: Network) -> None:
    group = await lab.client.call("security_group.create", name="some")
    accepted = await lab.create("one", network_id=network.id, security_group_ids=[group.id])
    assert await lab.ended(accepted) == []
    call = {"id": network.id, "services": ["dhcp"]}
    assert await code_of(lab, "network.set_services", **call) == "network.service_in_use"
    assert await lab.client.call("network.get", id=network.id) == await lab.client.call(
        "network.get", id=network.id
    )
    vm_id = accepted.resource_ids[0]
    await lab.client.call("vm.set_security_groups", id=vm_id)
    assert names(await lab.client.call("network.set_services", **call)) == ["dhcp"]
    call = {"id": vm_id, "security_group_ids": [group.id]}
    assert await code_of(lab, "vm.set_security_groups", **call) == "network.not_offered"
    assert (await lab.client.call("vm.get", id=vm_id)).nics[0].security_group_ids == []
    await lab.client.call("security_group.delete", id=group.id)


async def test_a_network_on_a_nic_has_no_gateway_to_offer(lab: Lab) -> None:
    fields = {
        "name": "office",
        "cluster_id": lab.cloud.cluster_ids[0],
        "kind": "physical",
        "physical_interface": "eth1",
        "cidr": "172.34.0.0/24",
        "gateway": "172.34.0.1",
        "ranges": [{"first": "172.34.0.10", "last": "172.34.0.20"}],
        "services": ["dhcp", "snat"],
    }
    assert await code_of(lab, "network.create", **fields) == "network.no_such_service"
