"""Links, addresses and routes through netlink, in plain words for the rest of the package."""

from __future__ import annotations

import errno
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyroute2 import AsyncIPRoute
from pyroute2.netlink.exceptions import NetlinkError

from hostagent.network.links.netns import call_inside, namespace_path

_IFF_UP = 1
_IFA_F_PERMANENT = 0x80
NETLINK_ROUTE = 0
_STRICT, _LOOSE = 1, 2  # rp_filter


@dataclass(frozen=True)
class VxlanLink:
    """How a link of kind "vxlan" was made: none of it can be changed later."""

    vni: int
    local: str
    port: int
    learns: bool


@dataclass(frozen=True)
class Link:
    """What we need to know of one link."""

    index: int
    name: str
    mac: str
    mtu: int
    up: bool
    carrier: bool
    kind: str
    master: int
    reflects: bool  # as the port of a bridge: frames may go back where they came from
    lower: int = 0  # the index of the link that it stands on, if it is on one
    vlan_id: int | None = None
    vxlan: VxlanLink | None = None


@dataclass(frozen=True, order=True)
class Address:
    """One address on a link; `family` is AF_INET or AF_INET6."""

    family: int
    address: str
    prefix: int
    broadcast: str | None = None

    def is_link_local(self) -> bool:
        """Whether the kernel makes it by itself."""
        return self.family == socket.AF_INET6 and self.address.lower().startswith("fe80:")


class Links:
    """Netlink operations in one network namespace, for one pass over the networks.

    Links are read once and then kept up with our own changes: reading all of a busy host costs
    far more than everything else. What others change meanwhile is for the next pass.
    """

    def __init__(self, ipr: AsyncIPRoute) -> None:
        self.ipr: Any = ipr  # its dumps are asynchronous, which its annotations do not say
        self._known: dict[str, Link] | None = None
        self._forwarding: dict[int, set[tuple[str, str]]] | None = None

    async def all(self) -> dict[str, Link]:
        """Every link by name."""
        if self._known is None:
            found = [_link_of(message) async for message in await self.ipr.get_links()]
            self._known = {link.name: link for link in found}
        return self._known

    async def _refresh(self, name: str) -> None:
        known = await self.all()
        known.pop(name, None)
        with ignored(errno.ENODEV):
            for message in await self.ipr.link("get", ifname=name):
                known[name] = _link_of(message)

    async def find(self, name: str) -> Link | None:
        """The link of that name, if there is one."""
        return (await self.all()).get(name)

    async def need(self, name: str) -> Link:
        """The link of that name; raises LookupError if it is gone."""
        link = await self.find(name)
        if link is None:
            raise LookupError(f"link {name} is gone")
        return link

    async def add(self, name: str, kind: str, **fields: Any) -> Link:
        """Make a link, down; `fields` are named as in IFLA_* of its kind."""
        await self.ipr.link("add", ifname=name, kind=kind, **fields)
        await self._refresh(name)
        return await self.need(name)

    async def forwarding(self, link: Link) -> set[tuple[str, str]]:
        """MACs and the hosts that a tunnel sends their frames to."""
        if self._forwarding is None:
            self._forwarding = {}
            async for message in await self.ipr.fdb("dump"):
                host = message.get_attr("NDA_DST")
                if host is not None:
                    entry = message.get_attr("NDA_LLADDR"), host
                    self._forwarding.setdefault(message["ifindex"], set()).add(entry)
        return self._forwarding.get(link.index, set())

    async def add_bridge(self, name: str, mac: str) -> Link:
        """Make a bridge without spanning tree, down."""
        return await self.add(name, "bridge", address=mac, br_stp_state=0)

    async def add_veth(self, name: str, peer: str, peer_mac: str, namespace: str) -> Link:
        """Make a veth pair whose `peer` end is inside `namespace`."""
        with namespace_path(namespace).open("rb") as handle:
            inner = {"ifname": peer, "address": peer_mac, "net_ns_fd": handle.fileno()}
            await self.ipr.link("add", ifname=name, kind="veth", peer=inner)
        await self._refresh(name)
        return await self.need(name)

    async def remove(self, name: str) -> None:
        """Delete a link; nothing happens if it is gone."""
        link = await self.find(name)
        if link is not None:
            with ignored(errno.ENODEV):
                await self.ipr.link("del", index=link.index)
            await self._refresh(name)

    async def set(self, link: Link, **fields: Any) -> None:
        """Change fields of a link, named as in IFLA_* (mtu, master, state, address)."""
        await self.ipr.link("set", index=link.index, **fields)
        await self._refresh(link.name)

    async def let_reflect(self, link: Link, value: bool) -> None:
        """Let a bridge send frames back to the port where they came from, or not."""
        await self.ipr.brport("set", index=link.index, mode=int(value))
        await self._refresh(link.name)

    async def addresses(self, link: Link) -> list[Address]:
        """Addresses on a link, without those that the kernel makes by itself."""
        found = []
        async for message in await self.ipr.get_addr(index=link.index):
            address = Address(
                family=message["family"],
                address=message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS"),
                prefix=message["prefixlen"],
                broadcast=message.get_attr("IFA_BROADCAST"),
            )
            # What router advertisements gave comes and goes by itself as well.
            lasting = message["flags"] & _IFA_F_PERMANENT or address.family == socket.AF_INET
            if lasting and not address.is_link_local():
                found.append(address)
        return found

    async def add_address(self, link: Link, address: Address) -> None:
        """Put an address on a link; nothing happens if it is there."""
        more = {"broadcast": address.broadcast} if address.broadcast else {}
        with ignored(errno.EEXIST):
            await self.ipr.addr(
                "add",
                index=link.index,
                family=address.family,
                address=address.address,
                prefixlen=address.prefix,
                **more,
            )

    async def remove_address(self, link: Link, address: Address) -> None:
        """Take an address off a link; nothing happens if it is not there."""
        with ignored(errno.EADDRNOTAVAIL):
            await self.ipr.addr(
                "del",
                index=link.index,
                family=address.family,
                address=address.address,
                prefixlen=address.prefix,
            )


