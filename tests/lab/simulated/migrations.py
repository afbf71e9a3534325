"""Simulated machines that move between simulated hosts: the same answers as the real agents give.

Hosts of a fleet know each other by the secrets of those that listen. What shall go wrong in the
middle is said by `HostState.migrations`.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hostagent.protocol.commands import Nothing
from hostagent.protocol.domain import DomainState
from hostagent.protocol.link import CallContext, CommandFailed
from hostagent.protocol.migration import (
    CompleteParams,
    CopyParams,
    ListenParams,
    ListenResult,
    MigrationProgress,
    MigrationRef,
    MigrationSide,
    RunParams,
    RunResult,
    SideReport,
)
from hostagent.storage.paths import volume_path
from tests.lab.simulated.contents import shown
from tests.lab.simulated.domains import Domains, keep_firmware
from tests.lab.simulated.sharing import files_on, is_shared
from tests.lab.simulated.state import Domain, HostState, file_of

ROUNDS = 4  # of progress
Side = MigrationSide
Ways = dict[str, "Migrations"]  # by secret


class Migrations:
    """Both sides of one host. `ways` are those of the whole fleet; `tell` sends the progress."""

    def __init__(
        self,
        state: HostState,
        domains: Domains,
        ways: Ways,
        tell: Callable[[MigrationProgress], None],
    ) -> None:
        self._state = state
        self._domains = domains
        self._ways = ways
        self._tell = tell
        self._listening: dict[str, tuple[str, ListenResult]] = {}  # by machine
        self._works: dict[str, asyncio.Task[RunResult]] = {}  # by migration

    async def listen(self, params: ListenParams, _: CallContext) -> ListenResult:
        """Be ready for a machine."""
        known = self._listening.get(params.vm_id)
        if known is not None and known[0] == params.migration_id:
            return known[1]
        domain = self._state.domains.get(params.vm_id)
        if domain is not None and domain.is_active:
            raise CommandFailed("migration.in_the_way", "the machine is on this host already")
        self._state.domains.pop(params.vm_id, None)
        result = ListenResult(
            addresses=params.addresses,
            port=params.ports[0],
            certificate_sha256="",
            secret=uuid.uuid4().hex,
        )
        self._listening[params.vm_id] = params.migration_id, result
        self._ways[result.secret] = self
        return result

    async def run(self, params: RunParams, _: CallContext) -> RunResult:
        """Move the machine; goes on when the link is lost."""
        work = self._works.get(params.migration_id)
        if work is None:
            work = asyncio.create_task(self._move(params), name="simulated migration")
            work.add_done_callback(lambda task: task.cancelled() or task.exception())
            self._works[params.migration_id] = work
        return await asyncio.shield(work)

    async def copy(self, params: CopyParams, context: CallContext) -> Nothing:
        """Fill disks of a machine that is off."""
        there = self._ways.get(params.way.secret)
        if there is None:
            raise CommandFailed(
                "migration.unreachable", "nobody listens", port=params.way.port,
                addresses=", ".join(params.way.addresses),
            )  # fmt: skip
        await asyncio.sleep(self._state.migrations.seconds)
        if self._state.migrations.breaks:
            raise CommandFailed("migration.copy_failed", "the simulated way broke")
        for volume in params.volumes:
            path = str(volume_path(volume))
            if path not in self._state.files or path not in there._state.files:
                raise CommandFailed("migration.copy_failed", f"{path} does not exist")
            if self._domains.has_open(path) or there._domains.has_open(path):
                self._state.anomalies.append(f"{path} was copied while it was open")
            self._mirror(path, there)
        self._state.note("migration.copy", params.vm_id)
        context.progress(1, 1, "percent")
        return Nothing()

    async def look(self, params: MigrationRef, _: CallContext) -> SideReport:
        """How this host has the machine."""
        work = self._works.get(params.migration_id)
        is_working = work is not None and not work.done()
        return SideReport(side=self._side(params.vm_id), is_working=is_working)

    async def stop(self, params: MigrationRef, context: CallContext) -> SideReport:
        """Call it off."""
        work = self._works.get(params.migration_id)
        if work is not None and not work.done():
            work.cancel()
            await asyncio.wait({work})
        domain = self._state.domains.get(params.vm_id)
        if domain is not None and domain.is_held:
            domain.is_held, domain.state = False, DomainState.RUNNING
        return await self.look(params, context)

    async def complete(self, params: CompleteParams, _: CallContext) -> SideReport:
        """Let it go on here if it has come whole."""
        if params.resumes:
            self._resume(params.vm_id)
        side = self._side(params.vm_id)
        if side not in (Side.HELD, Side.ABSENT):
            self._forget(params.vm_id)
        return SideReport(side=side, connections=0)

    async def drop(self, params: MigrationRef, _: CallContext) -> SideReport:
        """Forget what came."""
        self._forget(params.vm_id)
        if self._side(params.vm_id) == Side.RUNNING:
            raise CommandFailed("migration.runs_here", "the machine runs on this host")
        if self._state.domains.pop(params.vm_id, None) is not None:
            self._state.note("migration.drop", params.vm_id)
        return SideReport(side=Side.ABSENT)

    async def post_copy(self, _: MigrationRef, __: CallContext) -> Nothing:
        """It converges anyway."""
        return Nothing()

    async def close(self) -> None:
        """The host hangs up for good."""
        for work in self._works.values():
            work.cancel()
        await asyncio.gather(*self._works.values(), return_exceptions=True)

    async def _move(self, params: RunParams) -> RunResult:
        domain = self._state.domains.get(params.vm_id)
        if domain is None or not domain.is_active:
            raise CommandFailed("domain.not_running", "the machine does not run")
        there = self._ways.get(params.way.secret)
        if there is None:
            raise CommandFailed(
                "migration.unreachable",
                "nobody listens",
                port=params.way.port,
                addresses=", ".join(params.way.addresses),
            )
        there._arrive(domain, params)
        try:
            await self._send(params, domain)
        except BaseException:
            there._state.domains.pop(params.vm_id, None)
            raise
        return self._hand_over(params, domain, there)

    async def _send(self, params: RunParams, domain: Domain) -> None:
        for number in range(1, ROUNDS + 1):
            await asyncio.sleep(self._state.migrations.seconds / ROUNDS)
            if self._state.migrations.breaks == "source":
                self._domains.end(params.vm_id, "crashed")
            if not domain.is_active or self._state.migrations.breaks == "way":
                raise CommandFailed("migration.failed", "the simulated way broke")
            total = domain.spec.memory_bytes
            self._tell(
                MigrationProgress(
                    migration_id=params.migration_id,
                    vm_id=params.vm_id,
                    total_bytes=total,
                    remaining_bytes=total - total * number // ROUNDS,
                    round=number,
                    rate_bytes_s=10**9,
                    downtime_ms=40,
                )
            )

    def _hand_over(self, params: RunParams, domain: Domain, there: Migrations) -> RunResult:
        for disk in domain.spec.disks:
            if not is_shared(disk.volume.storage):
                self._mirror(file_of(self._state, disk.volume), there)
        arrived = there._state.domains[params.vm_id]
        arrived.is_held, arrived.state = False, DomainState.PAUSED
        del self._state.domains[params.vm_id]
        self._state.note("migration.run", params.vm_id)
        is_resumed = False
        if self._state.migrations.breaks == "destination":
            there._domains.end(params.vm_id, "crashed")
        elif params.resumes and self._state.migrations.breaks != "control":
            is_resumed = there._resume(params.vm_id)
        return RunResult(
            is_resumed=is_resumed, downtime_ms=40, seconds=0.1, bytes=10**6, connections=0
        )

    def _mirror(self, path: str, there: Migrations) -> None:
        """The same file on the other host shows what this one shows."""
        files, written = there._state.files, shown(self._state.files, path)
        files[path] = replace(files[path], written=written)

    def _arrive(self, domain: Domain, params: RunParams) -> None:
        """What QEMU needs on the destination: all disks, and the bridges of its NICs."""
        for disk in domain.spec.disks:
            path = file_of(self._state, disk.volume)
            if path not in files_on(self._state, disk.volume.storage):
                raise CommandFailed("migration.failed", f"{path} does not exist")
        self._domains.check_network(domain.spec)
        keep_firmware(self._state, domain.spec)
        copy = Domain(domain.spec, DomainState.PAUSED)
        copy.is_held = True
        self._state.domains[params.vm_id] = copy

    def _resume(self, vm_id: str) -> bool:
        domain = self._state.domains.get(vm_id)
        if domain is None or domain.is_held or domain.state != DomainState.PAUSED:
            return False
        for other in set(self._ways.values()) - {self}:
            twin = other._state.domains.get(vm_id)
            if twin is not None and twin.is_active:
                self._state.anomalies.append(f"{vm_id} runs on two hosts")
        domain.state = DomainState.RUNNING
        return True

    def _side(self, vm_id: str) -> MigrationSide:
        domain = self._state.domains.get(vm_id)
        if domain is None:
            return Side.ABSENT
        if not domain.is_active:
            return Side.OFF
        if domain.is_held:
            return Side.HELD
        return Side.RUNNING if domain.state == DomainState.RUNNING else Side.PAUSED

    def _forget(self, vm_id: str) -> None:
        known = self._listening.pop(vm_id, None)
        if known is not None:
            self._ways.pop(known[1].secret, None)


def commands_of(migrations: Migrations) -> dict[str, Any]:
    """The commands by name."""
    m = migrations
    return {
        "migration.listen": m.listen,
        "migration.run": m.run,
        "migration.copy": m.copy,
        "migration.look": m.look,
        "migration.stop": m.stop,
        "migration.complete": m.complete,
        "migration.drop": m.drop,
        "migration.post_copy": m.post_copy,
    }
