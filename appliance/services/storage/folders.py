"""Giving directories back on hosts once their storage is deleted, however long that takes."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

import msgspec

from appliance.engine.jobs import JobDefinition, JobRun, Step
from appliance.engine.models import CleanupRow
from appliance.protocol.errors import Conflict
from appliance.services.common import link_wait_s
from appliance.services.infrastructure.models import HostRow
from appliance.services.parts import Parts
from appliance.services.storage.caches import Caches, copies_at
from appliance.services.storage.models import ImageStoreRow, PrimaryStorageRow
from appliance.services.storage.reach import storages_of
from appliance.services.storage.refs import is_shared, ref_of
from appliance.store.database import Transaction
from appliance.store.fields import now_ms
from hostagent.protocol.commands import STORAGE_LEAVE, STORAGE_RELEASE
from hostagent.protocol.storage import LeaveParams, ReleaseParams, StorageRef

# How long machines that are no hosts any more may stay away until they are given up.
GIVEN_UP_AFTER_MS = 24 * 3600 * 1000
OPERATIONS = ("image_store.delete", "primary_storage.delete")


class Folders:
    """Directories of deleted storages: clean-up work, tried at once."""

    def __init__(self, parts: Parts, caches: Caches) -> None:
        self._store = parts.store
        self._links = parts.hosts
        self._cleanup = parts.runner.cleanup
        self._caches = caches
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        steps = (Step("give_back_folder", self._give_back, forward_only=True),)
        self._definitions = {
            name: parts.runner.define(JobDefinition(operation=name, steps=steps))
            for name in OPERATIONS
        }

    def leave(
        self, tx: Transaction, row: ImageStoreRow | PrimaryStorageRow, hosts: list[str]
    ) -> list[str]:
        """Note that a storage's directory is to be given back; returns what to `attempt`."""
        data: dict[str, Any] = {"path": row.path, "until": now_ms() + GIVEN_UP_AFTER_MS}
        kind = "image_store"
        if isinstance(row, PrimaryStorageRow):
            kind = "primary_storage"
            data["storage"] = msgspec.to_builtins(ref_of(row))
        definition = self._definitions[f"{kind}.delete"]
        return [
            self._cleanup.leave(tx, definition, row.id, row.name, data | {"host_id": ref})
            for ref in hosts
        ]

    async def _give_back(self, run: JobRun) -> None:
        host_id, path = run.data["host_id"], run.data["path"]
        if await self._store.read(lambda: self._is_needless(run.data)):
            return
        if await self._store.read(lambda: _is_more_left(host_id)):
            raise Conflict("host.cleanup_first", name=self._links.name_of(host_id))
        wait_s = link_wait_s(run)
        if "storage" not in run.data:
            await self._links.call(
                host_id, STORAGE_RELEASE, ReleaseParams(path=path), wait_s=wait_s
            )
            return
        storage = msgspec.convert(run.data["storage"], StorageRef)
        # What hosts share only one of them deletes, while all still know the storage.
        async with self._turns[storage.storage_id if is_shared(storage.kind) else host_id]:
            copies = await self._store.read(lambda: copies_at(host_id, storage))
            await self._caches.drop(copies, wait_s=wait_s, by=host_id)
        params = LeaveParams(storage=storage, is_gone=True)
        await self._links.call(host_id, STORAGE_LEAVE, params, wait_s=wait_s)

    def _is_needless(self, data: dict[str, Any]) -> bool:
        """Whether the directory is in use again, or its machine is gone for good."""
        host = HostRow.get_or_none(HostRow.id == data["host_id"])
        stores = ImageStoreRow.select().where(
            ImageStoreRow.host == data["host_id"], ImageStoreRow.path == data["path"]
        )
        if host is None:
            is_away = not self._links.is_connected(data["host_id"])
            return is_away and now_ms() > data["until"]
        return stores.exists() or any(
            row.path == data["path"] for row in storages_of(host.cluster_id) if row.path
        )


def _is_more_left(host_id: str) -> bool:
    """Whether there may be files that other clean-up work is going to delete."""
    others = CleanupRow.select().where(CleanupRow.operation.not_in(OPERATIONS))
    return any(row.data.get("host_id") == host_id for row in others)
