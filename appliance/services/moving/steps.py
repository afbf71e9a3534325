"""The steps of moving a volume. Each bears being repeated.

The volume is copied whole and compared; then its row changes places in one transaction; only after
that the old copy is deleted. So whatever dies, the row names one whole copy. Until a copy is
deleted it claims its space.

While a machine has it open, its host copies it (`hostagent/libvirt/mirroring.py` says how one knows
which copy is the newest). Whether the machine has gone on with the copy is asked of the host before
anything is deleted: `where` says it, once it is known.

A copy shares nothing with an image: a root disk that has moved takes all that it holds.
"""

from __future__ import annotations

from typing import Any

from msgspec import convert

from appliance.engine.jobs import JobRun
from appliance.hosts.links import HostLinks
from appliance.protocol.errors import ApiError
from appliance.services.common import link_wait_s
from appliance.services.hardware import keeping
from appliance.services.migration.addresses import addresses_between
from appliance.services.moving import rows
from appliance.services.settings import MIGRATION_PORT_FIRST, MIGRATION_PORT_LAST
from appliance.services.storage.caches import Caches, unneeded_copies
from appliance.services.storage.fullness import refuse_if_full
from appliance.services.storage.reach import host_for
from appliance.services.volumes.holding import give_back
from appliance.store.database import Store, Transaction
from hostagent.protocol import commands as c
from hostagent.protocol.migration import ListenResult
from hostagent.protocol.moves import (
    MirrorParams,
    MoveSide,
    TransferParams,
    VolumeListenParams,
    VolumeMoveRef,
    VolumeSendParams,
)
from hostagent.protocol.storage import CreateEmptyParams, VolumeInfo, VolumeRef


