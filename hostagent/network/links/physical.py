"""Puts a NIC under a bridge with its addresses and routes moved along, and gives it back.

What was moved is written down first, so that an agent that dies half-way, or finds the bridge
removed, knows where the host's own addresses belong.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TypeVar

import msgspec
import structlog

from hostagent.network.links.netlink import (
    Address,
    Link,
    Links,
    disable_ipv6,
    ignored,
    ipv6_disabled,
)
from hostagent.network.links.routes import Route, add_routes, remove_routes, routes_of

log = structlog.get_logger(__name__)
_T = TypeVar("_T")


class NicMissing(LookupError):
    """A NIC that should be under a bridge is not there, for now."""

    def __init__(self, interface: str) -> None:
        super().__init__(
            f"this host has no NIC {interface} any more; its network works again when it returns"
        )
        self.interface = interface


class NicRecord(msgspec.Struct, kw_only=True):
    """What a NIC carried before it went under a bridge.

    Until `moved` is true, addresses and routes may be anywhere and only the record is complete.
    """

    interface: str
    bridge: str
    mtu: int
    ipv6_disabled: str = ""
    moved: bool = False
    addresses: list[Address] = []
    routes: list[Route] = []


class PhysicalNics:
    """The NICs that this agent has put under bridges; `folder` keeps one record for each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def recorded(self) -> list[NicRecord]:
        """All records, in order of name."""
        return [self._load(path) for path in sorted(self._folder.glob("nic-*.json"))]

    async def attach(self, links: Links, interface: str, bridge_name: str) -> None:
        """Put `interface` under the bridge, which takes over its MAC, addresses and routes.

        A NIC that was not under it yet is given back if a step fails: NicMissing, LookupError,
        NetlinkError or OSError says why. Calling it again repairs what is missing.
        """
        nic, bridge = await links.find(interface), await links.need(bridge_name)
        if nic is None:
            raise NicMissing(interface)
        record = await self._take_note(links, nic, bridge)
        try:
            await self._move(links, nic, bridge, record)
        except BaseException:
            if nic.master != bridge.index:
                log.warning("nic.rolled_back", interface=interface, bridge=bridge_name)
                await self.give_back(links, interface)
            raise

    async def _take_note(self, links: Links, nic: Link, bridge: Link) -> NicRecord:
        known = self._find(nic.name)
        record = NicRecord(interface=nic.name, bridge=bridge.name, mtu=nic.mtu)
        record.ipv6_disabled = known.ipv6_disabled if known else ipv6_disabled(nic.name)
        record.addresses = _joined(await links.addresses(nic), await links.addresses(bridge))
        record.routes = _joined(await routes_of(links, nic), await routes_of(links, bridge))
        if known is not None and (not known.moved or not record.addresses):
            # The agent died half-way, or the bridge was removed under our feet.
            record.addresses = _joined(known.addresses, record.addresses)
            record.routes = _joined(known.routes, record.routes)
        elif known is not None and nic.master == bridge.index:
            record.moved = not await links.addresses(nic)
        if record != known:
            self._save(record)
        return record

    async def _move(self, links: Links, nic: Link, bridge: Link, record: NicRecord) -> None:
        if bridge.mac != nic.mac:
            await links.set(bridge, address=nic.mac)
        if not nic.up:
            await links.set(nic, state="up")
        if nic.master != bridge.index:
            await links.set(nic, master=bridge.index)
        if bridge.mtu != nic.mtu:
            await links.set(bridge, mtu=nic.mtu)
        if not bridge.up:
            await links.set(bridge, state="up")
        on_nic = await links.addresses(nic)
        missing = set(record.addresses) - set(await links.addresses(bridge))
        await remove_routes(links, nic, await routes_of(links, nic))
        for address in on_nic:
            await links.remove_address(nic, address)
        for address in record.addresses:
            if address in missing:
                await links.add_address(bridge, address)
        disable_ipv6(nic.name)  # the bridge takes part in IPv6 instead
        if missing or not record.moved:
            await add_routes(links, bridge, record.routes)
        if not record.moved:
            record.moved = True
            self._save(record)

    async def give_back(self, links: Links, interface: str) -> None:
        """Take the NIC out of its bridge with what the bridge carried; forget the record."""
        record = self._find(interface)
        nic = await links.find(interface)
        if record is None:
            return
        if nic is not None:
            await self._restore(links, nic, record)
        else:
            log.warning("nic.gone", interface=interface)
        self._path(interface).unlink(missing_ok=True)

    async def _restore(self, links: Links, nic: Link, record: NicRecord) -> None:
        bridge = await links.find(record.bridge)
        if bridge is not None:
            on_bridge = await links.addresses(bridge)
            if on_bridge and record.moved:  # the administrator may have changed them meanwhile
                record.addresses = _joined(on_bridge, await links.addresses(nic))
                record.routes = _joined(await routes_of(links, bridge), await routes_of(links, nic))
            record.moved = False
            self._save(record)
            if nic.master == bridge.index:
                await links.set(nic, master=0)
            await remove_routes(links, bridge, await routes_of(links, bridge))
            for address in on_bridge:
                await links.remove_address(bridge, address)
        disable_ipv6(nic.name, record.ipv6_disabled)
        for address in record.addresses:
            await links.add_address(nic, address)
        with ignored(errno.ENETUNREACH):  # a route whose way is gone cannot come back
            await add_routes(links, nic, record.routes)

    def _path(self, interface: str) -> Path:
        return self._folder / f"nic-{interface}.json"

    def _find(self, interface: str) -> NicRecord | None:
        path = self._path(interface)
        return self._load(path) if path.exists() else None

    def _load(self, path: Path) -> NicRecord:
        return msgspec.json.decode(path.read_bytes(), type=NicRecord)

    def _save(self, record: NicRecord) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(record.interface)
        temporary = path.with_suffix(".new")
        temporary.write_bytes(msgspec.json.encode(record))
        temporary.replace(path)


def _joined(first: list[_T], second: list[_T]) -> list[_T]:
    return list(dict.fromkeys([*first, *second]))
