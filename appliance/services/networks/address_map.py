"""Which address of a network belongs to whom."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address

from appliance.engine.calls import Call
from appliance.protocol import requests as q
from appliance.protocol.address_map import AddressMap, AddressUse, FreeSpan
from appliance.services.common import find
from appliance.services.networks.addresses import Span, free_spans, text_of, without
from appliance.services.networks.models import NetworkRow, RangeRow, ReservedRow, spans_of
from appliance.services.parts import Parts
from appliance.store.fields import database


def install(parts: Parts) -> None:
    """Bind `network.addresses`."""

    async def show(call: Call, _: q.Empty) -> AddressMap:
        owner_id = None if call.caller.is_admin else call.caller.account_id
        return await parts.store.read(lambda: address_map(call.target, owner_id))

    parts.registry.bind("network.addresses", show)


def address_map(network_id: str, owner_id: str | None) -> AddressMap:
    """The addresses in use, in order, and what is free; within a read.

    With an `owner_id` the machines of other accounts are not named: their addresses are just
    taken. Raises NotFound.
    """
    row = find(NetworkRow, network_id, "network")
    used = {
        int(IPv4Address(row.gateway)): AddressUse(address=row.gateway, use="gateway"),
        int(IPv4Address(row.dhcp_address)): AddressUse(address=row.dhcp_address, use="dhcp"),
    }
    nics = database.execute_sql(
        "SELECT x.address, x.id, x.mac, v.id, v.name, v.state, v.owner_id FROM nic x "
        "JOIN vm v ON v.id = x.vm_id WHERE x.network_id = ?",
        (network_id,),
    )
    for number, nic_id, mac, vm_id, name, state, owner in nics:
        who = (nic_id, mac, vm_id, name, state)
        used[number] = _vm_use(text_of(number), who, is_told=owner_id in (None, owner))
    elastic = database.execute_sql(
        "SELECT e.address, e.id, e.name, e.owner_id FROM elastic_ip e WHERE e.network_id = ?",
        (network_id,),
    )
    for number, ref, name, owner in elastic:
        is_told = owner_id in (None, owner)
        used[number] = AddressUse(
            address=text_of(number),
            use="elastic_ip",
            elastic_ip_id=ref if is_told else None,
            elastic_ip_name=name if is_told else "",
        )
    spans, reserved = spans_of(RangeRow, network_id), spans_of(ReservedRow, network_id)
    taken = sorted(used)
    return AddressMap(
        items=[used[number] for number in taken],
        free=_as_told(free_spans(without(spans, reserved), taken)),
        reserved=_as_told(reserved),
        ipv6=_ipv6_uses(row, owner_id),
    )


def _ipv6_uses(network: NetworkRow, owner_id: str | None) -> list[AddressUse]:
    """The IPv6 addresses in use, in order."""
    used: list[AddressUse] = []
    if network.ipv6_gateway:
        used.append(AddressUse(address=network.ipv6_gateway, use="gateway"))
    if network.ipv6_service_address:
        used.append(AddressUse(address=network.ipv6_service_address, use="dhcp"))
    nics = database.execute_sql(
        "SELECT x.ipv6_address, x.id, x.mac, v.id, v.name, v.state, v.owner_id FROM nic x "
        "JOIN vm v ON v.id = x.vm_id WHERE x.network_id = ? AND x.ipv6_address IS NOT NULL",
        (network.id,),
    )
    for address, nic_id, mac, vm_id, name, state, owner in nics:
        used.append(
            _vm_use(address, (nic_id, mac, vm_id, name, state), is_told=owner_id in (None, owner))
        )
    return sorted(used, key=lambda use: IPv6Address(use.address))


def _vm_use(address: str, who: tuple[str, str, str, str, str], *, is_told: bool) -> AddressUse:
    nic_id, mac, vm_id, name, state = who
    return AddressUse(
        address=address,
        use="vm",
        vm_id=vm_id if is_told else None,
        vm_name=name if is_told else "",
        vm_state=state if is_told else "",
        nic_id=nic_id if is_told else None,
        mac=mac if is_told else "",
    )


def _as_told(spans: Iterable[Span]) -> list[FreeSpan]:
    return [
        FreeSpan(first=text_of(first), last=text_of(last), count=last - first + 1)
        for first, last in spans
    ]
