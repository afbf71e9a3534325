"""The destination's side: it listens for one machine, and lets it go on when the source has it
no more.

A machine that has come whole stands still until then: libvirt alone would let it go on before
the source knows, and if the source never learned of it, both would run it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import TimeoutError as LateError
from dataclasses import dataclass
from typing import Any, Protocol

import libvirt
import structlog

from hostagent.libvirt import firmware
from hostagent.libvirt.discs import drives_of
from hostagent.libvirt.domains import KEEP_STATE, Domains
from hostagent.migration.copying import Receiver
from hostagent.migration.sides import qemu_owner, side_of
from hostagent.migration.userfaults import UserFaults
from hostagent.migration.way import Credentials, Entrance, make_folder, remove_folder
from hostagent.protocol.flows import Flow
from hostagent.protocol.link import CommandFailed
from hostagent.protocol.migration import (
    CompleteParams,
    ListenParams,
    ListenResult,
    MigrationRef,
    SideReport,
)
from hostagent.protocol.migration import MigrationSide as Side
from hostagent.storage.seed import remove_seed

RESUME_WITHIN_S = 20.0
FLOWS_WITHIN_S = 5.0
FAILED = "migration.failed"

log = structlog.get_logger(__name__)


class Network(Protocol):
    """What the networks of this host do for a machine that comes."""

    async def take_flows(self, vm_id: str, flows: Sequence[Flow]) -> int:
        """Its connections; returns how many it keeps."""
        ...

    async def arrived(self, vm_id: str) -> None:
        """It goes on here."""
        ...


@dataclass
class _Open:
    migration_id: str
    entrance: Entrance
    result: ListenResult
    receiver: Receiver
    connections: int | None = None


class Incoming:
    """Migrations to this host, by machine. `network` lets one keep its connections, and tells its
    neighbours where it is.
    """

    def __init__(self, domains: Domains, network: Network) -> None:
        self._domains = domains
        self._network = network
        self._faults = UserFaults()
        self._arrivals: set[asyncio.Task[None]] = set()
        self._open: dict[str, _Open] = {}
        self._loop = asyncio.get_running_loop()

    async def listen(self, params: ListenParams, credentials: Credentials) -> ListenResult:
        """Be ready for a machine; a second time it answers the same.

        Raises CommandFailed if the machine is here already.
        """
        known = self._open.get(params.vm_id)
        if known is not None and known.migration_id == params.migration_id:
            return known.result
        await self._close(params.vm_id)
        owner = await self._domains.look(params.vm_id, _make_room, FAILED)
        await asyncio.to_thread(make_folder, params.migration_id, owner)
        await asyncio.to_thread(drives_of, params.spec)
        await asyncio.to_thread(firmware.prepare, params.spec)
        if params.post_copy:
            await asyncio.to_thread(self._faults.allow, params.migration_id)
        receiver = Receiver()
        entrance = Entrance(
            params, credentials, lambda: self._gone(params), lambda flows: self._told(params, flows)
        )
        try:
            await receiver.start(params.migration_id, params.received)
            result = entrance.open()
        except BaseException:
            await receiver.stop()
            self._faults.release(params.migration_id)
            raise
        self._open[params.vm_id] = _Open(params.migration_id, entrance, result, receiver)
        return result

    async def complete(self, params: CompleteParams) -> SideReport:
        """The source has the machine no more: let it go on here if it is whole, and listen no
        more.
        """
        side = await self._resume(params.vm_id) if params.resumes else await self._side(params)
        known = self._open.get(params.vm_id)
        if side not in (Side.HELD, Side.ABSENT):
            await self._close(params.vm_id)
        return SideReport(side=side, connections=known.connections if known else None)

    def resumed(self, vm_id: str) -> None:
        """libvirt says that a machine goes on; with post-copy it is the first to know."""
        if vm_id in self._open:
            self._arrive(vm_id)

    async def drop(self, params: MigrationRef) -> SideReport:
        """Forget what came of a machine that stays where it was.

        Raises CommandFailed if it runs here.
        """
        await self._close(params.vm_id)
        side = await self._domains.look(params.vm_id, _drop, FAILED)
        await asyncio.to_thread(remove_folder, params.migration_id)
        await asyncio.to_thread(remove_seed, params.vm_id)
        return SideReport(side=side)

    async def stop(self) -> None:
        """Listen no more."""
        for vm_id in list(self._open):
            await self._close(vm_id)

    async def _side(self, params: CompleteParams) -> Side:
        return await self._domains.look(params.vm_id, lambda _, domain: side_of(domain), FAILED)

    def _gone(self, params: ListenParams) -> bool:
        """Called in the thread of the way."""
        future = asyncio.run_coroutine_threadsafe(self._resume(params.vm_id), self._loop)
        try:
            return future.result(RESUME_WITHIN_S) == Side.RUNNING
        except (CommandFailed, LateError, asyncio.CancelledError) as error:
            log.warning("migration_not_resumed", vm=params.vm_id, reason=str(error))
            return False

    def _told(self, params: ListenParams, flows: Sequence[Flow]) -> None:
        """Called in the thread of the way. Without them the machine goes on all the same."""
        future = asyncio.run_coroutine_threadsafe(self._keep(params, flows), self._loop)
        try:
            future.result(FLOWS_WITHIN_S)
        except (OSError, LateError, asyncio.CancelledError) as error:
            log.warning("migration_flows_not_taken", vm=params.vm_id, reason=str(error))

    async def _keep(self, params: ListenParams, flows: Sequence[Flow]) -> None:
        taken = await self._network.take_flows(params.vm_id, flows)
        known = self._open.get(params.vm_id)
        if known is not None and known.migration_id == params.migration_id:
            known.connections = taken

    async def _resume(self, vm_id: str) -> Side:
        side = await self._domains.look(vm_id, _resume, FAILED)
        if side == Side.RUNNING:  # nobody waits for the networks
            self._arrive(vm_id)
        return side

    def _arrive(self, vm_id: str) -> None:
        task = asyncio.create_task(self._network.arrived(vm_id), name="arrival")
        self._arrivals.add(task)
        task.add_done_callback(self._arrivals.discard)

    async def _close(self, vm_id: str) -> None:
        known = self._open.pop(vm_id, None)
        if known is not None:
            known.entrance.close()
            await known.receiver.stop()
            remove_folder(known.migration_id)
            self._faults.release(known.migration_id)


def _make_room(connection: Any, domain: Any | None) -> tuple[int, int]:
    """Forget a definition that was left; returns who QEMU is."""
    if domain is not None:
        if domain.isActive():
            raise CommandFailed("migration.in_the_way", "the machine is on this host already")
        domain.undefineFlags(KEEP_STATE)
    return qemu_owner(connection)


def _resume(_: Any, domain: Any | None) -> Side:
    """Let a machine go on that has come whole."""
    side = side_of(domain)
    if side == Side.PAUSED and domain is not None:
        domain.resume()
        return side_of(domain)
    return side


def _drop(_: Any, domain: Any | None) -> Side:
    side = side_of(domain)
    if domain is None or side == Side.ABSENT:
        return Side.ABSENT
    if side in (Side.RUNNING, Side.POSTCOPY):
        raise CommandFailed("migration.runs_here", "the machine runs on this host")
    try:
        if domain.isActive():
            domain.destroy()
        if domain.isPersistent():
            domain.undefineFlags(KEEP_STATE)
    except libvirt.libvirtError as error:
        if error.get_error_code() not in (
            libvirt.VIR_ERR_NO_DOMAIN, libvirt.VIR_ERR_OPERATION_INVALID,
        ):  # fmt: skip
            raise  # else it went by itself
    return side_of(domain)
