"""The VLAN device of a network: a tag on a NIC, as the port of the network's bridge.

The NIC and the host's own addresses on it stay as they are. It may be the port of the bridge of an
untagged network at the same time: the kernel gives frames with a tag to the VLAN device before the
bridge sees them (`vlan_do_receive` comes before the receive handler of the NIC).
"""

from __future__ import annotations

import structlog

from hostagent.network.links.netlink import Link, Links, disable_ipv6
from hostagent.network.links.physical import NicMissing
from hostagent.network.plan.network import NetworkPlan
from hostagent.protocol.network import vlan_link_name

log = structlog.get_logger(__name__)


async def converge_vlan(links: Links, plan: NetworkPlan, bridge: Link) -> None:
    """Let the network of kind "vlan" have its device, and no other network one.

    Raises NicMissing if its NIC is away, NetlinkError or OSError.
    """
    name = vlan_link_name(plan.spec.id)
    if plan.spec.kind != "vlan":
        await links.remove(name)
        return
    interface = plan.spec.physical_interface or ""
    nic = await links.find(interface)
    if nic is None:
        raise NicMissing(interface)
    if not nic.up:
        await links.set(nic, state="up")
    device = await links.find(name)
    if device is not None and (device.lower, device.vlan_id) != (nic.index, plan.spec.vlan_id):
        await links.remove(name)
        device = None
    if device is None:
        device = await links.add(name, "vlan", link=nic.index, vlan_id=plan.spec.vlan_id)
        log.info("vlan.made", network=plan.spec.id, nic=nic.name, vlan_id=plan.spec.vlan_id)
    disable_ipv6(name)
    disable_ipv6(bridge.name)  # the host itself is no member of the network
    if bridge.mac != device.mac:
        await links.set(bridge, address=device.mac)
    await join(links, device, bridge, plan.spec.mtu)


async def join(links: Links, port: Link, bridge: Link, mtu: int) -> None:
    """Put a link of ours under its bridge, both up and with the network's MTU in bytes."""
    if port.mtu != mtu:
        await links.set(port, mtu=mtu)
    if port.master != bridge.index:
        await links.set(port, master=bridge.index)
    if not port.up:
        await links.set(port, state="up")
    if bridge.mtu != mtu:
        await links.set(bridge, mtu=mtu)
    if not bridge.up:
        await links.set(bridge, state="up")


async def vlan_drift(links: Links, plan: NetworkPlan, bridge: Link | None) -> list[str]:
    """What of the device is not as it should be."""
    if plan.spec.kind != "vlan":
        return []
    nic = await links.find(plan.spec.physical_interface or "")
    device = await links.find(vlan_link_name(plan.spec.id))
    if nic is None or device is None or bridge is None:
        return ["vlan"]
    is_right = (device.lower, device.vlan_id) == (nic.index, plan.spec.vlan_id)
    return [] if is_right and device.up and device.master == bridge.index else ["vlan"]
