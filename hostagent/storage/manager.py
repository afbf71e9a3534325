"""The primary storages of this host: connected, watched, and what is secret about them kept.

The service says which there are, as one document. What the agent needs to reach them again is
kept in its own folder, so that it watches them before the service has come back.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import structlog

from hostagent.protocol.link import CommandFailed
from hostagent.protocol.storage import (
    CheckPathResult,
    PrepareParams,
    StorageDocument,
    StorageRef,
    StorageReport,
    StorageSpec,
    StorageStatus,
)
from hostagent.storage.drivers import driver_for

LOOK_EVERY_S = 4.0
LOOK_WITHIN_S = 6.0  # a storage that needs longer for a few bytes is of no use to a machine
KEPT = "storages.json"

log = structlog.get_logger()

Tell = Callable[[StorageStatus], None]
Keep = Callable[[StorageSpec], Awaitable[None]]


class Storages:
    """Connects the host's storages and looks after them.

    `tell` hears of each change of a storage's status; `learn` gets what is secret about each
    before it is used.
    """

    def __init__(self, folder: Path, tell: Tell, learn: Keep) -> None:
        self._file = folder / KEPT
        self._tell = tell
        self._learn = learn
        self._specs: dict[str, StorageSpec] = {}
        self._statuses: dict[str, StorageStatus] = {}
        self._watchers: dict[str, asyncio.Task[None]] = {}
        self._applying = asyncio.Lock()

    async def start(self) -> None:
        """Watch what was known before the agent ended."""
        if self._file.exists():
            document = msgspec.json.decode(self._file.read_bytes(), type=StorageDocument)
            for spec in document.storages:
                self._watch(spec)
            await self.learn_again()

    async def stop(self) -> None:
        """Watch no more; storages stay connected, as machines use them."""
        watchers = list(self._watchers.values())
        for task in watchers:
            task.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)

    async def prepare(self, params: PrepareParams) -> CheckPathResult:
        """Find out whether this host can use a storage; the first host of a new one marks it.

        Raises CommandFailed, and then leaves nothing behind.
        """
        await self._learn(params.spec)
        driver = driver_for(params.spec.storage)
        try:
            return await driver.check(is_new=params.is_new)
        except CommandFailed:
            if params.spec.storage.storage_id not in self._specs:
                await driver.release(is_gone=params.is_new)
            raise

    async def apply(self, document: StorageDocument) -> StorageReport:
        """Have exactly these storages; tells how each of them is."""
        async with self._applying:
            wanted = {spec.storage.storage_id: spec for spec in document.storages}
            for ref in self._specs.keys() - wanted.keys():
                await self._leave(self._specs[ref].storage)
            for spec in wanted.values():
                self._watch(spec)
            self._keep()
            await self.learn_again()
            return StorageReport(
                storages=list(await asyncio.gather(*map(self._look, wanted.values())))
            )

    async def leave(self, storage: StorageRef, *, is_gone: bool) -> None:
        """Give a storage back; `is_gone` says that no host has it any more."""
        async with self._applying:
            await self._leave(storage, is_gone=is_gone)
            self._keep()

    async def learn_again(self) -> None:
        """Whoever is told of secrets has forgotten them, as libvirt does when it restarts."""
        for spec in list(self._specs.values()):
            try:
                await self._learn(spec)
            except CommandFailed as error:  # what it is not told now, it is told when it is back
                log.warning("storage_not_told", storage=spec.storage.storage_id, reason=str(error))

    async def _leave(self, storage: StorageRef, *, is_gone: bool = False) -> None:
        ref = storage.storage_id
        watcher = self._watchers.pop(ref, None)
        if watcher is not None:
            watcher.cancel()
        self._specs.pop(ref, None)
        self._statuses.pop(ref, None)
        try:
            await driver_for(storage).release(is_gone=is_gone)
        except CommandFailed as error:  # it is in use still, or does not answer
            if is_gone:
                raise
            log.warning("storage_not_left", storage=ref, reason=str(error))

    def _watch(self, spec: StorageSpec) -> None:
        ref = spec.storage.storage_id
        self._specs[ref] = spec
        if ref not in self._watchers:
            self._watchers[ref] = asyncio.create_task(self._look_often(ref), name=f"watch {ref}")

    async def _look_often(self, ref: str) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            before = self._statuses.get(ref)
            status = await self._look(self._specs[ref])
            if before is None or (before.is_connected, before.code) != (
                status.is_connected,
                status.code,
            ):
                log.info("storage_status", storage=ref, connected=status.is_connected)
                self._tell(status)

    async def _look(self, spec: StorageSpec) -> StorageStatus:
        """Really write to the storage, and note how it is."""
        ref = spec.storage.storage_id
        try:
            async with asyncio.timeout(LOOK_WITHIN_S):
                sizes = await driver_for(spec.storage).check()
        except (CommandFailed, TimeoutError, OSError) as error:
            status = _broken(ref, error)
        else:
            status = StorageStatus(
                storage_id=ref,
                is_connected=True,
                total_bytes=sizes.total_bytes,
                available_bytes=sizes.available_bytes,
            )
        self._statuses[ref] = status
        return status

    def _keep(self) -> None:
        document = StorageDocument(storages=list(self._specs.values()))
        temporary = self._file.with_suffix(".new")
        temporary.unlink(missing_ok=True)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(handle, msgspec.json.encode(document))
            os.fsync(handle)
        finally:
            os.close(handle)
        temporary.replace(self._file)


def _broken(ref: str, error: Exception) -> StorageStatus:
    code = error.code if isinstance(error, CommandFailed) else "storage.hangs"
    reason = str(error) or "no answer in time"
    return StorageStatus(storage_id=ref, is_connected=False, code=code, reason=reason)
