"""Which copies of images nobody needs any more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.engine.models import CleanupRow
from appliance.protocol.resources import ImageStatus, State
from appliance.services.images.models import ImageRow
from appliance.services.storage.caches import Copy, copies_at, unneeded_copies
from appliance.services.storage.models import ImageStoreRow, VolumeRow
from appliance.store.database import Store, Transaction
from hostagent.protocol.storage import StorageRef
from tests.unit.appliance.services.rows import STORAGE, ZONE, rows_store

REF = StorageRef(storage_id=STORAGE, path="/s")  # of the storage in these rows
HERE, THERE = Copy("image", "host-0", REF), Copy("image", "host-1", REF)
GONE = Copy("gone", "host-0", REF)
NOTE = "INSERT INTO image_cache VALUES (?, ?, ?, ?)"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with rows_store(tmp_path, 2) as store:
        await store.write(_fill)
        yield store


def _fill(tx: Transaction) -> None:
    """An image with copies on both hosts, and a disk on the first of them."""
    sizes = {"size_bytes": 1, "virtual_size_bytes": 1, "sha256": ""}
    common = {"description": "", "state": State.ENABLED, "created_at": 0}
    ImageStoreRow.create(
        id="store",
        name="s",
        zone=ZONE,
        host="host-0",
        path="/i",
        total_bytes=1,
        available_bytes=1,
        **common,
    )
    ImageRow.create(
        id="image",
        name="i",
        image_store="store",
        source="url",
        url="",
        platform="linux",
        format="qcow2",
        status=ImageStatus.READY,
        expected_size_bytes=0,
        expected_sha256="",
        **sizes,
        **common,
    )
    for copy in (HERE, THERE, GONE):
        tx.execute(NOTE, *copy.key)
    VolumeRow.create(
        id="disk",
        vm_id="vm",
        kind="root",
        image_id="image",
        primary_storage=STORAGE,
        host_id="host-0",
        size_bytes=1,
        status="ready",
        created_at=0,
    )


async def test_copies_of_an_image_that_stays_are_kept(store: Store) -> None:
    assert await store.read(unneeded_copies) == [GONE]
    assert await store.read(lambda: unneeded_copies(host_id="host-1")) == []


async def test_copies_of_an_image_that_goes_are_kept_under_disks(store: Store) -> None:
    await store.write(lambda tx: ImageRow.update(status=ImageStatus.DELETING).execute())
    assert await store.read(lambda: unneeded_copies(image_id="image")) == [THERE]
    alone = await store.read(lambda: unneeded_copies(image_id="image", but_for="disk"))
    assert alone == [HERE, THERE]


async def test_copies_are_kept_under_disks_that_are_still_to_be_deleted(store: Store) -> None:
    volume = {"volume_id": "left", "storage": {"storage_id": STORAGE, "path": "/s"}}
    data = {"host_id": "host-0", "image_id": "gone", "volume": volume}
    await store.write(
        lambda tx: CleanupRow.create(
            id="work", job_id="", step="delete_disk", data=data, attempts=1, next_at=0
        )
    )
    assert await store.read(unneeded_copies) == []
    assert await store.read(lambda: unneeded_copies(but_for="left")) == [GONE]


async def test_machines_that_were_given_back_do_not_count(store: Store) -> None:
    assert set(await store.read(lambda: copies_at("host-0", REF))) == {HERE, GONE}
    away = Copy("gone", "away", REF)
    await store.write(lambda tx: tx.execute(NOTE, *away.key))
    assert await store.read(lambda: unneeded_copies(image_id="gone")) == [GONE]
    assert await store.read(lambda: copies_at("away", REF)) == [away]
