"""The source's side: runs a migration, tells how far it is, and proves that the machine is gone.

The destination lets the machine go on when this host says that its QEMU process has ended. That
is seen on the process itself (a pidfd), the very instant it happens.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import libvirt
import structlog

from hostagent.libvirt.domains import Domains
from hostagent.libvirt.xml import disks_of, domain_name
from hostagent.migration import statistics
from hostagent.migration.sides import qemu_owner, side_of
from hostagent.migration.way import (
    DISKS,
    GONE,
    LIBVIRT,
    MEMORY,
    Credentials,
    Exit,
    send_flows,
    socket_path,
)
from hostagent.protocol.commands import Nothing
from hostagent.protocol.flows import Flow
from hostagent.protocol.link import CommandFailed
from hostagent.protocol.migration import (
    MigrationProgress,
    MigrationRef,
    RunParams,
    RunResult,
    SideReport,
)
from hostagent.protocol.migration import MigrationSide as Side
from hostagent.storage.drivers import driver_for

LOOK_EVERY_S = 0.5
STOPPED_WITHIN_S = 90.0
ANSWER_S = 20.0
FLOWS_WITHIN_S = 5.0
PID_FILES = Path("/run/libvirt/qemu")
FAILED = "migration.failed"

Tell = Callable[[MigrationProgress], None]

log = structlog.get_logger(__name__)


class Network(Protocol):
    """What the networks of this host do for a machine that leaves."""

    async def flows_of(self, vm_id: str) -> list[Flow]:
        """Its open connections."""
        ...

    async def departed(self, vm_id: str) -> None:
        """It goes on elsewhere."""
        ...


@dataclass
class _Work:
    """One migration. `suspended_at` and `resumed_at` are monotonic seconds, 0 for never;
    `connections` is how many the destination was told of.
    """

    params: RunParams
    task: asyncio.Task[RunResult] | None = None
    suspended_at: float = 0.0
    resumed_at: float = 0.0
    stands: asyncio.Event = field(default_factory=asyncio.Event)
    connections: int | None = None
    is_stopping: bool = False
    began_at: float = field(default_factory=time.monotonic)


class Outgoing:
    """Migrations away from this host, by machine. `tell` is given how far each is; `network`
    knows which connections a machine has.
    """

    def __init__(self, domains: Domains, tell: Tell, network: Network) -> None:
        self._domains = domains
        self._network = network
        self._tell = tell
        self._works: dict[str, _Work] = {}
        self._departures: set[asyncio.Task[None]] = set()

    async def run(self, params: RunParams, credentials: Credentials) -> RunResult:
        """Move the machine; asked again, it goes on with what runs.

        It does not end with the command that asked for it: only `stop` ends it. Raises
        CommandFailed if the machine did not leave.
        """
        work = self._works.get(params.vm_id)
        if work is None or work.params.migration_id != params.migration_id:
            if work is not None and _runs(work):
                raise CommandFailed("migration.runs_already", "the machine is being migrated")
            work = self._works[params.vm_id] = _Work(params)
            work.task = asyncio.create_task(self._migrate(work, credentials), name="migration")
            work.task.add_done_callback(_note_failure)
        assert work.task is not None
        return await asyncio.shield(work.task)

    async def look(self, params: MigrationRef) -> SideReport:
        """How this host has the machine, whether it is source or destination."""
        side = await self._domains.look(params.vm_id, lambda _, domain: side_of(domain), FAILED)
        work = self._works.get(params.vm_id)
        return SideReport(side=side, is_working=work is not None and _runs(work))

    async def stop(self, params: MigrationRef) -> SideReport:
        """Break a migration off and wait until it is over; a machine that stands still only for
        it goes on here. It may turn out that the machine has left.
        """
        work = self._works.get(params.vm_id)
        if work is not None and _runs(work):
            work.is_stopping = True
            assert work.task is not None
            await self._domains.look(params.vm_id, _abort, FAILED)
            await asyncio.wait({work.task}, timeout=STOPPED_WITHIN_S)
        if work is None or not _runs(work):
            await self._domains.look(params.vm_id, _go_on_here, FAILED)
        return await self.look(params)

    async def post_copy(self, params: MigrationRef) -> Nothing:
        """Let the destination run the machine now, and fetch what is missing."""
        await self._domains.look(params.vm_id, _to_post_copy, FAILED)
        return Nothing()

    def suspended(self, vm_id: str, *, for_good: bool) -> None:
        """libvirt says that the machine stands still for its migration, with post-copy
        `for_good`: it can go on nowhere but over there.
        """
        work = self._works.get(vm_id)
        if work is not None and not work.suspended_at:
            work.suspended_at = time.monotonic()
            work.stands.set()
            if for_good:
                self._depart(vm_id)

    def _depart(self, vm_id: str) -> None:
        """Nobody waits for the networks."""
        task = asyncio.create_task(self._network.departed(vm_id), name="departure")
        self._departures.add(task)
        task.add_done_callback(self._departures.discard)

    async def stop_all(self) -> None:
        """The agent stops, and takes the ways along: break off what runs."""
        tasks = [work.task for work in self._works.values() if work.task and _runs(work)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _migrate(self, work: _Work, credentials: Credentials) -> RunResult:
        params = work.params
        out = Exit(params.migration_id, params.way, credentials)
        names, owner = await self._domains.look(
            params.vm_id, lambda found, domain: _examine(found, domain, params), FAILED
        )
        helpers: list[asyncio.Task[Any]] = []
        try:
            control = await asyncio.to_thread(out.open, owner)
            watch = asyncio.create_task(self._watch(work, _pidfd(params.vm_id), control))
            helpers = [watch, asyncio.create_task(self._tell_progress(params))]
            await self._domains.look(
                params.vm_id, lambda _, domain: _perform(domain, params, names), FAILED
            )
            work.resumed_at = await watch
            self._depart(params.vm_id)
            return self._result(work, out.bytes)
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            await asyncio.to_thread(out.close)

    def _result(self, work: _Work, size: int) -> RunResult:
        is_seen = work.resumed_at and work.suspended_at and not work.params.post_copy
        downtime_s = work.resumed_at - work.suspended_at if is_seen else 0.0
        return RunResult(
            is_resumed=work.resumed_at > 0,
            downtime_ms=max(0, round(1000 * downtime_s)),
            seconds=time.monotonic() - work.began_at,
            bytes=size,
            connections=work.connections,
        )

    async def _watch(self, work: _Work, process: int, control: ssl.SSLSocket) -> float:
        """Tell the destination of the machine's connections when it stands still, and that its
        process has ended when it has.

        Returns when the machine went on there (monotonic seconds), 0 if it did not.
        """
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()

        def end() -> None:
            loop.remove_reader(process)
            ended.set()

        loop.add_reader(process, end)
        try:
            if work.params.way.takes_flows:
                await _either(work.stands, ended)
                await self._tell_flows(work, control)
            await ended.wait()
            return await asyncio.to_thread(_tell_gone, control) if work.params.resumes else 0.0
        finally:
            loop.remove_reader(process)
            os.close(process)
            control.close()

    async def _tell_flows(self, work: _Work, control: ssl.SSLSocket) -> None:
        """It moves without them, too."""
        try:
            async with asyncio.timeout(FLOWS_WITHIN_S):
                flows = await self._network.flows_of(work.params.vm_id)
            await asyncio.to_thread(send_flows, control, flows, FLOWS_WITHIN_S)
        except OSError as error:  # TimeoutError is one
            log.warning("migration_flows_not_told", vm=work.params.vm_id, reason=str(error))
        else:
            work.connections = len(flows)

    async def _tell_progress(self, params: RunParams) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                found = await self._domains.look(
                    params.vm_id, lambda _, domain: statistics.read(domain, params), FAILED
                )
            except CommandFailed as error:
                log.info("migration_progress", vm=params.vm_id, reason=str(error))
                continue
            if found is not None:
                self._tell(found)


def _runs(work: _Work) -> bool:
    return work.task is not None and not work.task.done()


def _note_failure(task: asyncio.Task[RunResult]) -> None:
    """Whoever asked may have gone: the failure is still seen."""
    if not task.cancelled() and task.exception() is not None:
        log.warning("migration_failed", reason=str(task.exception()))


# In the thread of libvirt


def _examine(
    connection: Any, domain: Any | None, params: RunParams
) -> tuple[list[str], tuple[int, int]]:
    """libvirt's names of the disks that are copied, and who QEMU is."""
    if domain is None or not domain.isActive():
        raise CommandFailed("domain.not_running", "the machine does not run")
    files = disks_of(domain.XMLDesc())
    wanted = {driver_for(volume.storage).path_of(volume) for volume in params.mirrored}
    if missing := wanted - files.keys():
        raise CommandFailed("migration.disks_differ", f"the machine has not {missing}")
    return [files[path] for path in wanted], qemu_owner(connection)


