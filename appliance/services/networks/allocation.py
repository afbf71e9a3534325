"""Address allocation: an address is claimed by the NIC row that holds it."""

from __future__ import annotations

from ipaddress import IPv4Address

from appliance.protocol.errors import Conflict, InvalidInput, NoResources
from appliance.protocol.ids import new_id
from appliance.services.networks.addresses import first_free, parse_address, text_of
from appliance.services.networks.models import NetworkRow, NicRow, RangeRow
from appliance.services.networks.views import capacity
from appliance.store.fields import tuples
from hostagent.protocol.network import mac_for


def attach(vm_id: str, network: NetworkRow, address: str | None) -> NicRow:
    """Give a VM a NIC in `network`, with this address or a free one; within a write.

    Raises NoResources when no address is free, Conflict when the chosen one is taken,
    InvalidInput when it is in no range.
    """
    nic_id = new_id()
    return NicRow.create(
        id=nic_id,
        vm_id=vm_id,
        network=network.id,
        mac=mac_for(nic_id),
        address=_choose(network, address),
        position=0,
    )


def _choose(network: NetworkRow, address: str | None) -> int:
    ranges = list(RangeRow.select().where(RangeRow.network == network.id))
    spans = [(item.first, item.last) for item in ranges]
    dhcp = int(IPv4Address(network.dhcp_address))
    query = NicRow.select(NicRow.address).where(NicRow.network == network.id)
    taken = {number for (number,) in tuples(query)} | {dhcp}
    if address is None:
        free = first_free(spans, taken)
        if free is None:
            raise NoResources(
                "network.no_address",
                field="network_id",
                name=network.name,
                total=capacity(ranges, dhcp),
            )
        return free
    number = parse_address(address, field="address")
    if not any(first <= number <= last for first, last in spans):
        raise InvalidInput(
            "network.address_not_offered",
            field="address",
            address=address,
            name=network.name,
            ranges=", ".join(f"{text_of(first)}-{text_of(last)}" for first, last in spans),
        )
    if number in taken:
        raise Conflict("network.address_taken", field="address", address=address)
    return number
