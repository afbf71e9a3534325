"""Operations on image stores and primary storages, and their sizes as hosts report them."""

from __future__ import annotations

import asyncio
from pathlib import PurePosixPath
from typing import Any

import structlog

from appliance.engine.calls import Call
from appliance.protocol import requests as q
from appliance.protocol.errors import ApiError, Conflict, InvalidInput, NoResources, to_body
from appliance.protocol.resources import CheckResult, State
from appliance.services.common import (
    chosen_id,
    clean_name,
    create_once,
    find,
    known_machine,
    refuse_if_used,
    updater,
)
from appliance.services.infrastructure.models import ClusterRow, HostRow, ZoneRow, hosts_of
from appliance.services.parts import Parts
from appliance.services.settings import STORAGE_RATIO, STORAGE_THRESHOLD
from appliance.services.storage.caches import Caches
from appliance.services.storage.folders import Folders
from appliance.services.storage.models import (
    ImageStoreRow,
    PrimaryStorageRow,
    StoragePlaceRow,
    VolumeRow,
)
from appliance.services.storage.places import change_limits, forget_places, note_place
from appliance.services.storage.views import StorageViews
from appliance.store.database import Transaction
from appliance.store.kinds import Relation, ResourceKind
from hostagent.protocol.commands import STORAGE_CHECK_PATH
from hostagent.protocol.storage import CheckPathParams, CheckPathResult

NEEDED_BYTES = 1024**3
SYSTEM_FOLDERS = frozenset(
    {"/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/media", "/mnt", "/opt"}
    | {"/proc", "/root", "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/var", "/var/lib"}  # noqa: S108
    | {"/var/log", "/var/tmp"}  # noqa: S108
)

log = structlog.get_logger()