class MovingSteps:
    """What is done on hosts and in the database."""

    def __init__(self, store: Store, links: HostLinks, settings: Any) -> None:
        self._store = store
        self._links = links
        self._settings = settings
        self._caches = Caches(store, links)

    async def hold(self, run: JobRun) -> None:
        """The row has named the job, and the new place has been claimed, since its acceptance."""

    async def give_back(self, run: JobRun) -> None:
        """The volume rests where it was, and claims nothing elsewhere."""

        def back(tx: Transaction) -> None:
            rows.release_copy(tx, run)
            give_back(tx, run)

        await self._store.write(back)

    async def copy(self, run: JobRun) -> None:
        """Let a host that reaches both places copy the volume, and compare."""
        params = TransferParams(
            source=_source(run), target=_target(run), size_bytes=run.data["size_bytes"]
        )
        info = await self._call(
            run, run.data["host_id"], c.VOLUME_TRANSFER, params, report=run.report,
            code="move.copy_failed",
        )  # fmt: skip
        run.data["used_bytes"] = info.used_bytes
        await self._carry_firmware(run)

    async def carry(self, run: JobRun) -> None:
        """Let the volume's host fill a volume of the other one over an encrypted way, and
        compare.
        """
        there, move = run.data["there"], VolumeMoveRef(move_id=run.id)
        empty = CreateEmptyParams(volume=_target(run), size_bytes=run.data["size_bytes"])
        await self._call(run, there, c.VOLUME_CREATE_EMPTY, empty)
        way = await self._listen(run)
        params = VolumeSendParams(move_id=run.id, way=way, volume=_source(run))
        try:
            await self._call(
                run, run.data["host_id"], c.VOLUME_SEND, params, report=run.report,
                code="migration.copy_failed",
            )  # fmt: skip
        except ApiError:
            # Only local storages are carried to, and these are directories.
            path = _target(run).storage.path
            await refuse_if_full(self._links, run, there, path)
            raise
        await self._call(run, there, c.VOLUME_END, move)  # what was written is on its disk
        info: VolumeInfo = await self._call(run, there, c.VOLUME_INFO, _target(run))
        run.data["used_bytes"] = info.used_bytes
        await self._carry_firmware(run)

    async def mirror(self, run: JobRun) -> None:
        """Let the machine go on with the disk in its new place."""
        info = await self._call(
            run, run.data["host_id"], c.VOLUME_MIRROR, _mirror(run), report=run.report,
            code="move.copy_failed",
        )  # fmt: skip
        run.data |= {"where": MoveSide.TARGET, "used_bytes": info.used_bytes}

    async def stay(self, run: JobRun) -> None:
        """Find out which copy counts, and delete the other one. Waits for the machine's host:
        nobody else can know.
        """
        if await self._store.read(lambda: rows.lies_at(run.resource_id, run.data["new"])):
            await self.delete_old(run)
            return
        found = await self._call(run, run.data["host_id"], c.VOLUME_SETTLE, _mirror(run))
        run.data["where"] = found.side
        if found.side == MoveSide.SOURCE:
            await self.delete_copy(run)
            return
        run.data.setdefault("used_bytes", None)
        await self.switch(run)
        await self.delete_old(run)

    async def delete_copy(self, run: JobRun) -> None:
        """What came to the new place goes; the volume is in the old one."""
        if await self._store.read(lambda: rows.lies_at(run.resource_id, run.data["new"])):
            return
        there = run.data["there"]
        if run.data["host_id"] != there:
            await self._call(run, there, c.VOLUME_END, VolumeMoveRef(move_id=run.id))
        await self._call(run, there, c.VOLUME_DELETE, _target(run))
        await self._forget_firmware(run, "to", "target")

    async def switch(self, run: JobRun) -> None:
        """The volume is in its new place from now on."""
        await self._store.write(lambda tx: rows.switch(tx, run))

    async def delete_old(self, run: JobRun) -> None:
        """Delete what is left in the old place; then it claims nothing there any more."""
        if not await self._store.read(lambda: rows.lies_at(run.resource_id, run.data["old"])):
            host_id = await self._store.read(lambda: _worker_of_old(run))
            await self._call(run, host_id, c.VOLUME_DELETE, _source(run))
            await self._forget_firmware(run, "from", "source")
        await self._store.write(lambda tx: rows.release_copy(tx, run))
        await self._drop_cache(run)

    async def _carry_firmware(self, run: JobRun) -> None:
        """With its root disk goes what the machine's firmware and TPM have kept."""
        way = run.data.get("firmware")
        if way is not None:
            way = way | {"source": run.data["source"], "target": run.data["target"]}
            await keeping.carry(self._links, run, way["vm_id"], way)

    async def _forget_firmware(self, run: JobRun, end: str, volume: str) -> None:
        way = run.data.get("firmware")
        if way is not None:
            await keeping.forget(self._links, run, way["vm_id"], way[end], run.data[volume])

    async def _listen(self, run: JobRun) -> ListenResult:
        there = run.data["there"]
        addresses = await self._store.read(lambda: addresses_between(run.data["host_id"], there))
        params = VolumeListenParams(
            migration_id=run.id,
            source_host_id=run.data["host_id"],
            addresses=addresses,
            ports=(
                self._settings.get(MIGRATION_PORT_FIRST),
                self._settings.get(MIGRATION_PORT_LAST),
            ),
            received=[_target(run)],
        )
        return await self._call(run, there, c.VOLUME_LISTEN, params)

    async def _drop_cache(self, run: JobRun) -> None:
        """The last disk on the cached copy of an image that is gone takes the copy along."""
        old, image_id = run.data["old"], run.data["image_id"]
        if not image_id:
            return
        copies = await self._store.read(
            lambda: unneeded_copies(host_id=old["host_id"], image_id=image_id)
        )
        there = [copy for copy in copies if copy.storage.storage_id == old["storage_id"]]
        await self._caches.drop(there, wait_s=link_wait_s(run), by=run.data["host_id"])

    async def _call(
        self, run: JobRun, host_id: str, command: c.Command[Any, Any], params: Any, **how: Any
    ) -> Any:
        return await self._links.call(
            host_id, command, params, on_wait=run.wait, wait_s=link_wait_s(run), **how
        )


def _mirror(run: JobRun) -> MirrorParams:
    return MirrorParams(
        source=_source(run),
        target=_target(run),
        size_bytes=run.data["size_bytes"],
        vm_id=run.data["vm_id"],
        is_paused=run.data["is_paused"],
    )


def _source(run: JobRun) -> VolumeRef:
    return convert(run.data["source"], VolumeRef)


def _target(run: JobRun) -> VolumeRef:
    return convert(run.data["target"], VolumeRef)


def _worker_of_old(run: JobRun) -> str:
    """The host that deletes the old copy: what hosts share, any of them can."""
    old = run.data["old"]
    return old["host_id"] or host_for(old["storage_id"], run.data["host_id"])