def _perform(domain: Any | None, params: RunParams, names: list[str]) -> None:
    """Returns when the machine is whole on the other side and its process here has ended."""
    if domain is None:
        raise CommandFailed("domain.not_running", "the machine does not run")
    local = {
        channel: socket_path(params.migration_id, channel) for channel in (LIBVIRT, MEMORY, DISKS)
    }
    values: dict[str, Any] = {libvirt.VIR_MIGRATE_PARAM_URI: f"unix://{local[MEMORY]}"}
    if names:
        values[libvirt.VIR_MIGRATE_PARAM_DISKS_URI] = f"unix://{local[DISKS]}"
        values[libvirt.VIR_MIGRATE_PARAM_MIGRATE_DISKS] = names
    if params.bandwidth_bytes_s:
        values[libvirt.VIR_MIGRATE_PARAM_BANDWIDTH] = max(1, params.bandwidth_bytes_s // 1024**2)
    there = f"qemu+unix:///system?socket={local[LIBVIRT]}"
    try:
        domain.migrateToURI3(there, values, _flags(params, has_copies=bool(names)))
    except libvirt.libvirtError as error:
        # Also the other side's connection may have broken, which says nothing about ours.
        raise CommandFailed(FAILED, error.get_error_message() or str(error)) from error


def _flags(params: RunParams, *, has_copies: bool) -> int:
    flags = (
        libvirt.VIR_MIGRATE_LIVE
        | libvirt.VIR_MIGRATE_PEER2PEER
        | libvirt.VIR_MIGRATE_PERSIST_DEST
        | libvirt.VIR_MIGRATE_UNDEFINE_SOURCE
        | libvirt.VIR_MIGRATE_ABORT_ON_ERROR
    )
    # It goes on when this side is gone for certain, and not before. With post-copy libvirt wants
    # it to go on at once: that is part of the risk that this option has.
    flags |= libvirt.VIR_MIGRATE_POSTCOPY if params.post_copy else libvirt.VIR_MIGRATE_PAUSED
    if has_copies:
        copies = (libvirt.VIR_MIGRATE_NON_SHARED_DISK, libvirt.VIR_MIGRATE_NON_SHARED_INC)
        flags |= copies[params.on_base]
    if params.is_shared:
        flags |= libvirt.VIR_MIGRATE_UNSAFE
    if params.auto_converge:
        flags |= libvirt.VIR_MIGRATE_AUTO_CONVERGE
    return flags


def _abort(_: Any, domain: Any | None) -> None:
    if domain is None:
        return
    try:
        domain.abortJob()
    except libvirt.libvirtError as error:
        # There is no job yet or any more, or nothing can stop it: it is waited for.
        log.info("migration_not_aborted", reason=error.get_error_message())


def _go_on_here(_: Any, domain: Any | None) -> None:
    if side_of(domain) == Side.HELD and domain is not None:
        domain.resume()


def _to_post_copy(_: Any, domain: Any | None) -> None:
    if domain is None:
        raise CommandFailed("domain.not_running", "the machine does not run")
    domain.migrateStartPostCopy()


def _pidfd(vm_id: str) -> int:
    """A handle of the machine's QEMU process."""
    path = PID_FILES / f"{domain_name(vm_id)}.pid"
    try:
        return os.pidfd_open(int(path.read_text(encoding="ascii")))
    except (OSError, ValueError) as error:
        raise CommandFailed("domain.not_running", f"{path}: {error}") from error


async def _either(*events: asyncio.Event) -> None:
    """Wait for the first of them."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def _tell_gone(control: ssl.SSLSocket) -> float:
    try:
        control.settimeout(ANSWER_S)
        control.sendall(GONE)
        return time.monotonic() if control.recv(1) == b"y" else 0.0
    except OSError as error:
        log.warning("migration_control", reason=str(error))
        return 0.0
