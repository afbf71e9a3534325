"""Whether VLAN and VXLAN networks can be made on this host. Nothing is changed."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network

from hostagent.network.links.kernel import MODULES, make_available
from hostagent.network.links.netlink import Link, Links
from hostagent.network.plan.network import NetworkPlan
from hostagent.protocol.network import (
    PREFIX,
    VXLAN_OVERHEAD_BYTES,
    NetworkCheck,
    NetworkError,
    NetworkProblem,
    vlan_link_name,
    vxlan_link_name,
)

_LOOPBACK = "lo"
Finding = tuple[str, str, str, dict[str, object]]  # code, field, message, parameters


async def virtual_link_errors(links: Links, plans: Sequence[NetworkPlan]) -> list[NetworkError]:
    """Why VLANs and tunnels of a document cannot be made; asked before anything is changed."""
    errors = []
    for plan in plans:
        match plan.spec.kind:
            case "vlan":
                nic, tag = plan.spec.physical_interface or "", plan.spec.vlan_id or 0
                ours = vlan_link_name(plan.spec.id)
                found = await vlan_finding(links, nic, tag, plan.spec.mtu, ours)
            case "vxlan":
                found = await _tunnel_finding(links, plan)
            case _:
                continue
        if found is not None:
            code, _, message, params = found
            errors.append(
                NetworkError(code=code, network_id=plan.spec.id, message=message, params=params)
            )
    return errors


async def link_problems(links: Links, check: NetworkCheck) -> list[NetworkProblem]:
    """What stands in the way of a VLAN or VXLAN network that does not exist yet."""
    match check.kind:
        case "vlan":
            nic, tag = check.physical_interface or "", check.vlan_id or 0
            found = await vlan_finding(links, nic, tag, check.mtu or 0, "")
        case "vxlan":
            found = await _missing_kind(links, "vxlan") or await _underlay_finding(links, check)
        case _:
            return []
    if found is None:
        return []
    code, field, message, params = found
    return [
        NetworkProblem(code=code, severity="error", field=field, message=message, params=params)
    ]


async def vlan_finding(
    links: Links, nic_name: str, tag: int, mtu: int, ours: str
) -> Finding | None:
    """Why a tag on a NIC cannot be had; `ours` is the device that has it already, if any."""
    here = await links.all()
    nic = here.get(nic_name)
    field = "physical_interface"
    if nic is None:
        choices = ", ".join(sorted(name for name in here if _is_nic(name)))
        params: dict[str, object] = {"name": nic_name, "choices": choices}
        return "network.interface_missing", field, f"this host has no NIC {nic_name}", params
    master = next((link.name for link in here.values() if link.index == nic.master), "")
    if master and not master.startswith(PREFIX):  # a member of a bond, say
        params = {"name": nic_name, "network": master}
        return "network.interface_taken", field, f"NIC {nic_name} belongs to {master}", params
    for link in here.values():
        if link.name != ours and (link.lower, link.vlan_id) == (nic.index, tag):
            params = {"vlan_id": tag, "name": nic_name, "network": link.name}
            message = f"VLAN {tag} on {nic_name} is already used by {link.name}"
            return "network.vlan_taken", "vlan_id", message, params
    if mtu > nic.mtu:
        return _too_large(mtu, nic.mtu, nic_name)
    return None if ours in here else await _missing_kind(links, "vlan")


async def _tunnel_finding(links: Links, plan: NetworkPlan) -> Finding | None:
    tunnels, ours = plan.spec.vxlan, vxlan_link_name(plan.spec.id)
    if tunnels is None:
        return None
    for link in (await links.all()).values():
        used = link.vxlan
        if used and link.name != ours and (used.vni, used.port) == (tunnels.vni, tunnels.port):
            params: dict[str, object] = {"vni": tunnels.vni, "network": link.name}
            message = f"VNI {tunnels.vni} is already used by {link.name}"
            return "network.vni_taken", "vni", message, params
    return None if ours in await links.all() else await _missing_kind(links, "vxlan")


async def _missing_kind(links: Links, kind: str) -> Finding | None:
    """Whether the kernel lacks a kind of link."""
    if await make_available(links.ipr, kind):
        return None
    module = MODULES[kind]
    message = (
        f"this host's kernel has no {kind.upper()}: install a kernel with the module {module} "
        f"(modprobe {module})"
    )
    return f"network.{kind}_unsupported", "kind", message, {"module": module}


async def _underlay_finding(links: Links, check: NetworkCheck) -> Finding | None:
    try:
        underlay = IPv4Network(check.underlay_cidr or "")
    except ValueError as error:
        value = check.underlay_cidr or ""
        return "network.bad_cidr", "underlay_cidr", str(error), {"value": value}
    link = await _link_in(links, underlay)
    if link is None:
        params: dict[str, object] = {"cidr": str(underlay)}
        message = f"this host has no address in {underlay}"
        return "network.endpoint_missing", "vxlan_pool_id", message, params
    most = link.mtu - VXLAN_OVERHEAD_BYTES
    return _too_large(check.mtu, most, link.name) if (check.mtu or 0) > most else None


async def _link_in(links: Links, underlay: IPv4Network) -> Link | None:
    """The link with this host's address in a network."""
    by_index = {link.index: link for link in (await links.all()).values()}
    async for message in await links.ipr.get_addr(family=socket.AF_INET):
        if IPv4Address(message.get_attr("IFA_LOCAL")) in underlay:
            return by_index.get(message["index"])
    return None


def _too_large(mtu: object, most: int, name: str) -> Finding:
    message = f"an MTU of {mtu} does not fit through {name}: use {most} at most"
    return "network.mtu_too_large", "mtu", message, {"mtu": mtu, "most": most, "name": name}


def _is_nic(name: str) -> bool:
    return name != _LOOPBACK and not name.startswith(PREFIX)
