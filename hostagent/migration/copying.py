"""Disks of machines that are off, copied from host to host over the way of a migration.

The destination's end is qemu-nbd, the source's qemu-img: both keep QEMU's locks on the files, so
nobody else writes to them meanwhile. What was copied is compared before anything is deleted.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from hostagent.migration.way import Credentials, Exit, disk_channel, socket_path
from hostagent.protocol.link import CommandFailed
from hostagent.protocol.migration import CopyParams
from hostagent.protocol.storage import VolumeRef
from hostagent.storage import qemu_img
from hostagent.storage.drivers import driver_for

READY_WITHIN_S = 20.0
LOOK_EVERY_S = 0.05
# Else one that an agent has left behind would keep its locks for ever.
ENDS_WITH_AGENT = ("setpriv", "--pdeathsig", "TERM", "--")
ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


class Receiver:
    """The destination's servers, one for each disk."""

    def __init__(self) -> None:
        self._servers: list[asyncio.subprocess.Process] = []

    async def start(self, migration_id: str, volumes: Sequence[VolumeRef]) -> None:
        """Serve the disks; raises CommandFailed if one cannot be opened."""
        for number, volume in enumerate(volumes):
            path = socket_path(migration_id, disk_channel(number))
            server = await asyncio.create_subprocess_exec(
                *ENDS_WITH_AGENT,
                *("qemu-nbd", "--socket", str(path), "--format", "qcow2", "--persistent"),
                *("--shared", "1", "--cache", "writeback", "--discard", "unmap"),
                *("--detect-zeroes", "unmap", driver_for(volume.storage).path_of(volume)),
                stdin=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env=ENVIRONMENT,
            )
            self._servers.append(server)
            await _is_ready(server, path)

    async def stop(self) -> None:
        """Let go of the disks; what was written is on them."""
        for server in self._servers:
            with contextlib.suppress(ProcessLookupError):
                server.terminate()
        await asyncio.gather(*(server.wait() for server in self._servers))
        self._servers.clear()


async def send(
    params: CopyParams, credentials: Credentials, report: Callable[[int, int, str], None]
) -> None:
    """Fill the other host's disks and compare them; raises CommandFailed."""
    channels = [disk_channel(number) for number in range(len(params.volumes))]
    out = Exit(params.migration_id, params.way, credentials)
    control = await asyncio.to_thread(out.open, (os.getuid(), os.getgid()), channels)
    try:
        for number, volume in enumerate(params.volumes):
            await _copy(params.migration_id, number, volume, len(channels), report)
    except qemu_img.QemuImgFailed as error:
        raise CommandFailed("migration.copy_failed", str(error), reason=str(error)) from error
    finally:
        control.close()
        await asyncio.to_thread(out.close)


async def _copy(
    migration_id: str,
    number: int,
    volume: VolumeRef,
    count: int,
    report: Callable[[int, int, str], None],
) -> None:
    source = driver_for(volume.storage).path_of(volume)
    target = f"nbd+unix:///?socket={socket_path(migration_id, disk_channel(number))}"
    # Each disk is so many hundreds; comparing is the second half of each.
    done = 200 * number

    def tell(percent: float) -> None:
        report(done + round(percent), 200 * count, "percent")

    await qemu_img.run(
        ["convert", "-p", "-n", "-f", "qcow2", "-O", "raw", source, target],
        timeout_s=qemu_img.CONVERT_TIMEOUT_S,
        on_percent=tell,
    )
    await qemu_img.run(
        ["compare", "-p", "-f", "qcow2", "-F", "raw", source, target],
        timeout_s=qemu_img.CONVERT_TIMEOUT_S,
        on_percent=lambda percent: tell(100 + percent),
    )


async def _is_ready(server: asyncio.subprocess.Process, path: Path) -> None:
    """Wait until it listens."""
    assert server.stderr is not None
    async with asyncio.timeout(READY_WITHIN_S):
        while not path.exists():
            if server.returncode is not None:
                said = (await server.stderr.read()).decode(errors="replace").strip()
                reason = said or "qemu-nbd ended"
                raise CommandFailed("migration.copy_failed", reason, reason=reason)
            await asyncio.sleep(LOOK_EVERY_S)
