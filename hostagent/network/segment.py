"""Makes one network on this host true: bridge, namespace, NIC, DHCP and metadata."""

from __future__ import annotations

import errno
import socket
from collections.abc import Collection
from pathlib import Path

import structlog

from hostagent.network.links.netlink import (
    Address,
    Link,
    Links,
    disable_ipv6,
    ignored,
    links_inside,
    loosen_filter,
    write_sysctl,
)
from hostagent.network.links.netns import (
    call_inside,
    create_namespace,
    namespace_exists,
    namespace_path,
    remove_namespace,
)
from hostagent.network.links.physical import NicMissing, PhysicalNics
from hostagent.network.links.vlan import converge_vlan, vlan_drift
from hostagent.network.links.vxlan import converge_vxlan, vxlan_drift
from hostagent.network.plan.network import NetworkPlan
from hostagent.network.segment_ipv6 import (
    Ipv6Services,
    gateway_addresses,
    prepare_inside,
    route_inside,
    service_addresses,
    set_up_ipv6,
)
from hostagent.network.services.dhcp import INNER_LINK, DhcpFiles
from hostagent.network.services.dnsmasq import Dnsmasq
from hostagent.network.services.metadata_server import MetadataServer
from hostagent.network.wire.probes import send_release
from hostagent.protocol.network import (
    METADATA_ADDRESS,
    namespace_name,
    service_link_name,
    vlan_link_name,
    vxlan_link_name,
)

_METADATA_PORT = 80
_BACKLOG = 512
_HOST_PREFIX = 32
_ONLY_FOR_ITS_OWN, _ONLY_ITS_OWN = "1", "2"  # arp_ignore, arp_announce

log = structlog.get_logger(__name__)


class Segment:
    """One network on this host. Every method changes only what differs."""

    def __init__(self, network_id: str, run_dir: Path, nics: PhysicalNics) -> None:
        self.network_id = network_id
        self.namespace = namespace_name(network_id)
        self.service_link = service_link_name(network_id)
        self.dnsmasq = Dnsmasq(DhcpFiles(run_dir / self.namespace))
        self._nics = nics
        self._metadata: MetadataServer | None = None
        self._metadata_inode = 0
        self._ipv6 = Ipv6Services()

    async def converge(
        self, links: Links, plan: NetworkPlan, reflecting: Collection[str] = ()
    ) -> None:
        """Make everything of the network as `plan` says.

        Frames from the taps `reflecting` may go back there.

        Raises LookupError, NetlinkError, OSError or ProcessFailed at the first thing that fails;
        NicMissing at the end, for the network serves this host's VMs also without its NIC.
        """
        if plan.ipv6 is None:
            self._ipv6.stop(farewell=True)  # while the bridge can still say so
        bridge = await self._bridge(links, plan)
        fresh = await self._service(links, plan, bridge)
        if fresh:
            await self.dnsmasq.stop()  # it listens on a link that is no more
        await self._give_back_other_nics(links, plan)
        missing = None
        try:
            if plan.spec.kind == "physical":
                await self._nics.attach(links, plan.spec.physical_interface or "", bridge.name)
            await converge_vlan(links, plan, bridge)
        except NicMissing as error:
            missing = error
            if not bridge.up:
                await links.set(bridge, state="up")
        await converge_vxlan(links, plan, bridge)
        await self._taps(links, plan, bridge, reflecting)
        await self.dnsmasq.converge(plan)
        for mac, address in self.dnsmasq.stale_leases(plan):
            send_release(self.service_link, mac, address, plan.service_mac, plan.spec.dhcp_address)
        await self._serve_metadata(plan)
        await self._ipv6.converge(plan, bridge, fresh=fresh)
        if missing is not None:
            raise missing

    async def remove(self, links: Links, bridge: str) -> None:
        """Take everything of the network away; nothing happens to what is gone already."""
        await self.dnsmasq.remove()
        await self.stop()
        for record in self._nics.recorded():
            if record.bridge == bridge:
                await self._nics.give_back(links, record.interface)
        for link in (vlan_link_name, vxlan_link_name):
            await links.remove(link(self.network_id))
        await links.remove(self.service_link)
        await remove_namespace(self.namespace)
        await links.remove(bridge)

    async def stop(self) -> None:
        """Stop what runs inside the agent; the data plane and dnsmasq stay."""
        self._ipv6.stop()
        await self._stop_metadata()

    async def _stop_metadata(self) -> None:
        if self._metadata is not None:
            await self._metadata.stop()
            self._metadata = None

    async def drift(self, links: Links, plan: NetworkPlan) -> list[str]:
        """What is not as it should be, in a word each; changes nothing."""
        here = await links.all()
        bridge = here.get(plan.spec.bridge)
        wrong = []
        if bridge is None or not bridge.up:
            wrong.append("bridge")
        if plan.service_link not in here or not namespace_exists(plan.namespace):
            wrong.append("namespace")
        if plan.spec.kind == "physical":
            nic = here.get(plan.spec.physical_interface or "")
            if nic is None or bridge is None or nic.master != bridge.index:
                wrong.append("physical_interface")
        wrong.extend(await vlan_drift(links, plan, bridge))
        wrong.extend(await vxlan_drift(links, plan, bridge))
        if not self.dnsmasq.serves(plan):
            wrong.append("dhcp")
        if (self._metadata is None) == plan.spec.metadata:
            wrong.append("metadata")
        wrong.extend(self._ipv6.drift(plan))
        return wrong

    async def _bridge(self, links: Links, plan: NetworkPlan) -> Link:
        bridge = await links.find(plan.spec.bridge)
        if bridge is None:
            bridge = await links.add_bridge(plan.spec.bridge, plan.bridge_mac)
            log.info("bridge.made", network=self.network_id, bridge=bridge.name)
        if not plan.is_nat:
            return bridge  # the NIC lends it MAC, MTU and addresses
        if plan.ipv6 is None:  # the host must not answer there by a link-local address
            disable_ipv6(bridge.name)
        if bridge.mtu != plan.spec.mtu:
            await links.set(bridge, mtu=plan.spec.mtu)
        if bridge.mac != plan.bridge_mac:  # rules know by it what is sent to the gateway
            await links.set(bridge, address=plan.bridge_mac)
        if plan.ipv6 is not None:
            set_up_ipv6(bridge.name)
        if not bridge.up:
            await links.set(bridge, state="up")
        _tell_apart(bridge.name)
        gateway = Address(
            family=socket.AF_INET,
            address=plan.spec.gateway,
            prefix=plan.cidr.prefixlen,
            broadcast=str(plan.cidr.broadcast_address),
        )
        await _exactly(links, bridge, [gateway, *gateway_addresses(plan)])
        return bridge

    async def _service(self, links: Links, plan: NetworkPlan, bridge: Link) -> bool:
        """Make the namespace and its link; True if the link is a new one."""
        if not namespace_exists(self.namespace):
            await self.stop()
            await links.remove(self.service_link)
            await create_namespace(self.namespace)
            await call_inside(self.namespace, _harden)
        outer = await links.find(self.service_link)
        fresh = outer is None
        if outer is None:
            outer = await links.add_veth(
                self.service_link, INNER_LINK, plan.service_mac, self.namespace
            )
        disable_ipv6(outer.name)
        if outer.mtu != plan.spec.mtu:
            await links.set(outer, mtu=plan.spec.mtu)
        if outer.master != bridge.index:
            await links.set(outer, master=bridge.index)
        if not outer.up:
            await links.set(outer, state="up")
        await prepare_inside(plan)
        async with links_inside(self.namespace) as inside:
            await _configure_inside(inside, plan)
        return fresh

    async def _give_back_other_nics(self, links: Links, plan: NetworkPlan) -> None:
        """The NIC of a network may change: the former one gets its own back."""
        for record in self._nics.recorded():
            if record.bridge == plan.spec.bridge and (
                plan.spec.kind != "physical" or record.interface != plan.spec.physical_interface
            ):
                await self._nics.give_back(links, record.interface)

    async def _taps(
        self, links: Links, plan: NetworkPlan, bridge: Link, reflecting: Collection[str]
    ) -> None:
        """Bring VMs back to a bridge that was made anew."""
        here = await links.all()
        for port in plan.spec.ports:
            tap = here.get(port.tap)
            if tap is not None and tap.master != bridge.index:
                with ignored(errno.ENODEV):  # its VM ended just now
                    await links.set(tap, master=bridge.index, state="up")
                    tap = await links.need(port.tap)
            if tap is not None and tap.reflects != (port.tap in reflecting):
                with ignored(errno.ENODEV):
                    await links.let_reflect(tap, port.tap in reflecting)

    async def _serve_metadata(self, plan: NetworkPlan) -> None:
        if not plan.spec.metadata:
            await self._stop_metadata()
            return
        inode = namespace_path(self.namespace).stat().st_ino
        if self._metadata is not None and inode != self._metadata_inode:
            await self._stop_metadata()
        if self._metadata is not None:
            self._metadata.update(plan)
            return
        listener = await call_inside(self.namespace, _metadata_socket)
        server = MetadataServer(plan)
        await server.start(listener)
        self._metadata, self._metadata_inode = server, inode