def _link_of(message: Any) -> Link:
    info = message.get_attr("IFLA_LINKINFO")
    kind = (info.get_attr("IFLA_INFO_KIND") or "") if info else ""
    data = info.get_attr("IFLA_INFO_DATA") if kind in ("vlan", "vxlan") else None
    return Link(
        index=message["index"],
        name=message.get_attr("IFLA_IFNAME"),
        mac=message.get_attr("IFLA_ADDRESS") or "",
        mtu=message.get_attr("IFLA_MTU"),
        up=bool(message["flags"] & _IFF_UP),
        carrier=bool(message.get_attr("IFLA_CARRIER")),
        kind=kind,
        master=message.get_attr("IFLA_MASTER") or 0,
        reflects=_reflects(info),
        lower=message.get_attr("IFLA_LINK") or 0,
        vlan_id=data.get_attr("IFLA_VLAN_ID") if data and kind == "vlan" else None,
        vxlan=_vxlan_of(data) if data and kind == "vxlan" else None,
    )


def _vxlan_of(data: Any) -> VxlanLink:
    return VxlanLink(
        vni=data.get_attr("IFLA_VXLAN_ID"),
        local=data.get_attr("IFLA_VXLAN_LOCAL") or "",
        port=data.get_attr("IFLA_VXLAN_PORT"),
        learns=bool(data.get_attr("IFLA_VXLAN_LEARNING")),
    )


def _reflects(info: Any) -> bool:
    slave = info.get_attr("IFLA_INFO_SLAVE_DATA") if info else None
    return bool(slave and slave.get_attr("IFLA_BRPORT_MODE"))


class ignored:  # noqa: N801 - reads like contextlib.suppress
    """Suppresses a netlink error with one of the given error numbers."""

    def __init__(self, *numbers: int) -> None:
        self._numbers = numbers

    def __enter__(self) -> None:
        return

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> bool:
        return isinstance(error, NetlinkError) and error.code in self._numbers


@asynccontextmanager
async def links_here() -> AsyncIterator[Links]:
    """Links of the namespace that the process runs in."""
    async with AsyncIPRoute() as ipr:
        yield Links(ipr)


def _netlink_socket() -> socket.socket:
    return socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_ROUTE)


@asynccontextmanager
async def links_inside(namespace: str) -> AsyncIterator[Links]:
    """Links of another namespace, without forking and without going there."""
    handle = await call_inside(namespace, _netlink_socket)
    async with AsyncIPRoute(fileno=handle.detach()) as ipr:
        yield Links(ipr)


def write_sysctl(path: str, value: str) -> None:
    """Write a value below /proc/sys/net of the running namespace, if it differs."""
    file = Path("/proc/sys/net") / path
    if file.read_text().strip() != value:
        file.write_text(value)


def ipv6_disabled(link: str) -> str:
    """The switch of a link as the kernel prints it, or "" on a machine without IPv6."""
    path = f"ipv6/conf/{link}/disable_ipv6"
    return read_sysctl(path) if (Path("/proc/sys/net") / path).exists() else ""


def disable_ipv6(link: str, value: str = "1") -> None:
    """Turn IPv6 on a link off, or back to a former `value`."""
    if value and ipv6_disabled(link):
        write_sysctl(f"ipv6/conf/{link}/disable_ipv6", value)


def read_sysctl(path: str) -> str:
    """Read a value below /proc/sys/net of the running namespace."""
    return (Path("/proc/sys/net") / path).read_text().strip()


def loosen_filter(link: str) -> None:
    """Let a link take what the host itself would answer by another one, if that is refused.

    Of the setting for all links and that of the link the greater one counts.
    """
    settings = [f"ipv4/conf/{name}/rp_filter" for name in ("all", link)]
    if max(int(read_sysctl(setting)) for setting in settings) == _STRICT:
        write_sysctl(settings[1], str(_LOOSE))
