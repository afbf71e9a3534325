"""Checks the elastic addresses of a network document; what passes is safe to print into nft."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from hostagent.protocol.network import ElasticAddress, NetworkDocument, NetworkError, NetworkSpec


def elastic_errors(document: NetworkDocument) -> Iterator[NetworkError]:
    """Everything wrong with elastic addresses themselves, and with what they name."""
    networks = {spec.id: spec for spec in document.networks}
    private = {port.nic_id: spec.is_private for spec in document.networks for port in spec.ports}
    seen: set[tuple[str, str]] = set()
    for item in (*document.elastic_addresses, *document.coming_addresses):
        yield from _address_errors(item, networks.get(item.network_id))
        if not private.get(item.nic_id):
            yield _wrong(item, "nic_id", item.nic_id, "name a port of a private network")
        for field, value in (("address", item.address), ("nic_id", item.nic_id)):
            if (field, value) in seen:
                yield _wrong(item, field, value, "each NIC has one elastic address, and each one")
            seen.add((field, value))


def _address_errors(item: ElasticAddress, network: NetworkSpec | None) -> Iterator[NetworkError]:
    if network is None or network.is_private:
        yield _wrong(item, "network_id", item.network_id, "name a network of kind physical or vlan")
        return
    try:
        address = ipaddress.IPv4Address(item.address)
        cidr = ipaddress.IPv4Network(network.cidr)
    except ValueError:
        yield _wrong(item, "address", item.address, "use an IPv4 address")
        return
    edges = (cidr.network_address, cidr.broadcast_address)
    if address not in cidr or address in edges:
        yield _wrong(item, "address", item.address, f"use a host address of {cidr}")
    taken = {network.gateway, network.dhcp_address, *(port.address for port in network.ports)}
    if str(address) in taken:
        yield _wrong(item, "address", item.address, "it belongs to somebody else of the network")


def _wrong(item: ElasticAddress, field: str, value: str, remedy: str) -> NetworkError:
    return NetworkError(
        code="network.invalid",
        network_id=item.network_id,
        message=f"elastic address {item.address}: {field} is {value!r}: {remedy}",
        params={"field": field, "value": value},
    )
