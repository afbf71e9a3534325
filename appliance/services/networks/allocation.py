"""Address allocation: an address is claimed by the NIC or elastic IP that holds it."""

from __future__ import annotations

from ipaddress import IPv4Address

from appliance.engine import ledger
from appliance.protocol.errors import Conflict, InvalidInput, NoResources
from appliance.protocol.ids import new_id
from appliance.services.networks.addresses import parse_address, text_of
from appliance.services.networks.models import NetworkRow, RangeRow
from appliance.store.database import Transaction
from hostagent.protocol.network import mac_for


def attach(tx: Transaction, vm_id: str, network: NetworkRow, address: str | None) -> str:
    """Give a VM a NIC in `network`, with this address or a free one; returns its id.

    Within a write. Raises what `claim_address` raises.
    """
    nic_id = new_id()
    number = claim_address(tx, network, address)
    tx.execute(
        "INSERT INTO nic (id, vm_id, network_id, mac, address, position) VALUES (?, ?, ?, ?, ?, 0)",
        *(nic_id, vm_id, network.id, mac_for(nic_id), number),
    )
    return nic_id


def claim_address(tx: Transaction, network: NetworkRow, address: str | None) -> int:
    """This address, or a free one, for a row that is written now; within a write.

    Raises NoResources when no address is free, Conflict when the chosen one is taken,
    InvalidInput when it is in no range.
    """
    return _lowest_free(tx, network) if address is None else _chosen(tx, network, address)


def _lowest_free(tx: Transaction, network: NetworkRow) -> int:
    """The lowest free address; each range knows from where on to look."""
    dhcp = int(IPv4Address(network.dhcp_address))
    ranges = tx.execute(
        "SELECT id, next_free, last FROM address_range "
        "WHERE network_id = ? AND next_free <= last ORDER BY first",
        network.id,
    ).fetchall()
    for range_id, start, last in ranges:
        number = start
        while number <= last and (number == dhcp or _is_taken(tx, network.id, number)):
            number += 1
        tx.execute(
            "UPDATE address_range SET next_free = ? WHERE id = ?",
            *(min(number, last) + 1, range_id),
        )
        if number <= last:
            return number
    total = ledger.usage_of("address", network.id).capacity
    raise NoResources("network.no_address", field="network_id", name=network.name, total=total)


def _is_taken(tx: Transaction, network_id: str, number: int) -> bool:
    cursor = tx.execute(
        "SELECT 1 FROM nic WHERE network_id = ? AND address = ? UNION ALL "
        "SELECT 1 FROM elastic_ip WHERE network_id = ? AND address = ?",
        *(network_id, number, network_id, number),
    )
    return cursor.fetchone() is not None


def _chosen(tx: Transaction, network: NetworkRow, address: str) -> int:
    ranges = list(RangeRow.select().where(RangeRow.network == network.id))
    number = parse_address(address, field="address")
    if not any(item.first <= number <= item.last for item in ranges):
        spans = ", ".join(f"{text_of(item.first)}-{text_of(item.last)}" for item in ranges)
        raise InvalidInput(
            "network.address_not_offered",
            field="address",
            address=address,
            name=network.name,
            ranges=spans,
        )
    if number == int(IPv4Address(network.dhcp_address)) or _is_taken(tx, network.id, number):
        raise Conflict("network.address_taken", field="address", address=address)
    return number
