"""IPv6 addresses of NICs: made from the MAC, or claimed out of the network's ranges."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from ipaddress import IPv6Address, IPv6Network

from appliance.protocol.errors import Conflict, InvalidInput, NoResources
from appliance.services.networks.addresses import Span, covers, free_spans
from appliance.services.networks.addresses6 import parse_address6, text6
from appliance.services.networks.models import NetworkRow
from appliance.store.database import Transaction
from hostagent.protocol.ipv6 import slaac_address

_TRIES = 16  # one after the other, or by chance, before all that are taken are looked through


def claim_address6(
    tx: Transaction, network: NetworkRow, mac: str, address: str | None = None
) -> str | None:
    """The IPv6 address of a NIC that is written now, None in a network without IPv6.

    Within a write. Raises NoResources when no address is free, Conflict when the chosen one is
    taken, InvalidInput when it is not offered.
    """
    if network.ipv6_mode == "none":
        if address is not None:
            raise InvalidInput("network.no_ipv6", field="ipv6_address", name=network.name)
        return None
    if network.ipv6_mode == "slaac":
        own = str(slaac_address(IPv6Network(network.ipv6_cidr), mac))
        if address is not None and parse_address6(address, field="ipv6_address") != int(
            IPv6Address(own)
        ):
            raise InvalidInput("network.ipv6_slaac", field="ipv6_address", name=network.name)
        return own
    if address is not None:
        return _chosen(tx, network, address)
    number = _next(tx, network) if network.allocation != "random" else _any(tx, network)
    if number is None:
        number = _left(tx, network)
    if number is None:
        raise NoResources("network.no_ipv6_address", field="network_id", name=network.name)
    return text6(number)


def kept_back(network: NetworkRow) -> frozenset[int]:
    """Addresses that no machine gets, though they may be in a range."""
    texts = (network.ipv6_gateway, network.ipv6_service_address)
    return frozenset(int(IPv6Address(text)) for text in texts if text)


def spans6(network_id: str, tx: Transaction) -> list[Span]:
    """First and last addresses of a network's ranges, in order."""
    return [(first, last) for _, first, last, _ in _ranges(tx, network_id)]


def _ranges(tx: Transaction, network_id: str) -> list[tuple[str, int, int, int]]:
    rows = tx.execute(
        "SELECT id, first, last, next FROM ipv6_range WHERE network_id = ?", network_id
    )
    found = [(ref, *(int(IPv6Address(text)) for text in texts)) for ref, *texts in rows]
    return sorted(found, key=lambda item: item[1])  # type: ignore[return-value]


def _next(tx: Transaction, network: NetworkRow) -> int | None:
    """The next one of a range that is free; ranges come round when their end is reached.

    So an address is given again as late as can be, and almost always at the first look.
    """
    unwanted = kept_back(network)
    for ref, first, last, start in _ranges(tx, network.id):
        for number in _round(first, last, start):
            if number not in unwanted and not _is_taken(tx, network.id, number):
                following = number + 1 if number < last else first
                tx.execute("UPDATE ipv6_range SET next = ? WHERE id = ?", text6(following), ref)
                return number
    return None


def _round(first: int, last: int, start: int) -> Iterator[int]:
    size = last - first + 1
    for step in range(min(size, _TRIES)):
        yield first + (start - first + step) % size


def _any(tx: Transaction, network: NetworkRow) -> int | None:
    spans, unwanted = spans6(network.id, tx), kept_back(network)
    for _ in range(_TRIES):
        number = _by_chance(spans)
        if number not in unwanted and not _is_taken(tx, network.id, number):
            return number
    return None


def _left(tx: Transaction, network: NetworkRow) -> int | None:
    """One that is free, when most are not."""
    rows = tx.execute(
        "SELECT ipv6_address FROM nic WHERE network_id = ? AND ipv6_address IS NOT NULL",
        network.id,
    )
    taken = {int(IPv6Address(text)) for (text,) in rows} | kept_back(network)
    free = list(free_spans(spans6(network.id, tx), sorted(taken)))
    if not free:
        return None
    return _by_chance(free) if network.allocation == "random" else free[0][0]


def _by_chance(spans: Sequence[Span]) -> int:
    place = secrets.randbelow(sum(last - first + 1 for first, last in spans))
    for first, last in spans:
        if place <= last - first:
            return first + place
        place -= last - first + 1
    raise AssertionError("the place is in one of the spans")


def _chosen(tx: Transaction, network: NetworkRow, address: str) -> str:
    number = parse_address6(address, field="ipv6_address")
    spans = spans6(network.id, tx)
    if not covers(spans, number):
        raise InvalidInput(
            "network.address_not_offered",
            field="ipv6_address",
            address=address,
            name=network.name,
            ranges=", ".join(f"{text6(first)}-{text6(last)}" for first, last in spans),
        )
    if number in kept_back(network) or _is_taken(tx, network.id, number):
        raise Conflict("network.address_taken", field="ipv6_address", address=address)
    return text6(number)


def _is_taken(tx: Transaction, network_id: str, number: int) -> bool:
    query = "SELECT 1 FROM nic WHERE network_id = ? AND ipv6_address = ?"
    return tx.execute(query, network_id, text6(number)).fetchone() is not None
