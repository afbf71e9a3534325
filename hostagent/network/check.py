"""Pre-flight checks: would a network work on this host? Nothing is changed."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from hostagent.network.check_links import link_problems
from hostagent.network.links.netlink import Link, Links
from hostagent.network.plan.network import NetworkPlan
from hostagent.network.wire.frames import UNSPECIFIED, arp_answer_from, arp_request
from hostagent.network.wire.probes import answers_arp, offers_dhcp
from hostagent.protocol.network import (
    PREFIX,
    AddressSpan,
    NetworkCheck,
    NetworkCheckResult,
    NetworkError,
    NetworkProblem,
    NicAddressing,
    Severity,
)

_ARP_TIMEOUT_S = 1.0
_ARP_ROUNDS = 2  # a frame may be lost
_DHCP_TIMEOUT_S = 2.0
_SAMPLE_OF_RANGE = 32
_SAMPLE_OF_ALL = 256
_TOLD_ADDRESSES = 8
_TYPE_UNICAST = 1
_ETH_P_ARP = 0x0806
_FRAME_MAX_BYTES = 65_535
_LOOPBACK = "lo"
# Neighbours that answered at some time: reachable, stale, delay, probe, permanent (NUD_*).
_HEARD_OF = 0x02 | 0x04 | 0x08 | 0x10 | 0x80
# The second one has the real servers where the first one names a resolver on loopback.
_RESOLVER_FILES = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))


@dataclass(frozen=True)
class _Span:
    """A range of a check."""

    first: IPv4Address
    last: IPv4Address

    def __contains__(self, address: IPv4Address) -> bool:
        return self.first <= address <= self.last

    @property
    def params(self) -> dict[str, object]:
        return {"first": str(self.first), "last": str(self.last)}


def _problem(
    code: str, field: str, message: str, severity: Severity = "error", **params: object
) -> NetworkProblem:
    return NetworkProblem(code=code, severity=severity, field=field, message=message, params=params)


def _refusal(code: str, field: str, message: str, params: Mapping[str, object]) -> NetworkProblem:
    return NetworkProblem(
        code=code, severity="error", field=field, message=message, params=dict(params)
    )


async def check_network(
    links: Links, check: NetworkCheck, hidden: Collection[str] = ()
) -> NetworkCheckResult:
    """All problems that a network like `check` would meet here.

    A private one may have the addresses of the networks behind the bridges `hidden`.
    """
    problems = await _problems(links, check, () if check.kind == "physical" else hidden)
    nics = await _addressings(links)
    return NetworkCheckResult(problems=problems, nics=nics, resolvers=_resolvers())


async def _problems(
    links: Links, check: NetworkCheck, hidden: Collection[str]
) -> list[NetworkProblem]:
    try:
        cidr = IPv4Network(check.cidr)
    except ValueError as error:
        return [_problem("network.bad_cidr", "cidr", str(error), value=check.cidr)]
    problems: list[NetworkProblem] = []
    spans = list(_address_problems(check, cidr, problems))
    nic = None
    if check.kind == "physical":
        nic = await links.find(check.physical_interface or "")
        problems.extend(await _nic_problems(links, check.physical_interface or "", nic))
    problems.extend(await link_problems(links, check))
    problems.extend([problem async for problem in _overlaps(links, cidr, nic, hidden)])
    problems.extend(await _own_addresses(links, spans, hidden))
    is_sound = not any(problem.severity == "error" for problem in problems)
    if nic is not None and nic.carrier and check.probe and is_sound:
        problems.extend(await _wire_problems(nic, check.gateway, spans))
    return problems


async def interface_errors(links: Links, plans: Sequence[NetworkPlan]) -> list[NetworkError]:
    """Why NICs of physical networks cannot be used; asked before anything is changed."""
    here = await links.all()
    errors = []
    for plan in plans:
        if plan.spec.kind != "physical":
            continue
        name = plan.spec.physical_interface or ""
        nic, bridge = here.get(name), here.get(plan.spec.bridge)
        params: dict[str, object] = {"name": name}
        if nic is None:
            code, message = "network.interface_missing", f"this host has no NIC {name}"
            params["choices"] = _choices(here)
        elif nic.master and (bridge is None or nic.master != bridge.index):
            other = _name_of(here, nic.master)
            code, message = "network.interface_taken", f"NIC {name} belongs to {other}"
            params["network"] = other
        else:
            continue
        errors.append(
            NetworkError(code=code, network_id=plan.spec.id, message=message, params=params)
        )
    return errors


def _name_of(links: dict[str, Link], index: int) -> str:
    return next((link.name for link in links.values() if link.index == index), f"link {index}")


def _choices(links: dict[str, Link]) -> str:
    """The NICs that a physical network could be on, for error texts."""
    return ", ".join(sorted(name for name in links if _is_nic(name)))


def _is_nic(name: str) -> bool:
    return name != _LOOPBACK and not name.startswith(PREFIX)


def _address_problems(
    check: NetworkCheck, cidr: IPv4Network, problems: list[NetworkProblem]
) -> Iterator[_Span]:
    """The ranges that make sense; what does not is added to `problems`."""
    gateway = _inside(cidr, "gateway", check.gateway, problems)
    for item, fields in _ranges(check):
        first = _inside(cidr, fields[0], item.first, problems)
        last = _inside(cidr, fields[1], item.last, problems)
        if first is None or last is None:
            continue
        span = _Span(first, last)
        if first > last:
            message = f"the range begins at {first}, behind its end {last}"
            problems.append(_refusal("network.range_reversed", fields[0], message, span.params))
            continue
        if gateway is not None and gateway in span:
            message = f"the gateway {gateway} is inside the range {first} to {last}"
            params = {"gateway": str(gateway), **span.params}
            problems.append(_refusal("network.gateway_in_range", "gateway", message, params))
        yield span


def _ranges(check: NetworkCheck) -> Iterator[tuple[AddressSpan, tuple[str, str]]]:
    """Each range with the names of its ends in problems."""
    for item in check.ranges:
        yield item, ("ranges", "ranges")
    if check.range_first is not None and check.range_last is not None:
        item = AddressSpan(first=check.range_first, last=check.range_last)
        yield item, ("range_first", "range_last")


def _inside(
    cidr: IPv4Network, field: str, text: str, problems: list[NetworkProblem]
) -> IPv4Address | None:
    """The address in `text` if it is one of a network; if not, a problem is added."""
    try:
        address = IPv4Address(text)
    except ValueError as error:
        problems.append(_problem("network.bad_address", field, str(error), value=text))
        return None
    if address in cidr and address not in (cidr.network_address, cidr.broadcast_address):
        return address
    message = f"{text} is no host address of {cidr}"
    params = {
        "value": text,
        "cidr": str(cidr),
        "first": str(cidr.network_address + 1),
        "last": str(cidr.broadcast_address - 1),
    }
    problems.append(_refusal("network.outside", field, message, params))
    return None


async def _nic_problems(links: Links, name: str, nic: Link | None) -> list[NetworkProblem]:
    field = "physical_interface"
    if nic is None:
        message = f"this host has no NIC {name!r}"
        choices = _choices(await links.all())
        return [_problem("network.interface_missing", field, message, name=name, choices=choices)]
    problems = []
    if nic.master:
        other = _name_of(await links.all(), nic.master)
        message = f"NIC {name} already belongs to {other}"
        problems.append(
            _problem("network.interface_taken", field, message, name=name, network=other)
        )
    if not nic.up:
        message = f"NIC {name} is switched off; turn it on"
        problems.append(_problem("network.interface_down", field, message, name=name))
    elif not nic.carrier:
        message = f"NIC {name} has no link; plug in its cable"
        problems.append(
            _problem("network.interface_unplugged", field, message, severity="warning", name=name)
        )
    return problems


async def _overlaps(
    links: Links, cidr: IPv4Network, nic: Link | None, hidden: Collection[str]
) -> AsyncIterator[NetworkProblem]:
    """Routes and addresses of this host that the network would hide, but for those of its NIC."""
    names = {link.index: link.name for link in (await links.all()).values()}
    told: set[tuple[str, str]] = set()
    async for message in await links.ipr.get_routes(family=socket.AF_INET):
        dst, oif = message.get_attr("RTA_DST"), message.get_attr("RTA_OIF")
        if dst is None or message["type"] != _TYPE_UNICAST or (nic and oif == nic.index):
            continue
        other, link = IPv4Network(f"{dst}/{message['dst_len']}"), names.get(oif, "")
        if link in hidden or not other.overlaps(cidr) or (str(other), link) in told:
            continue
        told.add((str(other), link))
        yield _problem(
            "network.cidr_overlap",
            "cidr",
            f"{cidr} overlaps {other}, which this host reaches through {link}",
            cidr=str(cidr),
            other_cidr=str(other),
            name=link,
        )


async def _own_addresses(
    links: Links, spans: Sequence[_Span], hidden: Collection[str]
) -> list[NetworkProblem]:
    """Addresses of this host that a range would give to VMs."""
    problems = []
    for link in (await links.all()).values():
        if link.name in hidden:
            continue
        for own in await links.addresses(link):
            if own.family != socket.AF_INET:
                continue
            for span in (span for span in spans if IPv4Address(own.address) in span):
                message = f"the range has {own.address}, which is this host's own, on {link.name}"
                params = {"address": own.address, "interface": link.name, **span.params}
                problems.append(_refusal("network.own_address", "ranges", message, params))
    return problems


async def _wire_problems(nic: Link, gateway: str, spans: Sequence[_Span]) -> list[NetworkProblem]:
    """What others on the wire say; all are asked at the same time."""
    samples = [_sample(span, max(2, _SAMPLE_OF_ALL // len(spans))) for span in spans]
    asked = {address for sample in samples for address in sample}
    router, server, answering = await asyncio.gather(
        answers_arp(nic.name, nic.mac, gateway, _ARP_TIMEOUT_S),
        offers_dhcp(nic.name, nic.mac, _DHCP_TIMEOUT_S),
        _who_answers(nic, asked),
    )
    problems = []
    if router is None:
        message = f"nothing answers for the gateway {gateway} on {nic.name}"
        params = {"gateway": gateway, "interface": nic.name}
        problems.append(_warning("network.gateway_silent", "gateway", message, params))
    for span in spans:
        problems.extend(_in_use(nic, span, [item for item in answering if item in span]))
    if server is not None:
        message = f"another DHCP server, {server}, answers on {nic.name}"
        params = {"server": server, "interface": nic.name}
        problems.append(_warning("network.foreign_dhcp", "physical_interface", message, params))
    return problems


def _warning(code: str, field: str, message: str, params: Mapping[str, object]) -> NetworkProblem:
    return NetworkProblem(
        code=code, severity="warning", field=field, message=message, params=dict(params)
    )


def _in_use(nic: Link, span: _Span, addresses: list[IPv4Address]) -> Iterator[NetworkProblem]:
    if not addresses:
        return
    told = ", ".join(str(address) for address in addresses[:_TOLD_ADDRESSES])
    more = ", …" if len(addresses) > _TOLD_ADDRESSES else ""
    message = f"others on {nic.name} already have {told}{more}"
    params = {
        "addresses": told + more,
        "count": len(addresses),
        "interface": nic.name,
        **span.params,
    }
    yield _warning("network.addresses_in_use", "ranges", message, params)


def _sample(span: _Span, limit: int) -> list[IPv4Address]:
    """First, last, and some evenly spread addresses of a range: all of them if they are few."""
    size = int(span.last) - int(span.first) + 1
    count = min(size, limit, _SAMPLE_OF_RANGE)
    if count < 2:
        return [span.first]
    return [span.first + (size - 1) * step // (count - 1) for step in range(count)]


async def _who_answers(nic: Link, targets: Iterable[IPv4Address]) -> list[IPv4Address]:
    """Which of `targets` somebody on the wire of a NIC has; takes a second if not all answer."""
    waiting = set(targets)
    found: list[IPv4Address] = []
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ARP)) as handle:
        handle.bind((nic.name, _ETH_P_ARP))
        handle.setblocking(False)
        for _ in range(_ARP_ROUNDS):
            await _ask_all(handle, nic, waiting)
            try:
                async with asyncio.timeout(_ARP_TIMEOUT_S / _ARP_ROUNDS):
                    while waiting:
                        frame = await loop.sock_recv(handle, _FRAME_MAX_BYTES)
                        sender = _sender_of(frame)
                        if sender in waiting and arp_answer_from(frame, str(sender)):
                            waiting.discard(sender)
                            found.append(sender)
            except TimeoutError:
                continue
    return sorted(found)


def _sender_of(frame: bytes) -> IPv4Address:
    """Whom an ARP frame claims to be from; 0.0.0.0 for what is too short to be one."""
    return IPv4Address(frame[28:32]) if len(frame) >= 42 else IPv4Address(UNSPECIFIED)


async def _ask_all(handle: socket.socket, nic: Link, targets: Iterable[IPv4Address]) -> None:
    loop = asyncio.get_running_loop()
    for target in sorted(targets):
        question = arp_request(nic.mac, UNSPECIFIED, str(target))
        try:
            await loop.sock_sendall(handle, question)
        except OSError as error:
            if error.errno != errno.ENOBUFS:  # the NIC is busy: the next round asks again
                raise


async def _addressings(links: Links) -> list[NicAddressing]:
    """The addressed NICs of this host, those that we made left out."""
    ways_out = await _ways_out(links)
    found = []
    for link in sorted((await links.all()).values(), key=lambda link: link.index):
        if not _is_nic(link.name):
            continue
        own = [item for item in await links.addresses(link) if item.family == socket.AF_INET]
        if own:
            found.append(
                NicAddressing(
                    name=link.name,
                    addresses=[f"{item.address}/{item.prefix}" for item in own],
                    gateway=ways_out.get(link.index, ""),
                    in_use=await _heard_of(links, link),
                )
            )
    return found


async def _ways_out(links: Links) -> dict[int, str]:
    """The gateway of each link's default route; of several the one that is preferred."""
    found: dict[int, tuple[int, str]] = {}
    async for message in await links.ipr.get_default_routes(family=socket.AF_INET):
        index, gateway = message.get_attr("RTA_OIF"), message.get_attr("RTA_GATEWAY")
        metric = message.get_attr("RTA_PRIORITY") or 0
        if gateway and (index not in found or metric < found[index][0]):
            found[index] = metric, gateway
    return {index: gateway for index, (_, gateway) in found.items()}


async def _heard_of(links: Links, link: Link) -> list[str]:
    found = []
    async for message in await links.ipr.get_neighbours(family=socket.AF_INET, ifindex=link.index):
        if message["ifindex"] == link.index and message["state"] & _HEARD_OF:
            found.append(message.get_attr("NDA_DST"))
    return sorted(found)


def _resolvers() -> list[str]:
    """The DNS servers that this host asks, but for those on its own loopback."""
    for path in _RESOLVER_FILES:
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        words = [line.split() for line in lines]
        named = [word[1] for word in words if len(word) > 1 and word[0] == "nameserver"]
        found = [text for text in named if _is_elsewhere(text)]
        if found:
            return found
    return []


def _is_elsewhere(text: str) -> bool:
    try:
        address = IPv4Address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)
