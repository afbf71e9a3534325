"""Renders what dnsmasq reads for one network: its configuration, known hosts and DNS names."""

from __future__ import annotations

import grp
import pwd
from dataclasses import dataclass
from pathlib import Path

from hostagent.network.plan.network import NetworkPlan, short_hostname
from hostagent.protocol.network import METADATA_ADDRESS, PortSpec

INNER_LINK = "any0"  # the namespace's end of the service link
LEASE_TIME_S = 24 * 3600
LEASES_MAX = 100_000
SIDE = "side"  # tag of NICs that are not their machine's default one


@dataclass(frozen=True)
class DhcpFiles:
    """Where the files of one network's dnsmasq are."""

    folder: Path

    @property
    def config(self) -> Path:
        """The configuration that the running dnsmasq was started with."""
        return self.folder / "dnsmasq.conf"

    @property
    def hosts(self) -> Path:
        """Known MACs with address and name; read again on SIGHUP."""
        return self.folder / "hosts"

    @property
    def names(self) -> Path:
        """DNS names of the VMs, in the form of /etc/hosts; read again on SIGHUP."""
        return self.folder / "names"

    @property
    def local_names(self) -> Path:
        """Names that are never asked from other servers; read again on SIGHUP."""
        return self.folder / "local-names"

    @property
    def leases(self) -> Path:
        """Leases given, kept by dnsmasq."""
        return self.folder / "leases"

    @property
    def pid(self) -> Path:
        """The process id, written by dnsmasq."""
        return self.folder / "dnsmasq.pid"


def unprivileged_user() -> tuple[str, str]:
    """User and group that dnsmasq becomes after it has opened its sockets."""
    entry = pwd.getpwnam("nobody")
    return entry.pw_name, grp.getgrgid(entry.pw_gid).gr_name


def render_config(plan: NetworkPlan, files: DhcpFiles, user: str, group: str) -> str:
    """dnsmasq.conf of one network. Nothing of /etc is read."""
    spec = plan.spec
    lines = [
        f"user={user}",
        f"group={group}",
        f"pid-file={files.pid}",
        f"interface={INNER_LINK}",
        "except-interface=lo",
        "bind-interfaces",
        "no-resolv",
        "no-hosts",
        "no-ping",
        "quiet-dhcp",
        *(_dns_lines(plan, files) if spec.names else ["port=0"]),
        *(_dhcp_lines(plan, files) if spec.dhcp else []),
    ]
    return "\n".join(lines) + "\n"


def _dns_lines(plan: NetworkPlan, files: DhcpFiles) -> list[str]:
    # DNS by IPv6; named here only so that an IPv6 part that comes or goes is a restart.
    listen = [] if plan.ipv6 is None else [f"listen-address={plan.ipv6.service_address}"]
    return [
        *listen,
        "domain-needed",
        f"addn-hosts={files.names}",
        f"servers-file={files.local_names}",
        *(f"server={server}" for server in plan.spec.dns),
    ]


def _dhcp_lines(plan: NetworkPlan, files: DhcpFiles) -> list[str]:
    spec = plan.spec
    resolvers = [spec.dhcp_address] if plan.has_names else plan.resolvers(4)
    return [
        f"dhcp-range={plan.cidr.network_address},static,{plan.cidr.netmask},{LEASE_TIME_S}",
        f"dhcp-hostsfile={files.hosts}",
        f"dhcp-leasefile={files.leases}",
        f"dhcp-lease-max={LEASES_MAX}",
        # Only the MAC says who asks: a re-installed VM has another client id.
        "dhcp-ignore-clid",
        "dhcp-ignore=tag:!known",
        "dhcp-authoritative",
        f"dhcp-option=option:router,{spec.gateway}",
        # Without a value, none is told: dnsmasq would name itself.
        ",".join(["dhcp-option=option:dns-server", *resolvers]),
        f"dhcp-option=option:mtu,{spec.mtu}",
        f"dhcp-option=option:classless-static-route,{_routes(plan)}",
        # A machine has one way out: its other NICs are told of their network alone.
        f"dhcp-option=tag:{SIDE},option:router",
        f"dhcp-option=tag:{SIDE},option:dns-server",
        f"dhcp-option=tag:{SIDE},option:classless-static-route{_side_routes(plan)}",
        *([f"domain={spec.domain}"] if spec.domain else []),
    ]


def _routes(plan: NetworkPlan) -> str:
    """A client that takes this option ignores the router option (RFC 3442), so both are told."""
    spec = plan.spec
    ways = [
        *([(f"{METADATA_ADDRESS}/32", spec.dhcp_address)] if spec.metadata else []),
        *((route.destination, route.next_hop) for route in spec.host_routes),
        ("0.0.0.0/0", spec.gateway),
    ]
    return ",".join(f"{destination},{hop}" for destination, hop in ways)


def _side_routes(plan: NetworkPlan) -> str:
    routes = plan.spec.host_routes
    return "".join(f",{route.destination},{route.next_hop}" for route in routes)


def render_hosts(plan: NetworkPlan) -> str:
    """One line `mac,address,name` for each VM NIC of this host."""
    return "".join(
        f"{port.mac},{'' if port.is_default else f'set:{SIDE},'}{port.address},"
        f"{short_hostname(port.hostname)}\n"
        for port in plan.spec.ports
    )


def _names(plan: NetworkPlan, port: PortSpec) -> list[str]:
    name = short_hostname(port.hostname)
    return [f"{name}.{plan.spec.domain}", name] if plan.spec.domain else [name]


def render_names(plan: NetworkPlan) -> str:
    """One line `address names` for each address of a VM NIC, with and without the domain."""
    return "".join(
        f"{address} {' '.join(_names(plan, port))}\n"
        for port in plan.spec.ports
        for address in (port.address, port.ipv6_address)
        if address
    )


def render_local_names(plan: NetworkPlan) -> str:
    """Makes the answer "no such record" our own, for instance for IPv6 addresses of VMs."""
    names = {name: None for port in plan.spec.ports for name in _names(plan, port)}
    return "".join(f"server=/{name}/\n" for name in names)
