"""Tells the wire, and this host's own bridges, that a machine is here now.

Switches send its frames where they last heard of its MAC. QEMU would tell them, by frames that
nobody here lets pass (RARP), and not each guest does.
"""

from __future__ import annotations

import structlog

from hostagent.network.links.netlink import Links
from hostagent.network.plan.host import HostPlan
from hostagent.network.plan.network import NetworkPlan
from hostagent.network.wire.frames import arp_request
from hostagent.network.wire.probes import send_frame
from hostagent.protocol.network import PortSpec

_NTF_MASTER, _NUD_REACHABLE = 0x04, 0x02  # linux/neighbour.h: of the bridge, and it ages

log = structlog.get_logger(__name__)


async def announce(links: Links, plan: HostPlan, vm_id: str) -> None:
    """Announce each NIC of a machine that runs here; raises OSError or NetlinkError."""
    for network in plan.networks:
        for port in network.spec.ports:
            if port.vm_id == vm_id:
                await _announce(links, network, port)


async def _announce(links: Links, network: NetworkPlan, port: PortSpec) -> None:
    tap = await links.find(port.tap)
    if tap is not None and tap.master:
        await links.ipr.fdb(
            "replace",
            ifindex=tap.index,
            lladdr=port.mac,
            flags=_NTF_MASTER,
            state=_NUD_REACHABLE,
        )
    if network.wire is not None and await links.find(network.wire) is not None:
        send_frame(network.wire, arp_request(port.mac, port.address, port.address))
        log.info("network.announced", nic=port.nic_id, wire=network.wire)
