"""What the agent inside a guest can do for us, over its virtio channel.

A guest may have no agent, or one that hangs, or one that lies: each question ends within some
seconds, and only a few are open at once, so that no guest keeps libvirt's threads from the others.
What is answered is text of the guest: it is cut to a bearable length, and shown, never obeyed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import libvirt
import structlog

from hostagent.libvirt.domains import Domains
from hostagent.libvirt.guesttelling import guest_info, is_linked
from hostagent.protocol.domain import VmRef
from hostagent.protocol.guest import GuestInfo, GuestPassword
from hostagent.protocol.link import CommandFailed

ANSWERS_WITHIN_S = 5
FREEZES_WITHIN_S = 10  # the guest writes what it has not written yet
AT_ONCE = 3
THAW_ATTEMPTS = 3
# No agent is there, or it does not answer in time.
SILENT = frozenset({libvirt.VIR_ERR_AGENT_UNRESPONSIVE, libvirt.VIR_ERR_AGENT_UNSYNCED})

log = structlog.get_logger(__name__)


class GuestAgents:
    """The agents inside the guests of this host.

    `folder` keeps a note of each guest that stands still: it goes on even if we die meanwhile.
    """

    def __init__(self, domains: Domains, folder: Path) -> None:
        self._domains = domains
        self._folder = folder
        self._places = asyncio.Semaphore(AT_ONCE)
        self._standing: set[str] = set()  # by us, now

    async def info(self, params: VmRef) -> GuestInfo:
        """What the guest tells of itself."""
        try:
            told = await self._ask(params.vm_id, ANSWERS_WITHIN_S, lambda vm: vm.guestInfo(0, 0))
        except (_Absent, _Silent):
            return GuestInfo(is_answering=False)
        except _Refused as error:
            raise CommandFailed("guest.no_answer", str(error), reason=str(error)) from None
        return guest_info(told)

    async def set_password(self, params: GuestPassword) -> None:
        """Give a user of the guest another password.

        Raises CommandFailed if no agent answers, or the guest refuses.
        """

        def change(domain: Any) -> None:
            domain.setUserPassword(params.user, params.password, 0)

        try:
            await self._ask(params.vm_id, ANSWERS_WITHIN_S, change)
        except (_Absent, _Silent) as error:
            raise CommandFailed("guest.no_agent", str(error)) from None
        except _Refused as error:
            raise CommandFailed(
                "guest.password_refused", str(error), user=params.user, reason=str(error)
            ) from None

    @contextlib.asynccontextmanager
    async def still(self, vm_id: str) -> AsyncIterator[int]:
        """Let the guest write everything down and stand still while the block is run.

        Yields how many file systems stand still: 0 if the machine is off, no agent answers, or it
        could not do it; the block is run all the same. Keep it short: the guest's programs wait.
        """
        note = self._folder / vm_id
        self._standing.add(vm_id)
        try:
            yield await self._freeze(vm_id, note)
        finally:
            if note.exists():
                await asyncio.shield(self._thaw(vm_id, note))
            self._standing.discard(vm_id)

    async def thaw_forgotten(self) -> None:
        """Let those guests go on that stand still since an agent of this host died."""
        for note in sorted(self._folder.glob("*")):
            if note.name not in self._standing:
                await self._thaw(note.name, note)

    async def _freeze(self, vm_id: str, note: Path) -> int:
        note.parent.mkdir(mode=0o700, exist_ok=True)
        note.touch()
        try:
            return await self._ask(vm_id, FREEZES_WITHIN_S, lambda domain: domain.fsFreeze(None, 0))
        except _Absent as error:
            note.unlink()
            log.info("guest_not_frozen", vm=vm_id, reason=str(error))
        except (_Silent, _Refused) as error:
            log.warning("guest_not_frozen", vm=vm_id, reason=str(error))
            await self._thaw(vm_id, note)  # its answer may only be late
        return 0

    async def _thaw(self, vm_id: str, note: Path) -> None:
        """Thawing a guest that does not stand still does nothing.

        The note of one that does not answer stays: it is asked again when libvirt comes up.
        """
        for _ in range(THAW_ATTEMPTS):
            try:
                await self._ask(vm_id, FREEZES_WITHIN_S, lambda domain: domain.fsThaw(None, 0))
            except _Silent as error:
                log.warning("guest_not_thawed", vm=vm_id, reason=str(error))
                continue
            except (_Absent, _Refused) as error:
                log.info("guest_not_thawed", vm=vm_id, reason=str(error))
            note.unlink(missing_ok=True)
            return

    async def _ask(self, vm_id: str, within_s: int, question: Callable[[Any], Any]) -> Any:
        """Raises _Absent, _Silent or _Refused."""

        def ask(domain: Any) -> Any:
            if not is_linked(domain.XMLDesc()):
                raise _Absent("the guest has no agent that listens")
            domain.agentSetResponseTimeout(within_s, 0)
            try:
                return question(domain)
            except libvirt.libvirtError as error:
                reason = error.get_error_message() or str(error)
                raise (_Silent if error.get_error_code() in SILENT else _Refused)(reason) from None

        async with self._places:
            try:
                return await self._domains.with_domain(vm_id, ask)
            except CommandFailed as error:
                if error.code == "domain.not_running":
                    raise _Absent(error.message) from None
                raise


class _Silent(Exception):
    """An agent is there, and does not answer in time."""


class _Absent(Exception):
    """The machine is off, or has no agent."""


class _Refused(Exception):
    """The agent answered, and refused."""
