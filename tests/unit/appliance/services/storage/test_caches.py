"""Which copies of images nobody needs any more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.protocol.resources import ImageStatus, State
from appliance.services.images.models import ImageRow
from appliance.services.storage.caches import Copy, copies_at, forget_copies, unneeded_copies
from appliance.services.storage.models import ImageStoreRow, VolumeRow
from appliance.store.database import Store, Transaction
from tests.unit.appliance.services.rows import STORAGE, ZONE, rows_store

PATH = "/s"  # of the storage in these rows
HERE, THERE = Copy("image", "host-0", PATH), Copy("image", "host-1", PATH)
GONE = Copy("gone", "host-0", PATH)


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
        tx.execute("INSERT INTO image_cache VALUES (?, ?, ?)", *copy)
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


async def test_nothing_is_known_of_a_host_that_was_given_back(store: Store) -> None:
    assert set(await store.read(lambda: copies_at("host-0", PATH))) == {HERE, GONE}
    await store.write(lambda tx: forget_copies(tx, "host-0"))
    assert await store.read(lambda: copies_at("host-0", PATH)) == []
    assert await store.read(lambda: copies_at("host-1", PATH)) == [THERE]
