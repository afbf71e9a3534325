"""A database from before storages and images had kinds: each is of the only kind there was."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from appliance.services.images.models import ImageRow
from appliance.services.images.views import render_images
from appliance.services.storage.models import ImageStoreRow
from appliance.store.database import Store
from appliance.store.kinds import Kinds
from appliance.store.migrations import available, migrate

BEFORE = 13
ROWS = """
INSERT INTO zone VALUES ('z', 'z', '', 'enabled', 0);
INSERT INTO image_store (id, name, description, zone_id, host_id, path, state, total_bytes,
    available_bytes, created_at)
    VALUES ('s', 's', 'kept', 'z', 'h', '/images', 'enabled', 9, 8, 0);
INSERT INTO image (id, name, description, image_store_id, source, url, platform, format, status,
    state, expected_size_bytes, expected_sha256, size_bytes, virtual_size_bytes, sha256, created_at)
    VALUES ('i', 'i', '', 's', 'url', '', 'windows', 'qcow2', 'ready', 'enabled',
            0, '', 7, 9, '', 0);
"""


async def test_old_image_stores_are_directories_and_old_images_what_machines_start_from(
    tmp_path: Path,
) -> None:
    path = tmp_path / "old.db"
    migrate(path, [item for item in available() if item[0] <= BEFORE])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(ROWS)
    store = Store(path, Kinds())
    await store.start()
    try:
        row = await store.read(lambda: ImageStoreRow.get_by_id("s"))
        assert (row.kind, row.path, row.description) == ("directory", "/images", "kept")
        image = (await store.read(lambda: render_images(list(ImageRow.select()))))[0]
        assert (image.kind, image.platform, image.size_bytes) == ("root", "windows", 7)
    finally:
        await store.stop()
