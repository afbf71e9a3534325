"""What can be said about a network while it is typed. No Qt, no service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError

from appliance.protocol.addressing import RESERVED, is_domain, may_be_asked
from appliance.protocol.errors import ErrorBody

SMALLEST_PREFIX, LARGEST_PREFIX = 8, 30


@dataclass
class Findings:
    """Problems by field, and how many addresses the range offers."""

    problems: dict[str, ErrorBody] = field(default_factory=dict)
    addresses: int = 0

    def add(self, name: str, code: str, **params: object) -> None:
        """Note the first problem of a field."""
        self.problems.setdefault(name, ErrorBody(code=code, field=name, params=params))


def network_findings(cidr: str, gateway: str, first: str, last: str) -> Findings:
    """Check a network as the service will: CIDR, gateway and range against each other."""
    found = Findings()
    network = _network(cidr, found)
    numbers = {
        "gateway": _address(gateway, "gateway", found),
        "first": _address(first, "first", found),
        "last": _address(last, "last", found),
    }
    if network is not None:
        for name, number in numbers.items():
            _check_inside(network, name, number, found)
    _check_range(numbers["gateway"], numbers["first"], numbers["last"], found)
    return found


@dataclass
class PlanFindings:
    """Problems of CIDR and gateway by field, those of each range, and what all ranges offer."""

    problems: dict[str, ErrorBody] = field(default_factory=dict)
    ranges: list[dict[str, ErrorBody]] = field(default_factory=list)
    addresses: int = 0

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems and not any(self.ranges)


def plan_findings(cidr: str, gateway: str, ranges: Sequence[tuple[str, str]]) -> PlanFindings:
    """Check a network with all its ranges (first and last address) against each other."""
    plan = PlanFindings()
    spans: list[tuple[int, int]] = []
    for first, last in ranges:
        found = network_findings(cidr, gateway, first, last)
        ends = {key: found.problems.pop(key) for key in ("first", "last") if key in found.problems}
        for key, problem in found.problems.items():
            plan.problems.setdefault(key, problem)
        if found.addresses:
            span = int(IPv4Address(first.strip())), int(IPv4Address(last.strip()))
            _check_apart(span, spans, ends)
            spans.append(span)
        plan.ranges.append(ends)
        plan.addresses += found.addresses
    return plan


def _check_apart(
    span: tuple[int, int], others: Sequence[tuple[int, int]], problems: dict[str, ErrorBody]
) -> None:
    """Note at its first address that a range overlaps an earlier one."""
    for other in others:
        if span[0] <= other[1] and other[0] <= span[1]:
            first, last, other_first, other_last = (str(IPv4Address(n)) for n in (*other, *span))
            body = ErrorBody(
                code="network.range_overlap",
                field="first",
                params={
                    "first": first,
                    "last": last,
                    "other_first": other_first,
                    "other_last": other_last,
                },
            )
            problems.setdefault("first", body)


def _network(text: str, found: Findings) -> IPv4Network | None:
    try:
        network = IPv4Network(text.strip(), strict=True)
    except (AddressValueError, NetmaskValueError, ValueError):
        found.add("cidr", "network.bad_cidr", value=text)
        return None
    if "/" not in text:
        found.add("cidr", "network.bad_cidr", value=text)
        return None
    if not SMALLEST_PREFIX <= network.prefixlen <= LARGEST_PREFIX:
        found.add("cidr", "network.cidr_size", value=text)
        return None
    if any(network.overlaps(reserved) for reserved in RESERVED):
        found.add("cidr", "network.bad_cidr", value=text)
        return None
    return network


def _address(text: str, name: str, found: Findings) -> int | None:
    try:
        return int(IPv4Address(text.strip()))
    except AddressValueError:
        found.add(name, "network.bad_address", value=text)
        return None


def _check_inside(network: IPv4Network, name: str, number: int | None, found: Findings) -> None:
    lowest = int(network.network_address) + 1
    highest = int(network.broadcast_address) - 1
    if number is not None and not lowest <= number <= highest:
        found.add(
            name,
            "network.outside",
            value=str(IPv4Address(number)),
            cidr=str(network),
            first=str(IPv4Address(lowest)),
            last=str(IPv4Address(highest)),
        )


def _check_range(gateway: int | None, first: int | None, last: int | None, found: Findings) -> None:
    if first is None or last is None:
        return
    words = {"first": str(IPv4Address(first)), "last": str(IPv4Address(last))}
    if last < first:
        found.add("last", "network.range_reversed", **words)
        return
    found.addresses = last - first + 1
    if gateway is not None and first <= gateway <= last:
        shown = str(IPv4Address(gateway))
        found.add("gateway", "network.gateway_in_range", gateway=shown, **words)


def dns_problem(servers: Sequence[str]) -> ErrorBody | None:
    """What is wrong with the first DNS server that guests could not ask."""
    found = Findings()
    for server in servers:
        if ":" in server:
            if not may_be_asked(server):
                found.add("dns", "network.bad_dns", value=server)
            continue
        number = _address(server, "dns", found)
        if number is not None and not may_be_asked(str(IPv4Address(number))):
            found.add("dns", "network.bad_dns", value=server)
    return found.problems.get("dns")


def domain_problem(text: str) -> ErrorBody | None:
    """What is wrong with a DNS domain; it may be empty."""
    if not text or is_domain(text):
        return None
    return ErrorBody(code="network.bad_domain", field="domain", params={"value": text})


def netmask_of(cidr: str) -> str:
    """The netmask of a network in the other notation; empty for what is no network."""
    network = _network(cidr, Findings())
    return "" if network is None else str(network.netmask)


def suggested(cidr: str) -> tuple[str, str, str] | None:
    """Gateway, first and last address that fit a network that was just typed."""
    found = Findings()
    network = _network(cidr, found)
    if network is None or network.num_addresses < 16:
        return None
    base = network.network_address
    return str(base + 1), str(base + 10), str(network.broadcast_address - 5)
