"""Checks the IPv6 parts of a network document and works them out.

What passes is safe to print into nft and dnsmasq files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from typing import Any

from hostagent.protocol.ipv6 import (
    LONGEST_PREFIX,
    MTU_MIN_BYTES,
    SLAAC_PREFIX,
    Ipv6Mode,
    Ipv6Spec,
    is_for_machines,
    slaac_address,
)
from hostagent.protocol.network import NetworkDocument, NetworkError, NetworkSpec, PortSpec


@dataclass(frozen=True)
class Ipv6Plan:
    """The IPv6 part of one network; addresses as the kernel writes them, `gateway` may be ""."""

    cidr: IPv6Network
    mode: Ipv6Mode
    gateway: str
    service_address: str


def ipv6_plan(spec: Ipv6Spec | None) -> Ipv6Plan | None:
    """The plan of a valid IPv6 part; raises ValueError for another one."""
    if spec is None:
        return None
    return Ipv6Plan(
        cidr=IPv6Network(spec.cidr),
        mode=spec.mode,
        gateway=str(IPv6Address(spec.gateway)) if spec.gateway else "",
        service_address=str(IPv6Address(spec.service_address)),
    )


def ipv6_errors(document: NetworkDocument) -> Iterator[NetworkError]:
    """Everything wrong with the IPv6 parts of networks and with their ports' addresses."""
    taken: list[tuple[IPv6Network, str]] = []
    for spec in document.networks:
        if spec.ipv6 is None:
            for port in spec.ports:
                if port.ipv6_address:
                    yield _of_port(spec, port, "the network has no IPv6 part")
            continue
        try:
            cidr = IPv6Network(spec.ipv6.cidr)
        except ValueError as error:
            yield _wrong(spec, "ipv6.cidr", spec.ipv6.cidr, str(error))
            continue
        yield from _part_errors(spec, spec.ipv6, cidr)
        yield from _port_errors(spec, spec.ipv6, cidr)
        for other, identity in taken:
            if cidr.overlaps(other):
                yield NetworkError(
                    code="network.conflict",
                    network_id=spec.id,
                    message=f"ipv6.cidr {cidr} overlaps {other} of network {identity}",
                    params={"field": "ipv6.cidr", "value": str(cidr), "other": identity},
                )
        taken.append((cidr, spec.id))


def _part_errors(spec: NetworkSpec, part: Ipv6Spec, cidr: IPv6Network) -> Iterator[NetworkError]:
    longest = SLAAC_PREFIX if part.mode == "slaac" else LONGEST_PREFIX
    if not SLAAC_PREFIX <= cidr.prefixlen <= longest:
        yield _wrong(spec, "ipv6.cidr", cidr, f"use a prefix of {SLAAC_PREFIX} to {longest}")
    if not is_for_machines(cidr):
        yield _wrong(spec, "ipv6.cidr", cidr, "use global unicast or unique local addresses")
    if not _is_host(part.service_address, cidr):
        remedy = f"use a host address of {cidr}"
        yield _wrong(spec, "ipv6.service_address", part.service_address, remedy)
    if (part.gateway or spec.is_private) and not _is_host(part.gateway, cidr):
        yield _wrong(spec, "ipv6.gateway", part.gateway, f"use a host address of {cidr}")
    if part.gateway == part.service_address:
        yield _wrong(spec, "ipv6.service_address", part.gateway, "it must not be the gateway")
    if spec.mtu < MTU_MIN_BYTES:
        yield _wrong(spec, "mtu", spec.mtu, f"IPv6 needs at least {MTU_MIN_BYTES} bytes")


def _port_errors(spec: NetworkSpec, part: Ipv6Spec, cidr: IPv6Network) -> Iterator[NetworkError]:
    reserved = {_parsed(part.gateway), _parsed(part.service_address)}
    seen: set[IPv6Address | None] = set()
    for port in spec.ports:
        if not port.ipv6_address:
            continue
        address = _parsed(port.ipv6_address)
        if not _is_host(port.ipv6_address, cidr):
            yield _of_port(spec, port, f"use a host address of {cidr}")
        elif address in reserved:
            yield _of_port(spec, port, "it belongs to the gateway or the namespace")
        elif address in seen:
            yield _of_port(spec, port, "another port has it")
        elif part.mode == "slaac" and address != slaac_address(cidr, port.mac):
            yield _of_port(spec, port, f"{port.mac} makes {slaac_address(cidr, port.mac)}")
        seen.add(address)


def _parsed(text: str) -> IPv6Address | None:
    try:
        address = IPv6Address(text)
    except ValueError:
        return None
    return None if address.scope_id else address


def _is_host(text: str, cidr: IPv6Network) -> bool:
    """The first address of a network is the one of "any router" (RFC 4291, 2.6.1)."""
    address = _parsed(text)
    return address is not None and address in cidr and address != cidr.network_address


def _wrong(spec: NetworkSpec, field: str, value: Any, remedy: str) -> NetworkError:
    return NetworkError(
        code="network.invalid",
        network_id=spec.id,
        message=f"{field} is {str(value)!r}: {remedy}",
        params={"field": field, "value": str(value)},
    )


def _of_port(spec: NetworkSpec, port: PortSpec, remedy: str) -> NetworkError:
    return NetworkError(
        code="network.invalid",
        network_id=spec.id,
        message=f"port {port.nic_id}: ipv6_address is {port.ipv6_address!r}: {remedy}",
        params={"field": "ipv6_address", "value": port.ipv6_address, "nic_id": port.nic_id},
    )