class Storage:
    """Image stores, primary storages and the volumes on them."""

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        self._links = parts.hosts
        self._settings = parts.settings
        self._cleanup = parts.runner.cleanup
        self._caches = Caches(parts.store, parts.hosts)
        self._folders = Folders(parts, self._caches)
        views = StorageViews(parts.hosts)
        kinds = parts.store.kinds
        kinds.add(
            ResourceKind(
                name="image_store",
                model=ImageStoreRow,
                render=views.image_stores,
                relations={
                    "zone": Relation("zone", ("zone_id", "id")),
                    "host": Relation("host", ("host_id", "id")),
                    "images": Relation("image", ("id", "image_store_id"), many=True),
                },
                live=True,
            )
        )
        kinds.add(
            ResourceKind(
                name="primary_storage",
                model=PrimaryStorageRow,
                render=views.primary_storages,
                relations={
                    "cluster": Relation("cluster", ("cluster_id", "id")),
                    "volumes": Relation("volume", ("id", "primary_storage_id"), many=True),
                },
                aliases={"zone_id": "cluster.zone_id"},
                live=True,
            )
        )
        bind = parts.registry.bind
        bind("image_store.create", self._create_image_store)
        bind("image_store.update", updater(parts.store, ImageStoreRow, "image_store"))
        bind("image_store.delete", self._delete_image_store)
        bind("primary_storage.create", self._create_primary)
        bind("primary_storage.update", self._update_primary(parts))
        bind("primary_storage.delete", self._delete_primary)
        bind("host.check_path", self._check)

    def _update_primary(self, parts: Parts) -> Any:
        return updater(parts.store, PrimaryStorageRow, "primary_storage", change_limits)

    async def _create_image_store(self, call: Call, request: q.ImageStoreCreate) -> Any:
        path = checked_path(request.path)
        ref = chosen_id(request)
        found = await self._probe(request.host_id, path)
        values = {
            "name": clean_name(request.name),
            "description": request.description,
            "zone": request.zone_id,
            "host": request.host_id,
            "kind": request.kind,
            "path": path,
            "state": State.ENABLED,
        }

        def create(tx: Transaction) -> Any:
            find(ZoneRow, request.zone_id, "zone", field="zone_id")
            find(HostRow, request.host_id, "host", field="host_id")
            _refuse_taken(ImageStoreRow, ref, path, ImageStoreRow.host == request.host_id)
            return self._keep(tx, "image_store", ImageStoreRow, ref, values, found)

        return await self._store.write(create)

    async def _create_primary(self, call: Call, request: q.PrimaryStorageCreate) -> Any:
        path = checked_path(request.path)
        ref = chosen_id(request)
        hosts = await self._store.read(lambda: hosts_of(request.cluster_id))
        connected = [host_id for host_id in hosts if self._links.is_connected(host_id)]
        found = await asyncio.gather(*(self._probe(host_id, path) for host_id in connected))
        places = dict(zip(connected, found, strict=True))
        values = {
            "name": clean_name(request.name),
            "description": request.description,
            "cluster": request.cluster_id,
            "kind": request.kind,
            "path": path,
            "state": State.ENABLED,
        }
        limits = {
            "ratio": self._settings.get(STORAGE_RATIO),
            "threshold": self._settings.get(STORAGE_THRESHOLD),
        }

        def create(tx: Transaction) -> Any:
            find(ClusterRow, request.cluster_id, "cluster", field="cluster_id")
            _refuse_taken(
                PrimaryStorageRow, ref, path, PrimaryStorageRow.cluster == request.cluster_id
            )
            nothing = CheckPathResult(total_bytes=0, available_bytes=0)
            shown = self._keep(
                tx, "primary_storage", PrimaryStorageRow, ref, values, nothing, limits
            )
            storage = PrimaryStorageRow.get_by_id(ref)
            for host_id, sizes in places.items():
                note_place(tx, storage, host_id, sizes)
            return self._store.kinds.render_one("primary_storage", ref) if places else shown

        return await self._store.write(create)

    def _keep(
        self,
        tx: Transaction,
        kind: str,
        model: Any,
        ref: str,
        values: dict[str, Any],
        found: CheckPathResult,
        only_new: dict[str, Any] | None = None,
    ) -> Any:
        existing = model.get_or_none(model.id == ref)
        if existing is None:
            sizes = {"total_bytes": found.total_bytes, "available_bytes": found.available_bytes}
            create_once(model, ref, values | sizes | (only_new or {}))
            tx.touch(kind, ref)
        else:
            create_once(model, ref, values)
        return self._store.kinds.render_one(kind, ref)

    async def _delete_image_store(self, call: Call, _: q.Empty) -> None:
        def delete(tx: Transaction) -> list[str]:
            row = find(ImageStoreRow, call.target, "image_store")
            refuse_if_used(row.name, _count("image", "image_store_id", row.id), "image")
            row.delete_instance()
            tx.touch("image_store", row.id)
            return self._folders.leave(tx, row, [row.host_id])

        await self._cleanup.attempt(await self._store.write(delete))

    async def _delete_primary(self, call: Call, _: q.Empty) -> None:
        def delete(tx: Transaction) -> list[str]:
            row = find(PrimaryStorageRow, call.target, "primary_storage")
            refuse_if_used(row.name, _count("volume", "primary_storage_id", row.id), "volume")
            forget_places(tx, StoragePlaceRow.primary_storage == row.id)
            row.delete_instance()
            tx.touch("primary_storage", row.id)
            return self._folders.leave(tx, row, hosts_of(row.cluster_id))

        await self._cleanup.attempt(await self._store.write(delete))

    async def _check(self, call: Call, request: q.PathCheck) -> CheckResult:
        await self._store.read(lambda: known_machine(call.target))
        try:
            path = checked_path(request.path)
            found = await self._probe(call.target, path, keep=False)
        except ApiError as error:
            return CheckResult(problems=[to_body(error)], warnings=[], facts={})
        facts = {
            "path": path,
            "total_bytes": found.total_bytes,
            "available_bytes": found.available_bytes,
            "file_system": found.file_system,
        }
        return CheckResult(problems=[], warnings=[], facts=facts)

    async def _probe(self, host_id: str, path: str, *, keep: bool = True) -> CheckPathResult:
        """Let the host test the directory (it is made if need be); raises what is wrong."""
        params = CheckPathParams(path=path, keep=keep)
        try:
            result = await self._links.call(host_id, STORAGE_CHECK_PATH, params)
        except ApiError as error:
            # Hosts know no requests; what they say of a directory is about the path asked for.
            if error.code.startswith(("path.", "storage.")):
                error.field = "path"
            raise
        if result.available_bytes < NEEDED_BYTES:
            raise NoResources(
                "path.no_space",
                field="path",
                path=path,
                available_bytes=result.available_bytes,
                needed_bytes=NEEDED_BYTES,
            )
        return result

    async def refresh(self, host_id: str) -> None:
        """Note the present sizes of the storages that `host_id` serves, and empty its caches."""

        def paths() -> list[tuple[str, Any, Any]]:
            stores = ImageStoreRow.select().where(ImageStoreRow.host == host_id)
            host = HostRow.get_or_none(HostRow.id == host_id)
            if host is None:
                return []
            primaries = PrimaryStorageRow.select().where(
                PrimaryStorageRow.cluster == host.cluster_id
            )
            return [
                *(("image_store", ImageStoreRow, row) for row in stores),
                *(("primary_storage", PrimaryStorageRow, row) for row in primaries),
            ]

        for kind, model, row in await self._store.read(paths):
            result = await self._links.call(
                host_id, STORAGE_CHECK_PATH, CheckPathParams(path=row.path)
            )
            await self._store.write(_size_noter(kind, model, row.id, host_id, result))
        await self._caches.sweep(host_id)


def checked_path(text: str) -> str:
    """A directory path in its normal form; raises InvalidInput for relative or system ones."""
    path = PurePosixPath(text.strip())
    if not path.is_absolute() or ".." in path.parts or "\0" in text:
        raise InvalidInput("path.not_absolute", field="path", path=text)
    normal = "/" + "/".join(path.parts[1:])  # POSIX lets a path begin with two slashes
    if normal in SYSTEM_FOLDERS:
        raise InvalidInput("path.reserved", field="path", path=normal)
    return normal


def _size_noter(kind: str, model: Any, ref: str, host_id: str, result: CheckPathResult) -> Any:
    def note(tx: Transaction) -> None:
        if model is PrimaryStorageRow:
            storage = model.get_or_none(model.id == ref)
            if storage is not None:
                note_place(tx, storage, host_id, result)
            return
        model.update(total_bytes=result.total_bytes, available_bytes=result.available_bytes).where(
            model.id == ref
        ).execute()
        tx.touch(kind, ref)

    return note


def _refuse_taken(model: Any, ref: str, path: str, scope: Any) -> None:
    other = model.get_or_none(scope, model.path == path, model.id != ref)
    if other is not None:
        raise Conflict("path.taken", field="path", path=path, name=other.name)


def _count(table: str, column: str, ref: str) -> int:
    cursor = VolumeRow._meta.database.execute_sql(  # type: ignore[attr-defined]
        f"SELECT COUNT(*) FROM {table} WHERE {column} = ?",  # noqa: S608 fixed names
        (ref,),
    )
    return int(cursor.fetchone()[0])
