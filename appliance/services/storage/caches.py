"""Copies of images in the primary storages of hosts: which there may be, and which nobody needs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from appliance.hosts.links import WAIT_FOR_LINK_S, HostLinks
from appliance.store.database import Store, Transaction
from appliance.store.fields import database
from hostagent.protocol.commands import IMAGE_DROP_CACHED
from hostagent.protocol.storage import CachedImage, StorageRef


class Copy(NamedTuple):
    """A copy of an image in the primary storage at `path` on a host."""

    image_id: str
    host_id: str
    path: str


class Caches:
    """Notes copies before they are made, and forgets them once they are deleted."""

    def __init__(self, store: Store, links: HostLinks) -> None:
        self._store = store
        self._links = links

    async def note(self, copy: Copy) -> None:
        """From now on there may be this copy."""
        if not await self._store.read(lambda: _is_noted(copy)):
            await self._store.write(
                lambda tx: tx.execute("INSERT OR IGNORE INTO image_cache VALUES (?, ?, ?)", *copy)
            )

    async def drop(self, copies: Sequence[Copy], *, wait_s: float = WAIT_FOR_LINK_S) -> None:
        """Delete copies; one that fails keeps no other back. Raises the first ApiError."""
        work = (self._drop(copy, wait_s) for copy in copies)
        for outcome in await asyncio.gather(*work, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    async def sweep(self, host_id: str) -> None:
        """Delete what is left on a host of images that are gone; raises the first ApiError."""
        await self.drop(await self._store.read(lambda: unneeded_copies(host_id=host_id)))

    async def _drop(self, copy: Copy, wait_s: float) -> None:
        storage = StorageRef(storage_id="", path=copy.path)
        cached = CachedImage(image_id=copy.image_id, storage=storage)
        await self._links.call(copy.host_id, IMAGE_DROP_CACHED, cached, wait_s=wait_s)
        await self._store.write(lambda tx: _forget(tx, copy))


_NEEDED = """
    EXISTS (SELECT 1 FROM volume v JOIN primary_storage s ON s.id = v.primary_storage_id
        WHERE v.image_id = c.image_id AND v.host_id = c.host_id AND s.path = c.path
        AND v.id <> ?)
    OR EXISTS (SELECT 1 FROM volume_copy y JOIN volume v ON v.id = y.volume_id
        JOIN primary_storage s ON s.id = y.primary_storage_id
        WHERE v.image_id = c.image_id AND y.host_id = c.host_id AND s.path = c.path
        AND v.id <> ?1)
"""
# Disks whose machine is gone, and that could not be deleted yet.
_LEFT = """
    EXISTS (SELECT 1 FROM cleanup w WHERE json_extract(w.data, '$.image_id') = c.image_id
        AND json_extract(w.data, '$.host_id') = c.host_id
        AND json_extract(w.data, '$.volume.storage.path') = c.path
        AND json_extract(w.data, '$.volume.volume_id') <> ?)
"""
_ON_HOST = "EXISTS (SELECT 1 FROM host h WHERE h.id = c.host_id)"
_WANTED = "EXISTS (SELECT 1 FROM image i WHERE i.id = c.image_id AND i.status <> 'deleting')"


def unneeded_copies(
    *, host_id: str | None = None, image_id: str | None = None, but_for: str = ""
) -> list[Copy]:
    """Copies, on one host or of one image, of images that are going, under no disk.

    The disk `but_for` counts as gone, and machines that were given back do not count. Runs
    within a read or write.
    """
    condition = f"NOT ({_NEEDED}) AND NOT {_LEFT} AND NOT {_WANTED} AND {_ON_HOST}"
    return _copies(condition, but_for, but_for, host_id=host_id, image_id=image_id)


def copies_at(host_id: str, path: str) -> list[Copy]:
    """All copies in the storage at `path` on a host; within a read or write."""
    return _copies("1", host_id=host_id, path=path)


def _copies(condition: str, *params: str, **columns: str | None) -> list[Copy]:
    given = {name: value for name, value in columns.items() if value is not None}
    where = " AND ".join([condition, *(f"c.{name} = ?" for name in given)])
    rows = database.execute_sql(
        "SELECT c.image_id, c.host_id, c.path FROM image_cache c "  # noqa: S608 fixed names
        f"WHERE {where}",
        (*params, *given.values()),
    )
    return [Copy(*row) for row in rows]


def _is_noted(copy: Copy) -> bool:
    cursor = database.execute_sql(
        "SELECT 1 FROM image_cache WHERE image_id = ? AND host_id = ? AND path = ?", tuple(copy)
    )
    return cursor.fetchone() is not None


def _forget(tx: Transaction, copy: Copy) -> None:
    tx.execute("DELETE FROM image_cache WHERE image_id = ? AND host_id = ? AND path = ?", *copy)
