"""The address map of a network: whose address is whose, and what is free."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from appliance.protocol.address_map import AddressMap
from tests.integration.simulated.conftest import Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_every_address_has_one_place(lab: Lab) -> None:
    network = await lab.client.call("network.get", id=lab.cloud.network_ids[0])

    async def shown() -> AddressMap:
        return await lab.client.call("network.addresses", id=network.id)

    empty = await shown()
    assert {item.use: item.address for item in empty.items} == {
        "gateway": network.gateway,
        "dhcp": network.dhcp_address,
    }
    assert sum(span.count for span in empty.free) == network.addresses_total
    accepted = await lab.create("web", 3)
    assert await lab.ended(accepted) == []
    found = await shown()
    vms = {vm.nics[0].address: vm for vm in await lab.vms()}
    machines = [item for item in found.items if item.use == "vm"]
    assert {item.address: (item.vm_id, item.vm_name, item.mac) for item in machines} == {
        address: (vm.id, vm.name, vm.nics[0].mac) for address, vm in vms.items()
    }
    numbers = [int(IPv4Address(item.address)) for item in found.items]
    assert numbers == sorted(numbers)
    assert sum(span.count for span in found.free) == network.addresses_total - 3
    for span in found.free:
        first, last = int(IPv4Address(span.first)), int(IPv4Address(span.last))
        assert not any(first <= number <= last for number in numbers)
        assert span.count == last - first + 1
    await lab.remove_all()
    assert (await shown()) == empty
    await lab.assert_clean()
