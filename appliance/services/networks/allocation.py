"""Address allocation: an address is claimed by the NIC or elastic IP that holds it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address

from appliance.engine import ledger
from appliance.protocol.errors import Conflict, InvalidInput, NoResources
from appliance.protocol.ids import new_id
from appliance.services.networks.addresses import (
    Span,
    covers,
    free_spans,
    parse_address,
    text_of,
    without,
)
from appliance.services.networks.allocation6 import claim_address6
from appliance.services.networks.models import NetworkRow, RangeRow, spans_of
from appliance.store.database import Transaction
from hostagent.protocol.network import mac_for

RANDOM_TRIES = 8


def attach(
    tx: Transaction,
    vm_id: str,
    network: NetworkRow,
    address: str | None,
    ipv6_address: str | None = None,
    position: int = 0,
    limits: tuple[int | None, int | None] = (None, None),
    mac: str | None = None,
) -> str:
    """Give a VM a NIC in `network`, with these addresses or free ones; returns its id.

    The NIC with the lowest `position` is the VM's default one. `limits` are bits per second,
    inbound and outbound. `mac` is of a NIC that somebody else has made.

    Within a write. Raises what `claim_address` and `claim_address6` raise.
    """
    nic_id = new_id()
    mac = mac or mac_for(nic_id)
    number = claim_address(tx, network, address)
    number6 = claim_address6(tx, network, mac, ipv6_address)
    tx.execute(
        "INSERT INTO nic (id, vm_id, network_id, mac, address, ipv6_address, position, "
        "inbound_bits_per_s, outbound_bits_per_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(nic_id, vm_id, network.id, mac, number, number6, position, *limits),
    )
    return nic_id


def claim_address(tx: Transaction, network: NetworkRow, address: str | None) -> int:
    """This address, or a free one, for a row that is written now; within a write.

    Raises NoResources when no address is free, Conflict when the chosen one is taken,
    InvalidInput when it is in no range.
    """
    if address is not None:
        return _chosen(tx, network, address)
    found = _FREE[network.allocation](tx, network)
    if found is None:
        total = ledger.usage_of("address", network.id).capacity
        raise NoResources("network.no_address", field="network_id", name=network.name, total=total)
    return found


def _lowest(tx: Transaction, network: NetworkRow) -> int | None:
    """The lowest free address; each range knows from where on to look."""
    return _next_in_order(tx, network, "next_free", lambda _: False)


def _least_recent(tx: Transaction, network: NetworkRow) -> int | None:
    """One that nobody has had yet, or else the one that was given back first."""

    def was_used(number: int) -> bool:
        query = "SELECT 1 FROM address_released WHERE network_id = ? AND address = ?"
        return tx.execute(query, network.id, number).fetchone() is not None

    found = _next_in_order(tx, network, "next_new", was_used)
    return _longest_free(tx, network) if found is None else found


def _longest_free(tx: Transaction, network: NetworkRow) -> int | None:
    dhcp, reserved = _kept_back(tx, network)
    released = tx.execute(
        "SELECT b.address FROM address_released b JOIN address_range r "
        "ON r.network_id = b.network_id AND b.address BETWEEN r.first AND r.last "
        "WHERE b.network_id = ? ORDER BY b.number",
        network.id,
    )
    for (number,) in released:
        if number != dhcp and not covers(reserved, number):
            return number
    return None


def _next_in_order(
    tx: Transaction, network: NetworkRow, mark: str, is_unwanted: Callable[[int], bool]
) -> int | None:
    """The first free address from a mark of each range on; the mark moves behind it."""
    dhcp, reserved = _kept_back(tx, network)
    ranges = tx.execute(
        f"SELECT id, {mark}, last FROM address_range "  # noqa: S608 a column of ours
        f"WHERE network_id = ? AND {mark} <= last ORDER BY first",
        network.id,
    ).fetchall()
    for range_id, start, last in ranges:
        number = start
        while number <= last and (
            number == dhcp
            or _is_taken(tx, network.id, number)
            or covers(reserved, number)
            or is_unwanted(number)
        ):
            number += 1
        tx.execute(
            f"UPDATE address_range SET {mark} = ? WHERE id = ?",  # noqa: S608 a column of ours
            *(min(number, last) + 1, range_id),
        )
        if number <= last:
            return number
    return None


def _random(tx: Transaction, network: NetworkRow) -> int | None:
    """Any that is free: tried by chance, and looked for among all when nearly all are taken."""
    dhcp, reserved = _kept_back(tx, network)
    offered = without(spans_of(RangeRow, network.id), [*reserved, (dhcp, dhcp)])
    for _ in range(RANDOM_TRIES):
        number = _number_in(offered)
        if number is not None and not _is_taken(tx, network.id, number):
            return number
    taken = tx.execute(
        "SELECT address FROM nic WHERE network_id = ? UNION "
        "SELECT address FROM elastic_ip WHERE network_id = ?",
        *(network.id, network.id),
    )
    return _number_in(list(free_spans(offered, sorted(number for (number,) in taken))))


def _number_in(spans: Sequence[Span]) -> int | None:
    """Any number in `spans`, each as likely as the others; None if there is none."""
    count = sum(last - first + 1 for first, last in spans)
    if not count:
        return None
    place = secrets.randbelow(count)
    for first, last in spans:
        if place <= last - first:
            return first + place
        place -= last - first + 1
    return None


_FREE: dict[str, Callable[[Transaction, NetworkRow], int | None]] = {
    "first": _lowest,
    "random": _random,
    "least_recent": _least_recent,
}


def _kept_back(tx: Transaction, network: NetworkRow) -> tuple[int, list[Span]]:
    """The DHCP server's address, and what is reserved."""
    query = "SELECT first, last FROM reserved_range WHERE network_id = ?"
    reserved = tx.execute(query, network.id).fetchall()
    return int(IPv4Address(network.dhcp_address)), reserved


def _is_taken(tx: Transaction, network_id: str, number: int) -> bool:
    cursor = tx.execute(
        "SELECT 1 FROM nic WHERE network_id = ? AND address = ? UNION ALL "
        "SELECT 1 FROM elastic_ip WHERE network_id = ? AND address = ?",
        *(network_id, number, network_id, number),
    )
    return cursor.fetchone() is not None


def _chosen(tx: Transaction, network: NetworkRow, address: str) -> int:
    spans = spans_of(RangeRow, network.id)
    number = parse_address(address, field="address")
    if not covers(spans, number):
        ranges = ", ".join(f"{text_of(first)}-{text_of(last)}" for first, last in spans)
        raise InvalidInput(
            "network.address_not_offered",
            field="address",
            address=address,
            name=network.name,
            ranges=ranges,
        )
    dhcp, reserved = _kept_back(tx, network)
    if covers(reserved, number):
        raise Conflict(
            "network.address_reserved", field="address", address=address, name=network.name
        )
    if number == dhcp or _is_taken(tx, network.id, number):
        raise Conflict("network.address_taken", field="address", address=address)
    return number
