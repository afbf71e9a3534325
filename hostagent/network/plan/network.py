"""Checks a network document and works out the names and addresses that everything else uses.

Nothing here touches the system. What passes is safe to print into nft and dnsmasq files, because
each field was parsed or matched against a narrow pattern.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from hostagent.network.plan.elastic import elastic_errors
from hostagent.network.plan.groups import group_errors
from hostagent.network.plan.ipv6 import Ipv6Plan, ipv6_errors, ipv6_plan
from hostagent.network.plan.limits import limit_errors
from hostagent.network.plan.links import link_errors
from hostagent.protocol.network import (
    LINK_NAME_MAX,
    PREFIX,
    NetworkDocument,
    NetworkError,
    NetworkSpec,
    PortSpec,
    namespace_name,
    service_link_name,
    vlan_link_name,
    vxlan_link_name,
)

_LINK_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{LINK_NAME_MAX - 1}}}")
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DNS_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_MTU_MIN_BYTES, _MTU_MAX_BYTES = 576, 65_535
_PREFIX_MIN, _PREFIX_MAX = 8, 29  # a /30 has no room for gateway, DHCP and a VM


@dataclass(frozen=True)
class NetworkPlan:
    """One network with everything derived from it.

    `number` tells a private network from the others of its host (`zones`), 0 for others.
    """

    spec: NetworkSpec
    cidr: IPv4Network
    short: str
    namespace: str
    service_link: str
    service_mac: str
    bridge_mac: str
    number: int = 0
    ipv6: Ipv6Plan | None = None

    @property
    def is_nat(self) -> bool:
        """Whether the host itself is the gateway."""
        return self.spec.is_private

    @property
    def wire(self) -> str | None:
        """The port of the bridge that leads to a wire which others use as well."""
        if self.spec.kind == "vlan":
            return vlan_link_name(self.spec.id)
        return self.spec.physical_interface if self.spec.kind == "physical" else None

    @property
    def tunnel(self) -> str | None:
        """The port of the bridge that leads to the same network on other hosts."""
        return vxlan_link_name(self.spec.id) if self.spec.kind == "vxlan" else None

    @property
    def has_names(self) -> bool:
        """Whether the VMs are to ask the DNS server in the network's namespace.

        On a physical network the namespace must not speak on the wire (its address is the same
        on each host), so it cannot forward: there VMs ask the given servers themselves.
        """
        return self.spec.names and (self.is_nat or not self.spec.dns)

    @property
    def has_dhcp6(self) -> bool:
        """Whether VMs are told their IPv6 addresses."""
        return self.spec.dhcp and self.ipv6 is not None and self.ipv6.mode == "dhcp"

    def resolvers(self, version: int) -> list[str]:
        """The given DNS servers with addresses of one version of IP."""
        servers = self.spec.dns
        return [text for text in servers if ipaddress.ip_address(text).version == version]

    @property
    def needs_dnsmasq(self) -> bool:
        """Whether there is anything for dnsmasq to do."""
        return self.spec.dhcp or self.spec.names

    @property
    def is_hidden(self) -> bool:
        """Whether its addresses are never seen outside, so that another one may have them, too."""
        return self.is_nat and self.spec.snat


def derived_mac(kind: str, identity: str) -> str:
    """A locally administered unicast MAC, always the same for the same thing."""
    digest = hashlib.sha256(f"{kind}:{identity}".encode()).hexdigest()
    return ":".join(["0e", *(digest[i : i + 2] for i in range(0, 10, 2))])


def plan_of(spec: NetworkSpec, number: int = 0) -> NetworkPlan:
    """The plan of a valid network; raises ValueError if `cidr` is none."""
    namespace = namespace_name(spec.id)
    return NetworkPlan(
        spec=spec,
        cidr=IPv4Network(spec.cidr),
        short=namespace.removeprefix(f"{PREFIX}-"),
        namespace=namespace,
        service_link=service_link_name(spec.id),
        service_mac=derived_mac("service", spec.id),
        bridge_mac=derived_mac("bridge", spec.id),
        number=number,
        ipv6=ipv6_plan(spec.ipv6),
    )


def short_hostname(hostname: str) -> str:
    """The first label: dnsmasq takes no dots in the name it hands out."""
    return hostname.split(".", 1)[0]


def validate(document: NetworkDocument) -> list[NetworkError]:
    """Everything wrong with the document itself; an empty list means it can be tried."""
    errors: list[NetworkError] = []
    for spec in document.networks:
        errors.extend(_network_errors(spec))
    errors.extend(_conflicts(document))
    errors.extend(group_errors(document))
    errors.extend(elastic_errors(document))
    errors.extend(ipv6_errors(document))
    return errors


def _invalid(spec: NetworkSpec, field: str, value: object, remedy: str) -> NetworkError:
    return NetworkError(
        code="network.invalid",
        network_id=spec.id,
        message=f"{field} is {value!r}: {remedy}",
        params={"field": field, "value": str(value)},
    )


def _is_link_name(name: str) -> bool:
    return _LINK_NAME.fullmatch(name) is not None


def _address(text: str) -> IPv4Address | None:
    try:
        return IPv4Address(text)
    except ValueError:
        return None


def _is_address(text: str) -> bool:
    try:
        return "%" not in str(ipaddress.ip_address(text))
    except ValueError:
        return False


def _usable(text: str, cidr: IPv4Network) -> bool:
    address = _address(text)
    edges = (cidr.network_address, cidr.broadcast_address)
    return address is not None and address in cidr and address not in edges


def _network_errors(spec: NetworkSpec) -> Iterator[NetworkError]:
    try:
        cidr = IPv4Network(spec.cidr)
    except ValueError as error:
        yield _invalid(spec, "cidr", spec.cidr, f"{error}; give an IPv4 network like 10.0.0.0/24")
        return
    if not _PREFIX_MIN <= cidr.prefixlen <= _PREFIX_MAX:
        yield _invalid(spec, "cidr", spec.cidr, f"use a prefix of {_PREFIX_MIN} to {_PREFIX_MAX}")
    for field in ("gateway", "dhcp_address"):
        value = getattr(spec, field)
        if not _usable(value, cidr):
            yield _invalid(spec, field, value, f"use a host address of {cidr}")
    if spec.gateway == spec.dhcp_address:
        yield _invalid(spec, "dhcp_address", spec.dhcp_address, "it must not be the gateway")
    if not (_is_link_name(spec.bridge) and spec.bridge.startswith(PREFIX)):
        yield _invalid(spec, "bridge", spec.bridge, f"1 to 15 characters beginning with {PREFIX}")
    if spec.kind in ("physical", "vlan") and not _is_link_name(spec.physical_interface or ""):
        yield _invalid(
            spec, "physical_interface", spec.physical_interface, "name the NIC to attach to"
        )
    for field, value, remedy in link_errors(spec):
        yield _invalid(spec, field, value, remedy)
    if not _MTU_MIN_BYTES <= spec.mtu <= _MTU_MAX_BYTES:
        yield _invalid(spec, "mtu", spec.mtu, f"use {_MTU_MIN_BYTES} to {_MTU_MAX_BYTES} bytes")
    yield from _dns_errors(spec)
    yield from _route_errors(spec, cidr)
    for port in spec.ports:
        yield from _port_errors(spec, cidr, port)


def _dns_errors(spec: NetworkSpec) -> Iterator[NetworkError]:
    for server in spec.dns:
        if spec.ipv6 is None and _address(server) is None:
            yield _invalid(spec, "dns", server, "use IPv4 addresses")
        elif not _is_address(server):
            yield _invalid(spec, "dns", server, "use IPv4 or IPv6 addresses")
    if spec.domain and not _DNS_NAME.fullmatch(spec.domain):
        yield _invalid(spec, "domain", spec.domain, "use letters, digits, hyphens and dots")


def _route_errors(spec: NetworkSpec, cidr: IPv4Network) -> Iterator[NetworkError]:
    for route in spec.host_routes:
        try:
            IPv4Network(route.destination)
        except ValueError as error:
            yield _invalid(spec, "host_routes", route.destination, str(error))
        if not _usable(route.next_hop, cidr):
            yield _invalid(spec, "host_routes", route.next_hop, f"use a host address of {cidr}")


def _port_errors(spec: NetworkSpec, cidr: IPv4Network, port: PortSpec) -> Iterator[NetworkError]:
    def wrong(field: str, value: object, remedy: str) -> NetworkError:
        error = _invalid(spec, field, value, remedy)
        return NetworkError(
            code=error.code,
            network_id=error.network_id,
            message=f"port {port.nic_id}: {error.message}",
            params={**error.params, "nic_id": port.nic_id},
        )

    if not (_is_link_name(port.tap) and port.tap.startswith(PREFIX)):
        yield wrong("tap", port.tap, f"1 to 15 characters beginning with {PREFIX}")
    if not _MAC.fullmatch(port.mac) or int(port.mac[:2], 16) & 1:
        yield wrong("mac", port.mac, "use a lower-case unicast MAC like 0a:00:00:00:00:01")
    if not _usable(port.address, cidr):
        yield wrong("address", port.address, f"use a host address of {cidr}")
    elif port.address in (spec.gateway, spec.dhcp_address):
        yield wrong("address", port.address, "it belongs to the gateway or the DHCP server")
    if not _DNS_NAME.fullmatch(port.hostname):
        yield wrong("hostname", port.hostname, "use letters, digits and hyphens")
    for problem in limit_errors(port):
        yield wrong(*problem)


def _conflicts(document: NetworkDocument) -> Iterator[NetworkError]:
    seen: dict[tuple[str, str], str] = {}

    def take(spec: NetworkSpec, field: str, value: str) -> Iterator[NetworkError]:
        other = seen.setdefault((field, value), spec.id)
        if other != spec.id or (field, value) in duplicates:
            yield NetworkError(
                code="network.conflict",
                network_id=spec.id,
                message=f"{field} {value} is also used by network {other}",
                params={"field": field, "value": value, "other": other},
            )
        duplicates.add((field, value))

    duplicates: set[tuple[str, str]] = set()
    for spec in document.networks:
        yield from take(spec, "id", spec.id)
        yield from take(spec, "bridge", spec.bridge)
        if spec.kind == "physical" and spec.physical_interface:
            yield from take(spec, "physical_interface", spec.physical_interface)
        if spec.kind == "vlan" and spec.vlan_id is not None:
            yield from take(spec, f"vlan_id on {spec.physical_interface}", str(spec.vlan_id))
        if spec.vxlan is not None:
            yield from take(spec, "vni", str(spec.vxlan.vni))
        for port in spec.ports:
            yield from take(spec, "nic_id", port.nic_id)
            yield from take(spec, "tap", port.tap)
            yield from take(spec, f"mac in {spec.id}", port.mac)
            yield from take(spec, f"address in {spec.id}", port.address)
    yield from _overlaps(document)


def _overlaps(document: NetworkDocument) -> Iterator[NetworkError]:
    taken: list[NetworkPlan] = []
    for spec in document.networks:
        try:
            plan = plan_of(spec)
        except ValueError:
            continue  # reported by _network_errors
        for other in taken:
            if plan.cidr.overlaps(other.cidr) and not (plan.is_hidden and other.is_hidden):
                yield NetworkError(
                    code="network.conflict",
                    network_id=spec.id,
                    message=f"cidr {plan.cidr} overlaps {other.cidr} of network {other.spec.id}",
                    params={"field": "cidr", "value": str(plan.cidr), "other": other.spec.id},
                )
        taken.append(plan)
