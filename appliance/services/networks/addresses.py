"""Checks of CIDR, gateway and ranges, and the choice of addresses. No I/O."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Network,
    NetmaskValueError,
    ip_address,
)
from itertools import pairwise

from appliance.protocol.addressing import RESERVED, is_domain, may_be_asked
from appliance.protocol.errors import Conflict, InvalidInput
from appliance.protocol.networks import PRIVATE_KINDS
from appliance.protocol.requests import RangeSpec

Span = tuple[int, int]  # first and last address as numbers, both included


@dataclass(frozen=True)
class Plan:
    """A checked network: everything as numbers, and the address kept for DHCP."""

    network: IPv4Network
    gateway: int
    spans: tuple[Span, ...]
    reserved: tuple[Span, ...]
    dhcp_address: int

    @property
    def offered(self) -> tuple[Span, ...]:
        """The ranges without what is reserved."""
        return without(self.spans, self.reserved)

    @property
    def capacity(self) -> int:
        """How many addresses there are for virtual machines."""
        total = sum(last - first + 1 for first, last in self.offered)
        return total - covers(self.offered, self.dhcp_address)


def parse_network(text: str, *, field: str = "cidr") -> IPv4Network:
    """The network written in `text`; raises InvalidInput for anything else."""
    try:
        network = IPv4Network(text.strip(), strict=True)
    except (AddressValueError, NetmaskValueError, ValueError):
        raise InvalidInput("network.bad_cidr", field=field, value=text) from None
    if "/" not in text:
        raise InvalidInput("network.bad_cidr", field=field, value=text)
    if not 8 <= network.prefixlen <= 30:
        raise InvalidInput("network.cidr_size", field=field, value=text)
    if is_reserved(network):
        raise InvalidInput("network.bad_cidr", field=field, value=text)
    return network


def is_reserved(network: IPv4Network) -> bool:
    """Whether machines can have no addresses in a network, or not in all of it."""
    return any(network.overlaps(reserved) for reserved in RESERVED)


def parse_address(text: str, *, field: str) -> int:
    """The IPv4 address written in `text`, as a number."""
    try:
        return int(IPv4Address(text.strip()))
    except AddressValueError:
        raise InvalidInput("network.bad_address", field=field, value=text) from None


def check_plan(
    cidr: str,
    gateway: str,
    ranges: Sequence[RangeSpec],
    reserved: Sequence[RangeSpec] = (),
    *,
    kind: str = "nat",
    dhcp_address: str | None = None,
) -> Plan:
    """Check that gateway, ranges and what is reserved fit the network and each other.

    `dhcp_address` is the one that an existing network has. Raises InvalidInput naming the field
    at fault.
    """
    network = parse_network(cidr)
    gateway_number = parse_address(gateway, field="gateway")
    _check_inside(network, gateway_number, "gateway")
    if not ranges:
        raise InvalidInput("network.range_needed", field="ranges")
    spans = tuple(_parse_span(network, item, "ranges") for item in ranges)
    check_disjoint(spans, "ranges")
    held = tuple(_parse_span(network, item, "reserved") for item in reserved)
    check_disjoint(held, "reserved")
    offered = without(spans, held)
    for first, last in offered:
        if first <= gateway_number <= last:
            raise InvalidInput(
                "network.gateway_in_range",
                field="gateway",
                gateway=gateway,
                first=text_of(first),
                last=text_of(last),
            )
    if dhcp_address is not None:
        dhcp = parse_address(dhcp_address, field="ranges")
    elif kind not in PRIVATE_KINDS:
        # On a wire that others use as well, only the ranges are known to be ours.
        dhcp = (without(spans[-1:], held) or offered or spans)[-1][1]
    else:
        dhcp = _dhcp_address(network, gateway_number, [*spans, *without(held, spans)])
    plan = Plan(network, gateway_number, spans, held, dhcp)
    if kind not in PRIVATE_KINDS and dhcp_address is not None and not covers(offered, dhcp):
        raise InvalidInput("network.dhcp_outside", field="ranges", address=dhcp_address)
    if plan.capacity < 1:
        first, last = text_of(spans[0][0]), text_of(spans[-1][1])
        raise InvalidInput("network.range_too_small", field="ranges", first=first, last=last)
    return plan


def check_dns(servers: Iterable[str], *, ipv6: bool = False) -> list[str]:
    """DNS servers as canonical texts; those with IPv6 addresses only in a network with `ipv6`.

    Raises InvalidInput for what guests could not ask.
    """
    found = []
    for server in servers:
        try:
            text = str(ip_address(server.strip()))
        except ValueError:
            code = "network.bad_ipv6_address" if ":" in server else "network.bad_address"
            raise InvalidInput(code, field="dns", value=server) from None
        if not may_be_asked(text):
            raise InvalidInput("network.bad_dns", field="dns", value=server)
        if ":" in text and not ipv6:
            raise InvalidInput("network.dns_needs_ipv6", field="dns", value=text)
        found.append(text)
    return found


def check_domain(text: str) -> str:
    """A DNS domain in lower case, or ""; raises InvalidInput for anything else.

    It is printed into configuration files of hosts: nothing but labels may pass.
    """
    name = text.strip()
    if not name:
        return ""
    if not is_domain(name):
        raise InvalidInput("network.bad_domain", field="domain", value=ascii(text)[1:-1])
    return name.lower()


def check_overlap(network: IPv4Network, others: Iterable[tuple[str, str]]) -> None:
    """Raises Conflict if `network` overlaps one of `others`, pairs of name and CIDR."""
    for name, cidr in others:
        if network.overlaps(IPv4Network(cidr)):
            raise Conflict(
                "network.cidr_overlap",
                field="cidr",
                cidr=str(network),
                other_cidr=cidr,
                name=name,
            )


def check_own_addresses(spans: Sequence[Span], own: Iterable[tuple[str, str]]) -> None:
    """Raises Conflict if a range has an address of one of `own`, pairs of host and CIDR text."""
    for host, text in own:
        address = text.partition("/")[0]
        number = int(IPv4Address(address)) if ":" not in address else -1
        for first, last in spans:
            if first <= number <= last:
                raise Conflict(
                    "network.own_address",
                    field="ranges",
                    host=host,
                    address=address,
                    first=text_of(first),
                    last=text_of(last),
                )


def without(spans: Iterable[Span], others: Iterable[Span]) -> tuple[Span, ...]:
    """What is left of `spans` without `others`, each disjoint among themselves, in order."""
    left = sorted(spans)
    for begin, end in others:
        left = [
            piece
            for first, last in left
            for piece in ((first, min(last, begin - 1)), (max(first, end + 1), last))
            if piece[0] <= piece[1]
        ]
    return tuple(left)


def free_spans(spans: Sequence[Span], taken: Sequence[int]) -> Iterator[Span]:
    """What is left of `spans` without the numbers `taken`; both in order."""
    for first, last in spans:
        start = first
        for number in taken:
            if first <= number <= last:
                if number > start:
                    yield start, number - 1
                start = number + 1
        if start <= last:
            yield start, last


def covers(spans: Iterable[Span], number: int) -> bool:
    """Whether an address is in one of `spans`."""
    return any(first <= number <= last for first, last in spans)


def text_of(number: int) -> str:
    """An address as people write it."""
    return socket.inet_ntoa(number.to_bytes(4))


def _parse_span(network: IPv4Network, item: RangeSpec, field: str) -> Span:
    if not item.last and "/" in item.first:
        return _parse_block(network, item.first, field)
    first = parse_address(item.first, field=field)
    last = parse_address(item.last, field=field) if item.last else first
    _check_inside(network, first, field)
    _check_inside(network, last, field)
    if last < first:
        raise InvalidInput("network.range_reversed", field=field, first=item.first, last=item.last)
    return first, last


def _parse_block(network: IPv4Network, text: str, field: str) -> Span:
    """A block of addresses; of the network itself without its first and last, which are no
    machine's.
    """
    try:
        block = IPv4Network(text.strip())
    except ValueError:
        raise InvalidInput("network.bad_cidr", field=field, value=text) from None
    if not block.subnet_of(network):
        _check_inside(network, int(block.network_address), field)
        _check_inside(network, int(block.broadcast_address), field)
    first = max(int(block.network_address), int(network.network_address) + 1)
    last = min(int(block.broadcast_address), int(network.broadcast_address) - 1)
    if first > last:
        _check_inside(network, int(block.network_address), field)
    return first, last


def _check_inside(network: IPv4Network, number: int, field: str) -> None:
    lowest = int(network.network_address) + 1
    highest = int(network.broadcast_address) - 1
    if not lowest <= number <= highest:
        raise InvalidInput(
            "network.outside",
            field=field,
            value=text_of(number),
            cidr=str(network),
            first=text_of(lowest),
            last=text_of(highest),
        )


def check_disjoint(
    spans: Sequence[Span], field: str, text_of: Callable[[int], str] = text_of
) -> None:
    """Raises InvalidInput if two of `spans` overlap; `text_of` writes their addresses."""
    ordered = sorted(spans)
    for left, right in pairwise(ordered):
        if right[0] <= left[1]:
            raise InvalidInput(
                "network.range_overlap",
                field=field,
                first=text_of(left[0]),
                last=text_of(left[1]),
                other_first=text_of(right[0]),
                other_last=text_of(right[1]),
            )


def _dhcp_address(network: IPv4Network, gateway: int, spans: Sequence[Span]) -> int:
    """An address for the network's DHCP server: outside the ranges if there is one.

    Searched from the top, so that low addresses stay free for people to use; falls back on
    the last address of the last range.
    """
    lowest = int(network.network_address) + 1
    highest = int(network.broadcast_address) - 1
    candidate = highest
    for first, last in sorted(spans, reverse=True):
        while candidate > last:
            if candidate != gateway:
                return candidate
            candidate -= 1
        candidate = min(candidate, first - 1)
    while candidate >= lowest:
        if candidate != gateway:
            return candidate
        candidate -= 1
    return max(last for _, last in spans)
