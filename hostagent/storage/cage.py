"""A cage for programs that read what strangers made: no network, no other files, no rights.

bubblewrap makes namespaces in which there is nothing but /usr and the files that the program is
for, and setpriv runs the program there as a user that owns nothing. Where the system does not
allow this, which is said once in the log, only the limits of `qemu_img.run` hold.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

NOBODY = 65534  # the user and group of nobody on Debian
PROBE_TIMEOUT_S = 10.0
_NAMESPACES = (
    "bwrap",
    *("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"),
    *("--die-with-parent", "--new-session"),
    *("--ro-bind", "/usr", "/usr"),
    *("--symlink", "usr/bin", "/bin", "--symlink", "usr/sbin", "/sbin"),
    *("--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"),
    *("--proc", "/proc", "--dev", "/dev"),
)
_NO_RIGHTS = (
    "setpriv",
    *(f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
    *("--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--"),
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Cage:
    """The only files that a program sees. Those in `writes` must be there and be nobody's."""

    reads: Sequence[Path] = ()
    writes: Sequence[Path] = ()

    async def around(self, words: Sequence[str]) -> list[str]:
        """The command line that runs `words` in the cage, or as they are if there can be none."""
        if not await _can_be_made():
            return list(words)
        return [*_NAMESPACES, *self._files(), *_NO_RIGHTS, *words]

    def _files(self) -> list[str]:
        folders = {folder for path in (*self.reads, *self.writes) for folder in path.parents}
        made = [
            word
            for folder in sorted(folders - {Path("/")})
            for word in ("--perms", "0755", "--dir", str(folder))
        ]
        reads = [word for path in self.reads for word in ("--ro-bind", str(path), str(path))]
        writes = [word for path in self.writes for word in ("--bind", str(path), str(path))]
        return [*made, *reads, *writes]


async def give_to_nobody(path: Path) -> None:
    """Let a program in a cage write into this file."""
    if await _can_be_made():
        os.chown(path, NOBODY, NOBODY)


async def take_back(path: Path) -> None:
    """The file is root's again."""
    if await _can_be_made():
        os.chown(path, 0, 0)


_verdict: bool | None = None


async def _can_be_made() -> bool:
    global _verdict
    if _verdict is None:
        reason = await _probe()
        _verdict = not reason
        if reason:
            log.warning("images_are_not_caged", reason=reason, remedy="install bubblewrap")
    return _verdict


async def _probe() -> str:
    """Why there can be no cage; empty if there can."""
    if os.geteuid() != 0:
        return "the agent does not run as root"
    try:
        process = await asyncio.create_subprocess_exec(
            *_NAMESPACES,
            *_NO_RIGHTS,
            "true",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        return str(error)
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            _, complaint = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return "bubblewrap does not answer"
    return "" if process.returncode == 0 else complaint.decode(errors="replace").strip() or "failed"
