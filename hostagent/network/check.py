"""Pre-flight checks: would a network work on this host? Nothing is changed."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network

from hostagent.network.links import Link, Links
from hostagent.network.plan import NetworkPlan
from hostagent.network.probes import answers_arp, offers_dhcp
from hostagent.protocol.network import (
    NetworkCheck,
    NetworkCheckResult,
    NetworkError,
    NetworkProblem,
    Severity,
)

_ARP_TIMEOUT_S = 1.0
_DHCP_TIMEOUT_S = 2.0
_TYPE_UNICAST = 1


def _problem(
    code: str, field: str, message: str, severity: Severity = "error", **params: object
) -> NetworkProblem:
    return NetworkProblem(code=code, severity=severity, field=field, message=message, params=params)


async def check_network(links: Links, check: NetworkCheck) -> NetworkCheckResult:
    """All problems that a network like `check` would meet here."""
    try:
        cidr = IPv4Network(check.cidr)
    except ValueError as error:
        problem = _problem("network.bad_cidr", "cidr", str(error), value=check.cidr)
        return NetworkCheckResult(problems=[problem])
    problems = list(_address_problems(check, cidr))
    nic = None
    if check.kind == "physical":
        nic = await links.find(check.physical_interface or "")
        problems.extend(await _nic_problems(links, check.physical_interface or "", nic))
    problems.extend([problem async for problem in _overlaps(links, cidr, nic)])
    if nic is not None and not any(problem.severity == "error" for problem in problems):
        problems.extend([problem async for problem in _wire_problems(nic, check.gateway)])
    return NetworkCheckResult(problems=problems)


async def interface_errors(links: Links, plans: Sequence[NetworkPlan]) -> list[NetworkError]:
    """Why NICs of physical networks cannot be used; asked before anything is changed."""
    here = await links.all()
    errors = []
    for plan in plans:
        if plan.is_nat:
            continue
        name = plan.spec.physical_interface or ""
        nic, bridge = here.get(name), here.get(plan.spec.bridge)
        params: dict[str, object] = {"name": name}
        if nic is None:
            code, message = "network.interface_missing", f"this host has no NIC {name}"
        elif nic.master and (bridge is None or nic.master != bridge.index):
            other = _name_of(here, nic.master)
            code, message = "network.interface_taken", f"NIC {name} belongs to {other}"
            params["other"] = other
        else:
            continue
        errors.append(
            NetworkError(code=code, network_id=plan.spec.id, message=message, params=params)
        )
    return errors


def _name_of(links: dict[str, Link], index: int) -> str:
    return next((link.name for link in links.values() if link.index == index), f"link {index}")


def _address_problems(check: NetworkCheck, cidr: IPv4Network) -> Iterator[NetworkProblem]:
    edges = (cidr.network_address, cidr.broadcast_address)
    values: dict[str, IPv4Address] = {}
    for field in ("gateway", "range_first", "range_last"):
        text = getattr(check, field)
        if text is None:
            continue
        try:
            values[field] = IPv4Address(text)
        except ValueError as error:
            yield _problem("network.bad_address", field, str(error), value=text)
            continue
        if values[field] not in cidr or values[field] in edges:
            message = f"{text} is no host address of {cidr}"
            yield _problem("network.outside", field, message, value=text, cidr=str(cidr))
    first, last = values.get("range_first"), values.get("range_last")
    if first is None or last is None:
        return
    if first > last:
        message = f"the range begins at {first}, behind its end {last}"
        yield _problem(
            "network.range_reversed", "range_first", message, first=str(first), last=str(last)
        )
    gateway = values.get("gateway")
    if gateway is not None and first <= gateway <= last:
        message = f"the gateway {gateway} is inside the range {first} to {last}"
        yield _problem("network.gateway_in_range", "gateway", message, gateway=str(gateway))


async def _nic_problems(links: Links, name: str, nic: Link | None) -> list[NetworkProblem]:
    field = "physical_interface"
    if nic is None:
        message = f"this host has no NIC {name!r}"
        return [_problem("network.interface_missing", field, message, name=name)]
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
            _problem("network.interface_down", field, message, severity="warning", name=name)
        )
    return problems


async def _overlaps(
    links: Links, cidr: IPv4Network, nic: Link | None
) -> AsyncIterator[NetworkProblem]:
    """Routes and addresses of this host that the network would hide, but for those of its NIC."""
    names = {link.index: link.name for link in (await links.all()).values()}
    told: set[tuple[str, str]] = set()
    async for message in await links.ipr.get_routes(family=socket.AF_INET):
        dst, oif = message.get_attr("RTA_DST"), message.get_attr("RTA_OIF")
        if dst is None or message["type"] != _TYPE_UNICAST or (nic and oif == nic.index):
            continue
        other, link = IPv4Network(f"{dst}/{message['dst_len']}"), names.get(oif, "")
        if not other.overlaps(cidr) or (str(other), link) in told:
            continue
        told.add((str(other), link))
        yield _problem(
            "network.cidr_overlap",
            "cidr",
            f"{cidr} overlaps {other}, which this host reaches through {link}",
            cidr=str(cidr),
            other=str(other),
            interface=link,
        )


async def _wire_problems(nic: Link, gateway: str) -> AsyncIterator[NetworkProblem]:
    if await answers_arp(nic.name, nic.mac, gateway, _ARP_TIMEOUT_S) is None:
        message = f"nothing answers for the gateway {gateway} on {nic.name}"
        yield _problem(
            "network.gateway_silent", "gateway", message, severity="warning", gateway=gateway
        )
    server = await offers_dhcp(nic.name, nic.mac, _DHCP_TIMEOUT_S)
    if server is not None:
        message = f"another DHCP server, {server}, answers on {nic.name}"
        yield _problem(
            "network.foreign_dhcp",
            "physical_interface",
            message,
            severity="warning",
            server=server,
        )
