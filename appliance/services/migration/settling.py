"""Which of two hosts has a machine after a migration, however it went: both are asked.

The rule that everything rests on: the destination lets a machine go on only when the source's
process of it has ended. So a machine that runs on the source runs there alone, and one that runs
on the destination runs there alone; only when neither runs it both have to be asked. While one
that has to be cannot be, nobody guesses: the machine waits.
"""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

import structlog

from appliance.engine.jobs import JobRun
from appliance.hosts.links import HostLinks
from appliance.protocol.errors import ApiError
from appliance.protocol.resources import VmState, Waiting
from appliance.services.infrastructure.models import HostRow
from appliance.store.database import Store
from hostagent.protocol import commands as c
from hostagent.protocol.domain import VmRef
from hostagent.protocol.migration import CompleteParams, MigrationRef, SideReport
from hostagent.protocol.migration import MigrationSide as Side

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
ASK_WAIT_S = 1.0
ALIVE = (Side.RUNNING, Side.PAUSED)
FETCHED = (Side.POSTCOPY, Side.BROKEN)

log = structlog.get_logger()


class Verdict(StrEnum):
    """What the answers of both sides mean; `resume` and `break_off` are to be done first. `lost`:
    it broke off after the machine had gone on over there, and its memory is on neither side whole.
    """

    SOURCE = "source"
    DESTINATION = "destination"
    RESUME = "resume"
    BREAK_OFF = "break_off"
    WAIT = "wait"
    LOST = "lost"


class Found(NamedTuple):
    """Where the machine is, and how."""

    where: str  # "source" or "destination"
    state: VmState


def judge(source: SideReport | None, destination: SideReport | None) -> Verdict:
    """What two answers mean; None is a host that cannot be asked."""
    if destination is not None and destination.side == Side.RUNNING:
        return Verdict.DESTINATION
    if source is None:
        return Verdict.WAIT
    if source.side in FETCHED:
        # The destination runs what it has, or did; the rest is here, and may still be fetched.
        if source.is_working or destination is None:
            return Verdict.WAIT
        # The destination's libvirt may not see that the source gives nothing any more.
        is_giving = source.side == Side.POSTCOPY and destination.side == Side.POSTCOPY
        return Verdict.WAIT if is_giving else Verdict.LOST
    if source.is_working or source.side == Side.HELD:
        return Verdict.BREAK_OFF
    if source.side in ALIVE:
        return Verdict.SOURCE
    # The source has it no more: whatever came to the destination is all there is.
    if destination is None:
        return Verdict.WAIT
    if destination.side == Side.PAUSED:
        return Verdict.RESUME
    if destination.side == Side.BROKEN:
        return Verdict.LOST
    if destination.side == Side.POSTCOPY:
        return Verdict.WAIT  # libvirt is about to see that all has come, or that it never will
    if destination.side == Side.HELD:
        return Verdict.WAIT  # libvirt is about to give up what is not whole, or finishes it
    return Verdict.DESTINATION if destination.side == Side.OFF else Verdict.SOURCE


def found(verdict: Verdict, source: SideReport | None, destination: SideReport | None) -> Found:
    """Where a machine is that needs nothing done any more, and how."""
    report = source if verdict == Verdict.SOURCE else destination
    states = {Side.RUNNING: VmState.RUNNING, Side.PAUSED: VmState.PAUSED}
    state = VmState.STOPPED if report is None else states.get(report.side, VmState.STOPPED)
    where = "source" if verdict == Verdict.SOURCE else "destination"
    return Found(where, state)


class _Ask(Protocol):
    async def __call__(self, host_id: str, command: Any, params: Any) -> Any: ...


class Settling:
    """Asks, and does what the answers want."""

    def __init__(self, store: Store, links: HostLinks) -> None:
        self._store = store
        self._links = links

    async def settle(self, run: JobRun) -> Found:
        """Where the machine is. Waits for as long as nobody can know."""
        pause_s = FIRST_PAUSE_S
        tries = 0
        while True:
            source, destination = await asyncio.gather(
                self._look(run, run.data["host_id"]), self._look(run, run.data["destination"])
            )
            verdict = judge(source, destination)
            if verdict == Verdict.WAIT and tries >= STUCK_AFTER and _is_stuck(destination):
                await self._try(run, run.data["destination"], c.MIGRATION_DROP, _ref(run))
            elif verdict == Verdict.RESUME:
                if not run.data["resumes"]:
                    return Found("destination", VmState.PAUSED)
                await self._try(run, run.data["destination"], c.MIGRATION_COMPLETE, _complete(run))
            elif verdict == Verdict.LOST:
                if tries >= STUCK_AFTER and await self._give_up(run):
                    return Found("destination", VmState.STOPPED)
            elif verdict == Verdict.BREAK_OFF:
                await self._try(run, run.data["host_id"], c.MIGRATION_STOP, _ref(run))
            elif verdict != Verdict.WAIT:
                run.wait(None)
                return found(verdict, source, destination)
            self._tell_wait(run, source, destination)
            await asyncio.sleep(pause_s)
            pause_s = min(LONGEST_PAUSE_S, 1.5 * pause_s)
            tries += 1

    async def _give_up(self, run: JobRun) -> bool:
        """End what is left of a machine on both sides; it has written to its disks over there.

        Returns whether both hosts have done so.
        """
        ref = VmRef(vm_id=run.resource_id)
        for host_id in (run.data["host_id"], run.data["destination"]):
            if await self._try(run, host_id, c.DOMAIN_DESTROY, ref) is None:
                return False
        run.note("migration.lost", level="warning")
        run.wait(None)
        return True

    async def _look(self, run: JobRun, host_id: str) -> SideReport | None:
        """None if the host cannot be asked now; one that is no host any more has nothing."""
        known = HostRow.select().where(HostRow.id == host_id)
        if not await self._store.read(known.exists):
            return SideReport(side=Side.ABSENT)
        return await self._try(run, host_id, c.MIGRATION_LOOK, _ref(run))

    async def _try(self, run: JobRun, host_id: str, command: Any, params: Any) -> Any:
        try:
            return await self._links.call(host_id, command, params, wait_s=ASK_WAIT_S)
        except ApiError as error:
            log.info("migration_not_asked", vm=run.resource_id, host=host_id, reason=str(error))
            return None

    def _tell_wait(
        self, run: JobRun, source: SideReport | None, destination: SideReport | None
    ) -> None:
        away = [
            self._links.name_of(run.data[name])
            for name, report in (("host_id", source), ("destination", destination))
            if report is None
        ]
        if away:
            run.wait(Waiting(code="wait.migration", params={"hosts": ", ".join(away)}))


STUCK_AFTER = 12  # looks, about half a minute


def _is_stuck(destination: SideReport | None) -> bool:
    """It holds what will never be whole, as the source has nothing any more."""
    return destination is not None and destination.side == Side.HELD


def _ref(run: JobRun) -> MigrationRef:
    return MigrationRef(migration_id=run.id, vm_id=run.resource_id)


def _complete(run: JobRun) -> CompleteParams:
    return CompleteParams(migration_id=run.id, vm_id=run.resource_id, resumes=run.data["resumes"])
