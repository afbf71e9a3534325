"""Directories of NFS servers, mounted by the agent below a folder of its own.

The options, see nfs(5): a server that is gone shall end in errors, not in processes that nobody
can kill, so mounts are `soft`; a minute (timeo is in tenths of a second, and doubles at each of
the retransmissions over UDP, grows by itself over TCP) is what guests bear well. `nosharecache`
keeps the trouble of one export from the others of its server. Locks are needed: QEMU's locks on
disks hold between hosts because of them. `lookupcache=none`: whether a file is there is asked of
the server each time, as it says which file of a disk is the newest; disks are opened seldom.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from hostagent.protocol.link import CommandFailed
from hostagent.protocol.storage import CheckPathResult
from hostagent.storage.files import SharedDriver
from hostagent.storage.paths import make_folder
from hostagent.storage.specs import spec_of
from hostagent.storage.tools import DidNotAnswer, run

OPTIONS = "nosuid,nodev,noexec,soft,timeo=100,retrans=6,nosharecache,lookupcache=none"
MOUNT_WITHIN_S = 20.0
MOUNTS = Path("/proc/self/mountinfo")
KINDS = frozenset({"nfs", "nfs4"})

_mounting = asyncio.Lock()


class NfsDriver(SharedDriver):
    """`source` is `server:/export`, `path` where it is mounted."""

    async def check(self, *, is_new: bool = False) -> CheckPathResult:
        """Mount it if need be."""
        await self._mount()
        return await super().check(is_new=is_new)

    async def release(self, *, is_gone: bool = False) -> None:
        """Unmount it; raises CommandFailed while machines have files of it open."""
        async with _mounting:
            if not self._is_mounted():
                return
            if is_gone:
                await super().release(is_gone=True)
            await self._run("umount", ["--", self.storage.path], "storage.not_unmounted")
            with contextlib.suppress(OSError):  # what was below the mount is not ours
                Path(self.storage.path).rmdir()

    async def _ready(self) -> None:
        """A directory that is not mounted is never touched: asking the kernel cannot hang."""
        if not self._is_mounted():
            raise CommandFailed(
                "storage.not_mounted",
                f"{self.storage.source} is not mounted",
                path=self.storage.source,
                reason="it is not among the mounts",
            )
        await super()._ready()

    async def _mount(self) -> None:
        async with _mounting:
            if self._is_mounted():
                return
            more = spec_of(self.storage).options
            options = f"{OPTIONS},{more}" if more else OPTIONS
            make_folder(Path(self.storage.path))
            arguments = ["-t", "nfs", "-o", options, "--", self.storage.source, self.storage.path]
            await self._run("mount", arguments, "storage.not_mounted")

    async def _run(self, program: str, arguments: list[str], code: str) -> None:
        source = self.storage.source
        try:
            outcome = await run(program, arguments, within_s=MOUNT_WITHIN_S)
        except DidNotAnswer as error:
            raise CommandFailed(code, str(error), path=source, reason=str(error)) from error
        if outcome.status != 0:
            reason = outcome.complaint or f"exit status {outcome.status}"
            raise CommandFailed(code, f"{source}: {reason}", path=source, reason=reason)

    def _is_mounted(self) -> bool:
        """Whether this very export is mounted there; raises CommandFailed if another one is."""
        found = mounted_at(self.storage.path)
        if found is None:
            return False
        kind, source = found
        if kind not in KINDS or source.rstrip("/") != self.storage.source.rstrip("/"):
            raise CommandFailed(
                "storage.other", f"{source} is mounted there", path=self.storage.path, id=source
            )
        return True


def mounted_at(path: str) -> tuple[str, str] | None:
    """Kind and source of what is mounted at a directory, None if nothing is; see proc(5)."""
    found = None
    for line in MOUNTS.read_text(encoding="utf-8").splitlines():
        before, _, after = line.partition(" - ")
        if _plain(before.split(" ")[4]) == path:
            kind, source = after.split(" ")[:2]
            found = kind, _plain(source)
    return found


def _plain(text: str) -> str:
    """Without the escapes that the kernel writes for blanks."""
    return text.encode("latin-1", "backslashreplace").decode("unicode_escape")
