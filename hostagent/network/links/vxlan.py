"""The tunnel of a VXLAN network (RFC 7348): where frames for VMs on other hosts go.

The management service says which host has which MAC, so nothing is learned from packets. Frames
for everybody go to each host of the network; so do those for a MAC that nobody told of yet.
"""

from __future__ import annotations

import errno
import socket

import structlog
from pyroute2.netlink.rtnl.ndmsg import NUD_NOARP, NUD_PERMANENT

from hostagent.network.links.netlink import Link, Links, VxlanLink, disable_ipv6, ignored
from hostagent.network.links.vlan import join
from hostagent.network.plan.network import NetworkPlan
from hostagent.protocol.network import VXLAN_OVERHEAD_BYTES, VxlanSpec, vxlan_link_name

_EVERYBODY = "00:00:00:00:00:00"
_STATE = NUD_PERMANENT | NUD_NOARP
_NTF_SELF = 0x02
Entry = tuple[str, str]  # MAC, host

log = structlog.get_logger(__name__)


async def converge_vxlan(links: Links, plan: NetworkPlan, bridge: Link) -> None:
    """Let the network of kind "vxlan" have its tunnel, and no other network one.

    Raises LookupError, NetlinkError or OSError.
    """
    name, tunnels = vxlan_link_name(plan.spec.id), plan.spec.vxlan
    if tunnels is None:
        await links.remove(name)
        return
    wanted = _made_as(tunnels)
    device = await links.find(name)
    if device is not None and device.vxlan != wanted:
        await links.remove(name)
        device = None
    if device is None:
        device = await links.add(
            name,
            "vxlan",
            vxlan_id=wanted.vni,
            vxlan_local=wanted.local,
            vxlan_port=wanted.port,
            vxlan_learning=wanted.learns,
        )
        log.info("vxlan.made", network=plan.spec.id, vni=wanted.vni, endpoint=wanted.local)
    disable_ipv6(name)
    await join(links, device, bridge, plan.spec.mtu)
    await _forward(links, device, tunnels)


async def _forward(links: Links, device: Link, tunnels: VxlanSpec) -> None:
    """Make the tunnel's table what the document says; only what differs is touched."""
    wanted, present = entries(tunnels), set(await links.forwarding(device))
    moved = {mac for mac, _ in wanted} - {_EVERYBODY}
    for mac, host in sorted(wanted - present):
        # A VM that moved is led to its new host in one step; of the floods there are many.
        verb = "append" if mac == _EVERYBODY else "replace"
        await links.ipr.fdb(
            verb, ifindex=device.index, lladdr=mac, dst=host, state=_STATE, flags=_NTF_SELF
        )
    for mac, host in sorted(present - wanted):
        if mac not in moved:
            with ignored(errno.ENOENT):
                await links.ipr.fdb("del", ifindex=device.index, lladdr=mac, dst=host)


def entries(tunnels: VxlanSpec) -> set[Entry]:
    """The forwarding table of a tunnel."""
    floods = {(_EVERYBODY, peer) for peer in tunnels.peers}
    return floods | {(item.mac, item.endpoint) for item in tunnels.remote_macs}


def _made_as(tunnels: VxlanSpec) -> VxlanLink:
    return VxlanLink(vni=tunnels.vni, local=tunnels.endpoint, port=tunnels.port, learns=False)


async def vxlan_drift(links: Links, plan: NetworkPlan, bridge: Link | None) -> list[str]:
    """What of the tunnel, and of what it stands on, is not as it should be."""
    tunnels = plan.spec.vxlan
    if tunnels is None:
        return []
    wrong = []
    device = await links.find(vxlan_link_name(plan.spec.id))
    is_made = device is not None and device.up and device.vxlan == _made_as(tunnels)
    if device is None or bridge is None or not is_made or device.master != bridge.index:
        wrong.append("tunnel")
    elif await links.forwarding(device) != entries(tunnels):
        wrong.append("forwarding")
    underlay = await _link_with(links, tunnels.endpoint)
    if underlay is None:
        wrong.append("endpoint")
    elif underlay.mtu < plan.spec.mtu + VXLAN_OVERHEAD_BYTES:
        wrong.append("underlay_mtu")
    return wrong


async def _link_with(links: Links, address: str) -> Link | None:
    async for message in await links.ipr.get_addr(family=socket.AF_INET, local=address):
        index = message["index"]
        return next((item for item in (await links.all()).values() if item.index == index), None)
    return None
