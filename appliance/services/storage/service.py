"""Operations on image stores and primary storages, and their sizes as hosts report them."""

from __future__ import annotations

from typing import Any

import structlog

from appliance.engine.calls import Call
from appliance.protocol import requests as q
from appliance.protocol.errors import ApiError, Conflict, NoResources, to_body
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
from appliance.services.infrastructure.models import HostRow, ZoneRow
from appliance.services.parts import Parts
from appliance.services.storage.caches import Caches
from appliance.services.storage.folders import Folders
from appliance.services.storage.kinds import checked_path
from appliance.services.storage.models import (
    ImageStoreRow,
    PrimaryStorageRow,
    StorageClusterRow,
    VolumeRow,
)
from appliance.services.storage.primary import PrimaryStorages
from appliance.services.storage.views import StorageViews
from appliance.store.database import Transaction
from appliance.store.kinds import Relation, ResourceKind, Rows
from hostagent.protocol.commands import STORAGE_CHECK_PATH
from hostagent.protocol.storage import CheckPathParams, CheckPathResult

NEEDED_BYTES = 1024**3
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
        self._primary = PrimaryStorages(parts, self._caches, self._folders)
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
                internal=frozenset({"sealed_key"}),
                relations={
                    "cluster": Relation("cluster", ("cluster_id", "id")),
                    "clusters": Relation(
                        "primary_storage_cluster", ("id", "primary_storage_id"), many=True
                    ),
                    "volumes": Relation("volume", ("id", "primary_storage_id"), many=True),
                },
                aliases={"zone_id": "cluster.zone_id"},
                live=True,
            )
        )
        kinds.add_rows(
            Rows(
                name="primary_storage_cluster",
                model=StorageClusterRow,
                part_of=("primary_storage_id", "primary_storage"),
            )
        )
        bind = parts.registry.bind
        bind("image_store.create", self._create_image_store)
        bind("image_store.update", updater(parts.store, ImageStoreRow, "image_store"))
        bind("image_store.delete", self._delete_image_store)
        bind("host.check_path", self._check)

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

        stores = ImageStoreRow.select().where(ImageStoreRow.host == host_id)
        for row in await self._store.read(lambda: list(stores)):
            result = await self._links.call(
                host_id, STORAGE_CHECK_PATH, CheckPathParams(path=row.path)
            )
            await self._store.write(_size_noter(row.id, result))
        await self._primary.apply(host_id)
        await self._caches.sweep(host_id)


def _size_noter(ref: str, result: CheckPathResult) -> Any:
    def note(tx: Transaction) -> None:
        ImageStoreRow.update(
            total_bytes=result.total_bytes, available_bytes=result.available_bytes
        ).where(ImageStoreRow.id == ref).execute()
        tx.touch("image_store", ref)

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
