"""Copies of images in primary storages: which there may be, and which nobody needs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from appliance.hosts.links import WAIT_FOR_LINK_S, HostLinks
from appliance.services.storage.reach import host_for, reaches
from appliance.services.storage.refs import is_shared
from appliance.store.database import Store, Transaction
from appliance.store.fields import database
from hostagent.protocol.commands import IMAGE_DROP_CACHED
from hostagent.protocol.storage import CachedImage, StorageRef


class Copy(NamedTuple):
    """A copy of an image in a storage; `host_id` is empty if its hosts share it."""

    image_id: str
    host_id: str
    storage: StorageRef

    @property
    def key(self) -> tuple[str, str, str, str]:
        """How it is noted."""
        return (self.image_id, self.storage.storage_id, self.host_id, self.storage.path)


def copy_on(image_id: str, host_id: str, storage: StorageRef) -> Copy:
    """The copy that a host uses."""
    return Copy(image_id, "" if is_shared(storage.kind) else host_id, storage)


class Caches:
    """Notes copies before they are made, and forgets them once they are deleted."""

    def __init__(self, store: Store, links: HostLinks) -> None:
        self._store = store
        self._links = links

    async def note(self, copy: Copy) -> None:
        """From now on there may be this copy."""
        if not await self._store.read(lambda: _is_noted(copy)):
            await self._store.write(
                lambda tx: tx.execute(
                    "INSERT OR IGNORE INTO image_cache VALUES (?, ?, ?, ?)", *copy.key
                )
            )

    async def drop(
        self, copies: Sequence[Copy], *, wait_s: float = WAIT_FOR_LINK_S, by: str = ""
    ) -> None:
        """Delete copies; one that fails keeps no other back. Raises the first ApiError.

        `by` is the host that deletes those that hosts share, if it is known.
        """
        work = (self._drop(copy, wait_s, by) for copy in copies)
        for outcome in await asyncio.gather(*work, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    async def sweep(self, host_id: str) -> None:
        """Delete what is left on a host of images that are gone; raises the first ApiError."""

        def left() -> list[Copy]:
            shared = unneeded_copies(host_id="")
            return [
                *unneeded_copies(host_id=host_id),
                *(copy for copy in shared if reaches(host_id, copy.storage.storage_id)),
            ]

        await self.drop(await self._store.read(left), by=host_id)

    async def _drop(self, copy: Copy, wait_s: float, by: str) -> None:
        host_id = copy.host_id or by
        if not host_id:
            host_id = await self._store.read(lambda: host_for(copy.storage.storage_id))
        cached = CachedImage(image_id=copy.image_id, storage=copy.storage)
        await self._links.call(host_id, IMAGE_DROP_CACHED, cached, wait_s=wait_s)
        await self._store.write(lambda tx: _forget(tx, copy))


_NEEDED = """
    EXISTS (SELECT 1 FROM volume v WHERE v.image_id = c.image_id
        AND v.primary_storage_id = c.storage_id AND coalesce(v.host_id, '') = c.host_id
        AND v.id <> ?1)
    OR EXISTS (SELECT 1 FROM volume_copy y JOIN volume v ON v.id = y.volume_id
        WHERE v.image_id = c.image_id AND y.primary_storage_id = c.storage_id
        AND y.host_id = c.host_id AND v.id <> ?1)
"""
# Disks whose machine is gone, and that could not be deleted yet.
_LEFT = """
    EXISTS (SELECT 1 FROM cleanup w WHERE json_extract(w.data, '$.image_id') = c.image_id
        AND c.host_id IN ('', json_extract(w.data, '$.host_id'))
        AND json_extract(w.data, '$.volume.storage.storage_id') = c.storage_id
        AND json_extract(w.data, '$.volume.volume_id') <> ?1)
"""
_IN_DRIVES = "EXISTS (SELECT 1 FROM vm_cd d WHERE d.image_id = c.image_id)"
_ON_HOST = "(c.host_id = '' OR EXISTS (SELECT 1 FROM host h WHERE h.id = c.host_id))"
_WANTED = "EXISTS (SELECT 1 FROM image i WHERE i.id = c.image_id AND i.status <> 'deleting')"
_IN_USE = f"{_NEEDED} OR {_LEFT}"


def unneeded_copies(
    *, host_id: str | None = None, image_id: str | None = None, but_for: str = ""
) -> list[Copy]:
    """Copies, on one host or of one image, of images that are going, under no disk.

    The disk `but_for` counts as gone, and machines that were given back do not count. Copies that
    hosts share are none of one host. Runs within a read or write.
    """
    condition = f"NOT ({_IN_USE}) AND NOT {_WANTED} AND {_ON_HOST}"
    return _copies(condition, but_for, host_id=host_id, image_id=image_id)


def unneeded_copies_in(storage_id: str) -> list[Copy]:
    """Copies in a storage that no disk stands on, whether their image is there or not."""
    return _copies(
        f"NOT ({_IN_USE}) AND NOT {_IN_DRIVES} AND {_ON_HOST}", "", storage_id=storage_id
    )


def copies_at(host_id: str, storage: StorageRef) -> list[Copy]:
    """All copies of a storage that a host has, or shares; within a read or write."""
    found = _copies("1", storage_id=storage.storage_id)
    return [copy._replace(storage=storage) for copy in found if copy.host_id in ("", host_id)]


def _copies(condition: str, *params: str, **columns: str | None) -> list[Copy]:
    given = {name: value for name, value in columns.items() if value is not None}
    where = " AND ".join(
        [
            condition,
            *(f"c.{name} = ?{number}" for number, name in enumerate(given, len(params) + 1)),
        ]
    )
    rows = database.execute_sql(
        "SELECT c.image_id, c.host_id, c.storage_id, coalesce(s.kind, 'local'), c.path, "  # noqa: S608 fixed names
        "coalesce(s.source, '') FROM image_cache c "
        f"LEFT JOIN primary_storage s ON s.id = c.storage_id WHERE {where}",
        (*params, *given.values()),
    )
    return [
        Copy(
            image_id,
            host_id,
            StorageRef(storage_id=storage_id, kind=kind, path=path, source=source),
        )
        for image_id, host_id, storage_id, kind, path, source in rows
    ]


_KEY = "image_id = ? AND storage_id = ? AND host_id = ? AND path = ?"


def _is_noted(copy: Copy) -> bool:
    cursor = database.execute_sql(f"SELECT 1 FROM image_cache WHERE {_KEY}", copy.key)  # noqa: S608
    return cursor.fetchone() is not None


def _forget(tx: Transaction, copy: Copy) -> None:
    tx.execute(f"DELETE FROM image_cache WHERE {_KEY}", *copy.key)  # noqa: S608 fixed names
