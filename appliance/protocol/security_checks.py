"""Whether a security rule makes sense; the service and its clients check the same. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from appliance.protocol.errors import InvalidInput

WITH_PORTS = ("tcp", "udp")
WITH_TYPES = {"icmp": 4, "icmpv6": 6}  # and the version of IP that each belongs to


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a rule as they are kept: one port is first and last, CIDRs are canonical.

    Raises InvalidInput naming the field at fault.
    """
    found = dict(values)
    network = parse_cidr(found["cidr"])
    found["cidr"] = str(network or "")
    if network is not None and found["peer_group_id"] is not None:
        raise InvalidInput("security.two_peers", field="peer_group_id")
    _check_ports(found)
    _check_icmp(found, network)
    return found


def parse_cidr(text: str) -> IPv4Network | IPv6Network | None:
    """The network written in `text`, an address being a network of one; None for ""."""
    if not text.strip():
        return None
    try:
        return ip_network(text.strip(), strict=True)
    except ValueError as error:
        remedy = _without_host_bits(text)
        raise InvalidInput(
            "security.bad_cidr", field="cidr", value=text, remedy=remedy or str(error)
        ) from None


def _without_host_bits(text: str) -> str:
    try:
        return str(ip_network(text.strip(), strict=False))
    except ValueError:
        return ""


def _check_ports(rule: dict[str, Any]) -> None:
    first, last = rule["port_first"], rule["port_last"]
    if first is None and last is None:
        return
    if rule["protocol"] not in WITH_PORTS:
        field = "port_first" if first is not None else "port_last"
        raise InvalidInput("security.ports_need_protocol", field=field, protocol=rule["protocol"])
    if first is None:
        raise InvalidInput("security.first_port_missing", field="port_first", last=last)
    if last is None:
        rule["port_last"] = first
    elif last < first:
        raise InvalidInput("security.ports_reversed", field="port_last", first=first, last=last)


def _check_icmp(rule: dict[str, Any], network: IPv4Network | IPv6Network | None) -> None:
    version = WITH_TYPES.get(rule["protocol"])
    for field in ("icmp_type", "icmp_code"):
        if rule[field] is not None and version is None:
            raise InvalidInput("security.types_need_icmp", field=field, protocol=rule["protocol"])
    if rule["icmp_code"] is not None and rule["icmp_type"] is None:
        raise InvalidInput("security.type_missing", field="icmp_type", code=rule["icmp_code"])
    if version is not None and network is not None and network.version != version:
        raise InvalidInput(
            "security.wrong_family", field="cidr", cidr=str(network), protocol=rule["protocol"]
        )