def _tell_apart(bridge: str) -> None:
    """Settings for a host with several networks of the same addresses: each bridge speaks of its
    own gateway only, and takes packets from machines that the host itself would seek elsewhere.
    """
    write_sysctl(f"ipv4/conf/{bridge}/arp_ignore", _ONLY_FOR_ITS_OWN)
    write_sysctl(f"ipv4/conf/{bridge}/arp_announce", _ONLY_ITS_OWN)
    loosen_filter(bridge)


def _metadata_socket() -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((METADATA_ADDRESS, _METADATA_PORT))
    listener.listen(_BACKLOG)
    listener.setblocking(False)
    return listener


def _harden() -> None:
    """Settings of a new namespace, which may have copied the host's: it is no router."""
    write_sysctl("ipv4/ip_forward", "0")
    for links in ("all", "default"):
        disable_ipv6(links)


async def _exactly(links: Links, link: Link, wanted: list[Address]) -> None:
    present = await links.addresses(link)
    for address in present:
        if address not in wanted:
            await links.remove_address(link, address)
    for address in wanted:
        if address not in present:
            await links.add_address(link, address)


async def _configure_inside(inside: Links, plan: NetworkPlan) -> None:
    loopback, inner = await inside.need("lo"), await inside.need(INNER_LINK)
    if not loopback.up:
        await inside.set(loopback, state="up")
    if inner.mtu != plan.spec.mtu:
        await inside.set(inner, mtu=plan.spec.mtu)
    if inner.mac != plan.service_mac:
        await inside.set(inner, address=plan.service_mac)
    if not inner.up:
        await inside.set(inner, state="up")
    dhcp = Address(
        family=socket.AF_INET,
        address=plan.spec.dhcp_address,
        prefix=plan.cidr.prefixlen,
        broadcast=str(plan.cidr.broadcast_address),
    )
    metadata = Address(family=socket.AF_INET, address=METADATA_ADDRESS, prefix=_HOST_PREFIX)
    await _exactly(inside, inner, [dhcp, metadata, *service_addresses(plan)])
    await route_inside(inside, inner, plan)
    await inside.ipr.route(
        "replace", family=socket.AF_INET, dst="default", gateway=plan.spec.gateway
    )
