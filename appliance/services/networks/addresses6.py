"""Checks of the IPv6 part of a network: prefix, gateway, ranges. No I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from typing import Literal

from appliance.protocol.errors import Conflict, InvalidInput
from appliance.protocol.networks import PRIVATE_KINDS
from appliance.protocol.requests import RangeSpec
from appliance.services.networks.addresses import Span, check_disjoint, covers, without
from hostagent.protocol.ipv6 import (
    LONGEST_PREFIX,
    MTU_MIN_BYTES,
    SLAAC_PREFIX,
    Ipv6Mode,
    is_for_machines,
    slaac_address,
)
from hostagent.protocol.network import mac_for

_LEFT_AT_THE_ENDS = 256  # of a proposed range, for what people number themselves
_SERVICE_PLACES = range(2, 32)


@dataclass(frozen=True)
class Wish:
    """An IPv6 part as it was asked for."""

    mode: Literal["none", "slaac", "dhcp"]
    cidr: str
    gateway: str
    ranges: Sequence[RangeSpec]


@dataclass(frozen=True)
class Ipv6Plan:
    """A checked IPv6 part: addresses as numbers, `gateway` None where routers say it themselves."""

    network: IPv6Network
    mode: Ipv6Mode
    gateway: int | None
    spans: tuple[Span, ...]
    service_address: int

    @property
    def kept_back(self) -> frozenset[int]:
        """Addresses that no machine gets, though they may be in a range."""
        return frozenset(n for n in (self.service_address, self.gateway) if n is not None)

    def offers(self, number: int) -> bool:
        """Whether a machine may have this address."""
        if number in self.kept_back:
            return False
        return covers(self.spans, number) if self.mode == "dhcp" else True


def check_mtu6(mtu: int) -> None:
    """Raises InvalidInput if packets are too small for IPv6 (RFC 8200, section 5)."""
    if mtu < MTU_MIN_BYTES:
        raise InvalidInput("network.ipv6_mtu", field="mtu", mtu=mtu, least=MTU_MIN_BYTES)


def check_ipv6(
    wish: Wish, *, network_id: str, kind: str, mtu: int, service_address: str = ""
) -> Ipv6Plan | None:
    """The plan of an IPv6 part, None if there is to be none.

    Without a CIDR a private network gets a unique local one of its own. `service_address` is the
    one that an existing part has. Raises InvalidInput naming the field at fault.
    """
    if wish.mode == "none":
        for field, value in (("ipv6_cidr", wish.cidr), ("ipv6_gateway", wish.gateway)):
            if value.strip():
                raise InvalidInput("network.ipv6_mode_needed", field="ipv6_mode", other=field)
        if wish.ranges:
            raise InvalidInput("network.ipv6_mode_needed", field="ipv6_mode", other="ipv6_ranges")
        return None
    check_mtu6(mtu)
    network = _prefix(wish, network_id, kind)
    gateway = _gateway(network, wish.gateway, kind)
    spans = _spans(network, wish, gateway)
    if service_address:
        service = int(IPv6Address(service_address))
    else:
        service = _service_address(network, wish.mode, gateway, spans, network_id, kind)
    plan = Ipv6Plan(network, wish.mode, gateway, spans, service)
    if wish.mode == "dhcp" and not any(
        last - first + 1 > sum(first <= kept <= last for kept in plan.kept_back)
        for first, last in spans
    ):
        first, last = text6(spans[0][0]), text6(spans[-1][1])
        raise InvalidInput("network.range_too_small", field="ipv6_ranges", first=first, last=last)
    return plan


def parse_address6(text: str, *, field: str) -> int:
    """The IPv6 address written in `text`, as a number; raises InvalidInput."""
    try:
        address = IPv6Address(text.strip())
    except ValueError:
        address = None
    if address is None or address.scope_id:
        raise InvalidInput("network.bad_ipv6_address", field=field, value=text)
    return int(address)


def text6(number: int) -> str:
    """An address as people write it (RFC 5952)."""
    return str(IPv6Address(number))


def check_overlap6(network: IPv6Network, others: Iterable[tuple[str, str]]) -> None:
    """Raises Conflict if `network` overlaps one of `others`, pairs of name and CIDR."""
    for name, cidr in others:
        if network.overlaps(IPv6Network(cidr)):
            raise Conflict(
                "network.cidr_overlap",
                field="ipv6_cidr",
                cidr=str(network),
                other_cidr=cidr,
                name=name,
            )


def check_own_addresses6(plan: Ipv6Plan, kind: str, own: Iterable[tuple[str, str]]) -> None:
    """Raises Conflict if the part has an address of one of `own`, pairs of host and CIDR text.

    On the wire of a physical network hosts may have addresses, but none that machines get.
    """
    for host, text in own:
        address = text.partition("/")[0].partition("%")[0]
        if ":" not in address or IPv6Address(address) not in plan.network:
            continue
        if not has_routers(kind):
            raise Conflict(
                "network.ipv6_of_host",
                field="ipv6_cidr",
                cidr=str(plan.network),
                address=address,
                host=host,
            )
        for first, last in plan.spans:
            if first <= int(IPv6Address(address)) <= last:
                raise Conflict(
                    "network.own_address",
                    field="ipv6_ranges",
                    host=host,
                    address=address,
                    first=text6(first),
                    last=text6(last),
                )


def has_routers(kind: str) -> bool:
    """Whether a network's routers are others' and announce themselves; else the host is it."""
    return kind not in PRIVATE_KINDS


def unique_local(network_id: str) -> IPv6Network:
    """A prefix that nobody else will have (RFC 4193, 3.2), always the same for a network."""
    digest = hashlib.sha256(f"ipv6:{network_id}".encode()).digest()
    return IPv6Network((b"\xfd" + digest[:7] + bytes(8), SLAAC_PREFIX))


def _prefix(wish: Wish, network_id: str, kind: str) -> IPv6Network:
    text = wish.cidr.strip()
    if not text:
        if has_routers(kind):
            raise InvalidInput("network.ipv6_cidr_needed", field="ipv6_cidr")
        return unique_local(network_id)
    try:
        network = IPv6Network(text, strict=True)
    except ValueError:
        raise InvalidInput("network.bad_ipv6_cidr", field="ipv6_cidr", value=wish.cidr) from None
    longest = SLAAC_PREFIX if wish.mode == "slaac" else LONGEST_PREFIX
    if not SLAAC_PREFIX <= network.prefixlen <= longest:
        code = f"network.ipv6_prefix_{wish.mode}"
        raise InvalidInput(code, field="ipv6_cidr", value=str(network))
    if not is_for_machines(network):
        raise InvalidInput("network.bad_ipv6_cidr", field="ipv6_cidr", value=wish.cidr)
    return network


def _gateway(network: IPv6Network, text: str, kind: str) -> int | None:
    if text.strip():
        number = parse_address6(text, field="ipv6_gateway")
        _check_inside(network, number, "ipv6_gateway")
        return number
    return None if has_routers(kind) else int(network.network_address) + 1


def _spans(network: IPv6Network, wish: Wish, gateway: int | None) -> tuple[Span, ...]:
    if wish.mode == "slaac":
        if wish.ranges:
            raise InvalidInput("network.ipv6_no_ranges", field="ipv6_ranges")
        return ()
    if not wish.ranges:
        base = int(network.network_address)
        whole = (base + _LEFT_AT_THE_ENDS, base + network.num_addresses - 1 - _LEFT_AT_THE_ENDS)
        return without([whole], [] if gateway is None else [(gateway, gateway)])
    spans = tuple(_span(network, item) for item in wish.ranges)
    check_disjoint(spans, "ipv6_ranges", text6)
    for first, last in spans:
        if gateway is not None and first <= gateway <= last:
            raise InvalidInput(
                "network.gateway_in_range",
                field="ipv6_gateway",
                gateway=text6(gateway),
                first=text6(first),
                last=text6(last),
            )
    return tuple(sorted(spans))


def _span(network: IPv6Network, item: RangeSpec) -> Span:
    field = "ipv6_ranges"
    if not item.last and "/" in item.first:
        try:
            block = IPv6Network(item.first.strip())
        except ValueError:
            raise InvalidInput("network.bad_ipv6_cidr", field=field, value=item.first) from None
        first, last = int(block.network_address), int(block.broadcast_address)
        # The first address of the network itself is the one of "any router".
        first += first == int(network.network_address)
    else:
        first = parse_address6(item.first, field=field)
        last = parse_address6(item.last, field=field) if item.last else first
    _check_inside(network, first, field)
    _check_inside(network, last, field)
    if last < first:
        raise InvalidInput("network.range_reversed", field=field, first=item.first, last=item.last)
    return first, last


def _check_inside(network: IPv6Network, number: int, field: str) -> None:
    lowest, highest = int(network.network_address) + 1, int(network.broadcast_address)
    if not lowest <= number <= highest:
        raise InvalidInput(
            "network.outside",
            field=field,
            value=text6(number),
            cidr=str(network),
            first=text6(lowest),
            last=text6(highest),
        )


def _service_address(
    network: IPv6Network,
    mode: str,
    gateway: int | None,
    spans: Sequence[Span],
    network_id: str,
    kind: str,
) -> int:
    """An address for the network's namespace that nobody else has."""
    if has_routers(kind):
        # On a wire that others use as well, only the ranges are known to be ours; and what a MAC
        # of ours makes of the prefix.
        own = slaac_address(network, mac_for(network_id)) if mode == "slaac" else None
        return int(own) if own is not None else spans[-1][1]
    base = int(network.network_address)
    for number in (base + place for place in _SERVICE_PLACES):
        if number != gateway and not covers(spans, number):
            return number
    return spans[-1][1]
