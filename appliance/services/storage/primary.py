"""Operations on primary storages, and how hosts are told of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextvars import Context
from typing import Any

import structlog

from appliance.engine.calls import Call
from appliance.protocol import requests as q
from appliance.protocol.errors import ApiError, Conflict, InvalidInput, NoResources
from appliance.protocol.ids import new_id
from appliance.protocol.resources import State
from appliance.protocol.storages import PrimaryStorageCreate, StorageCluster
from appliance.services.common import chosen_id, create_once, find, refuse_if_used, updater
from appliance.services.infrastructure.models import ClusterRow, hosts_of
from appliance.services.parts import Parts
from appliance.services.settings import STORAGE_RATIO, STORAGE_THRESHOLD
from appliance.services.storage.caches import Caches, unneeded_copies_in
from appliance.services.storage.folders import Folders
from appliance.services.storage.kinds import columns_of
from appliance.services.storage.models import (
    PrimaryStorageRow,
    StorageClusterRow,
    StoragePlaceRow,
)
from appliance.services.storage.places import change_limits, forget_places, note_place
from appliance.services.storage.reach import (
    clusters_of,
    forget_hosts,
    hosts_of_storage,
    note_status,
    storages_of,
    storages_on,
)
from appliance.services.storage.refs import ref_of
from appliance.store.database import Transaction
from appliance.store.fields import database
from hostagent.protocol.commands import STORAGE_APPLY, STORAGE_LEAVE, STORAGE_PREPARE
from hostagent.protocol.storage import (
    CheckPathResult,
    LeaveParams,
    PrepareParams,
    StorageDocument,
    StorageSpec,
    StorageStatus,
)

NEEDED_BYTES = 1024**3

log = structlog.get_logger()

Prepared = dict[str, CheckPathResult]


class PrimaryStorages:
    """Primary storages: made, used by clusters, watched by hosts."""

    def __init__(self, parts: Parts, caches: Caches, folders: Folders) -> None:
        self._store = parts.store
        self._links = parts.hosts
        self._settings = parts.settings
        self._sealer = parts.sealer
        self._cleanup = parts.runner.cleanup
        self._caches = caches
        self._folders = folders
        self._tasks: set[asyncio.Task[None]] = set()
        bind = parts.registry.bind
        bind("primary_storage.create", self._create)
        bind(
            "primary_storage.update",
            updater(parts.store, PrimaryStorageRow, "primary_storage", change_limits),
        )
        bind("primary_storage.attach_cluster", self._attach)
        bind("primary_storage.detach_cluster", self._detach)
        bind("primary_storage.enable", self._setter(State.ENABLED))
        bind("primary_storage.disable", self._setter(State.DISABLED))
        bind("primary_storage.reconnect", self._reconnect)
        bind("primary_storage.clean_cache", self._clean_cache)
        bind("primary_storage.delete", self._delete)
        parts.hosts.on_event("storage.status", self._hear)

    # Making and deleting

    async def _create(self, call: Call, request: PrimaryStorageCreate) -> Any:
        ref = chosen_id(request)
        values = columns_of(request, ref)
        row = PrimaryStorageRow(id=ref, **values)
        if request.key:
            row.sealed_key = self._sealer.seal(request.key.strip(), ref)
        is_new = await self._store.read(lambda: self._may_be_made(row, request))
        found = await self._prepare(row, request.cluster_id, is_new=is_new)
        limits = {
            "ratio": self._settings.get(STORAGE_RATIO),
            "threshold": self._settings.get(STORAGE_THRESHOLD),
            "total_bytes": 0,
            "available_bytes": 0,
            "state": State.ENABLED,
        }

        def create(tx: Transaction) -> Any:
            if self._may_be_made(row, request):
                kept = values | limits | {"sealed_key": row.sealed_key}
                storage, _ = create_once(PrimaryStorageRow, ref, kept)
                tx.touch("primary_storage", ref)
            else:
                storage, _ = create_once(PrimaryStorageRow, ref, values)
            self._note(tx, storage, found)
            return self._store.kinds.render_one("primary_storage", ref)

        try:
            shown = await self._store.write(create)
        except ApiError:
            if is_new:
                await self._take_back(row, list(found))
            raise
        self._tell_soon(list(found))
        return shown

    def _may_be_made(self, row: PrimaryStorageRow, request: PrimaryStorageCreate) -> bool:
        """Whether it is new; raises ApiError if it cannot be made at all."""
        find(ClusterRow, request.cluster_id, "cluster", field="cluster_id")
        _refuse_taken(row, request.cluster_id)
        return PrimaryStorageRow.get_or_none(PrimaryStorageRow.id == row.id) is None

    async def _prepare(self, row: PrimaryStorageRow, cluster_id: str, *, is_new: bool) -> Prepared:
        """Let a cluster's hosts try the storage; raises what is wrong.

        What hosts share is marked by one of them, so that the others can tell that it is the same.
        """
        hosts = await self._store.read(lambda: hosts_of(cluster_id))
        connected = [host_id for host_id in hosts if self._links.is_connected(host_id)]
        if not row.is_shared:
            return await self._try(row, connected, is_new=is_new)
        if not connected:
            raise Conflict("storage.no_host", field="cluster_id", name=row.name)
        first, *others = connected
        if not is_new:
            return await self._try(row, connected, is_new=False)
        found = await self._try(row, [first], is_new=True)
        try:
            return found | await self._try(row, others, is_new=False)
        except ApiError:
            await self._take_back(row, connected)
            raise

    async def _try(
        self, row: PrimaryStorageRow, host_ids: Sequence[str], *, is_new: bool
    ) -> Prepared:
        params = PrepareParams(spec=self._spec(row), is_new=is_new)
        calls = (self._try_on(host_id, params) for host_id in host_ids)
        return dict(zip(host_ids, await asyncio.gather(*calls), strict=True))

    async def _try_on(self, host_id: str, params: PrepareParams) -> CheckPathResult:
        try:
            result = await self._links.call(host_id, STORAGE_PREPARE, params)
        except ApiError as error:
            # Hosts know no requests; what they say of a storage is about what was asked for.
            if error.code.startswith(("path.", "storage.")):
                error.field = "source" if params.spec.storage.source else "path"
            raise
        if result.available_bytes < NEEDED_BYTES:
            raise NoResources(
                "path.no_space",
                field="path",
                path=params.spec.storage.path or params.spec.storage.source,
                available_bytes=result.available_bytes,
                needed_bytes=NEEDED_BYTES,
            )
        return result

    async def _take_back(self, row: PrimaryStorageRow, host_ids: Sequence[str]) -> None:
        """Nothing stays of a storage that was not made; a mark that does says whose it is."""
        if not row.is_shared:
            return
        for host_id in host_ids:
            params = LeaveParams(storage=ref_of(row), is_gone=True)
            try:
                await self._links.call(host_id, STORAGE_LEAVE, params)
            except ApiError as error:
                log.warning("storage_not_left", storage=row.id, host=host_id, reason=str(error))

    def _note(self, tx: Transaction, storage: PrimaryStorageRow, found: Prepared) -> None:
        for host_id, sizes in found.items():
            note_place(tx, storage, host_id, sizes)
            note_status(tx, host_id, StorageStatus(storage_id=storage.id, is_connected=True))

    async def _delete(self, call: Call, _: q.Empty) -> None:
        def delete(tx: Transaction) -> tuple[list[str], list[str]]:
            row = find(PrimaryStorageRow, call.target, "primary_storage")
            refuse_if_used(row.name, _volumes_on(row.id), "volume")
            hosts = hosts_of_storage(row.id)
            forget_places(tx, StoragePlaceRow.primary_storage == row.id)
            row.delete_instance()
            tx.touch("primary_storage", row.id)
            return self._folders.leave(tx, row, hosts), hosts

        work, hosts = await self._store.write(delete)
        await self._cleanup.attempt(work)
        self._tell_soon(hosts)

    # Clusters

    async def _attach(self, call: Call, request: StorageCluster) -> Any:
        row = await self._store.read(lambda: self._attachable(call.target, request.cluster_id))
        found = await self._prepare(row, request.cluster_id, is_new=False)

        def attach(tx: Transaction) -> Any:
            storage = self._attachable(call.target, request.cluster_id)
            StorageClusterRow.create(
                id=new_id(), primary_storage=storage.id, cluster=request.cluster_id
            )
            self._note(tx, storage, found)
            tx.touch("primary_storage", storage.id)
            return self._store.kinds.render_one("primary_storage", storage.id)

        shown = await self._store.write(attach)
        self._tell_soon(list(found))
        return shown

    def _attachable(self, storage_id: str, cluster_id: str) -> PrimaryStorageRow:
        row = find(PrimaryStorageRow, storage_id, "primary_storage")
        cluster = find(ClusterRow, cluster_id, "cluster", field="cluster_id")
        names = {"name": row.name, "cluster": cluster.name}
        if cluster.id in clusters_of(row.id):
            raise Conflict("storage.in_cluster", field="cluster_id", **names)
        if cluster.zone_id != row.cluster.zone_id:
            raise InvalidInput("storage.cluster_elsewhere", field="cluster_id", **names)
        _refuse_taken(row, cluster.id)
        return row

    async def _detach(self, call: Call, request: StorageCluster) -> Any:
        def detach(tx: Transaction) -> tuple[Any, list[str], list[str]]:
            row = find(PrimaryStorageRow, call.target, "primary_storage")
            cluster = find(ClusterRow, request.cluster_id, "cluster", field="cluster_id")
            names = {"name": row.name, "cluster": cluster.name}
            left = clusters_of(row.id)
            if cluster.id not in left:
                raise Conflict("storage.not_in_cluster", field="cluster_id", **names)
            if left == [cluster.id]:
                raise Conflict("storage.last_cluster", field="cluster_id", **names)
            count = _volumes_in(row.id, cluster.id)
            if count:
                raise Conflict("storage.cluster_used", field="cluster_id", count=count, **names)
            StorageClusterRow.delete().where(
                StorageClusterRow.primary_storage == row.id, StorageClusterRow.cluster == cluster.id
            ).execute()
            PrimaryStorageRow.update(cluster=clusters_of(row.id)[0]).where(
                PrimaryStorageRow.id == row.id
            ).execute()
            hosts = hosts_of(cluster.id)
            forget_hosts(tx, row.id, hosts)
            work = []
            if not row.is_shared:
                places = StoragePlaceRow.primary_storage == row.id
                forget_places(tx, places & StoragePlaceRow.host_id.in_(hosts))
                work = self._folders.leave(tx, row, hosts)
            tx.touch("primary_storage", row.id)
            return self._store.kinds.render_one("primary_storage", row.id), work, hosts

        shown, work, hosts = await self._store.write(detach)
        await self._cleanup.attempt(work)
        self._tell_soon(hosts)
        return shown

    # State, connection, caches

    def _setter(self, state: State) -> Any:
        async def handle(call: Call, _: q.Empty) -> Any:
            def change(tx: Transaction) -> Any:
                row = find(PrimaryStorageRow, call.target, "primary_storage")
                row.state = state
                row.save()
                tx.touch("primary_storage", row.id)
                return self._store.kinds.render_one("primary_storage", row.id)

            return await self._store.write(change)

        return handle

    async def _reconnect(self, call: Call, _: q.Empty) -> Any:
        await self._store.read(lambda: find(PrimaryStorageRow, call.target, "primary_storage"))
        hosts = await self._store.read(lambda: hosts_of_storage(call.target))
        await self._tell(hosts)
        return await self._shown(call.target)

    async def _clean_cache(self, call: Call, _: q.Empty) -> Any:
        await self._store.read(lambda: find(PrimaryStorageRow, call.target, "primary_storage"))
        copies = await self._store.read(lambda: unneeded_copies_in(call.target))
        await self._caches.drop(copies)
        return await self._shown(call.target)

    async def _shown(self, ref: str) -> Any:
        return await self._store.read(lambda: self._store.kinds.render_one("primary_storage", ref))

    # Hosts

    async def apply(self, host_id: str) -> None:
        """Tell a host of all its storages, and note how it reaches each. Raises ApiError."""
        rows = await self._store.read(lambda: storages_on(host_id))
        document = StorageDocument(storages=[self._spec(row) for row in rows])
        report = await self._links.call(host_id, STORAGE_APPLY, document)

        def note(tx: Transaction) -> None:
            for status in report.storages:
                _note_status(tx, host_id, status)

        await self._store.write(note)

    def _spec(self, row: PrimaryStorageRow) -> StorageSpec:
        key = self._sealer.open(bytes(row.sealed_key), row.id) if row.sealed_key else ""
        return StorageSpec(
            storage=ref_of(row),
            options=row.options,
            monitors=row.monitors,
            user=row.user,
            key=key,
        )

    async def _tell(self, host_ids: Sequence[str]) -> None:
        """Bring connected hosts to what they shall have; others are when they come back."""
        connected = [ref for ref in host_ids if self._links.is_connected(ref)]
        for outcome in await asyncio.gather(*map(self.apply, connected), return_exceptions=True):
            if isinstance(outcome, ApiError):
                log.warning("storages_not_applied", reason=str(outcome))
            elif isinstance(outcome, BaseException):
                raise outcome

    def _tell_soon(self, host_ids: Sequence[str]) -> None:
        self._spawn(self._tell(host_ids))

    def _hear(self, host_id: str, status: StorageStatus) -> None:
        async def note() -> None:
            await self._store.write(lambda tx: _note_status(tx, host_id, status))

        self._spawn(note())

    def _spawn(self, work: Any) -> None:
        # Nobody's: it goes on after the job or request that it follows from.
        task = asyncio.create_task(work, name="primary storages", context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _note_status(tx: Transaction, host_id: str, status: StorageStatus) -> None:
    note_status(tx, host_id, status)
    storage = PrimaryStorageRow.get_or_none(PrimaryStorageRow.id == status.storage_id)
    if storage is not None and status.is_connected:
        note_place(tx, storage, host_id, status)


def _refuse_taken(row: PrimaryStorageRow, cluster_id: str) -> None:
    """Raises Conflict if another storage of the cluster is in the same directory."""
    for other in storages_of(cluster_id):
        if other.id != row.id and (other.path, other.source) == (row.path, row.source):
            place = row.path or row.source
            raise Conflict("path.taken", field="path", path=place, name=other.name)


def _volumes_on(storage_id: str) -> int:
    """Volumes that lie on a storage, or have a copy there."""
    sql = (
        "SELECT (SELECT COUNT(*) FROM volume WHERE primary_storage_id = ?1) "
        "+ (SELECT COUNT(*) FROM volume_copy WHERE primary_storage_id = ?1)"
    )
    return int(database.execute_sql(sql, (storage_id,)).fetchone()[0])


def _volumes_in(storage_id: str, cluster_id: str) -> int:
    """Disks on a storage that lie on a cluster's hosts, or are of its machines."""
    row = database.execute_sql(
        "SELECT COUNT(*) FROM (SELECT id, primary_storage_id, host_id, vm_id FROM volume "
        "UNION ALL SELECT v.id, y.primary_storage_id, y.host_id, v.vm_id FROM volume_copy y "
        "JOIN volume v ON v.id = y.volume_id) d LEFT JOIN vm m ON m.id = d.vm_id "
        "LEFT JOIN host h ON h.id = d.host_id WHERE d.primary_storage_id = ?1 "
        "AND ?2 IN (m.cluster_id, h.cluster_id)",
        (storage_id, cluster_id),
    ).fetchone()
    return int(row[0])
