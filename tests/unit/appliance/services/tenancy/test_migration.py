"""A database from before there were tenants: everything gets its owner, and usage is counted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from appliance.engine import ledger
from appliance.services.identity.models import AccountRow
from appliance.services.images.models import ImageRow
from appliance.services.ledger import SOURCES
from appliance.services.storage.models import VolumeRow
from appliance.services.tenancy.quotas import quotas_of
from appliance.store.database import Store
from appliance.store.kinds import Kinds
from appliance.store.migrations import available, migrate

BEFORE = 7
ROWS = """
INSERT INTO account VALUES ('admin-id', 'admin', '', 'administrator', 'hash', 0);
INSERT INTO zone VALUES ('z', 'z', '', 'enabled', 0);
INSERT INTO cluster VALUES ('c', 'c', '', 'z', 'kvm', 'enabled', 0);
INSERT INTO vm (id, name, description, cluster_id, host_id, image_id, cpu_count, memory_bytes,
    state, state_reason, ssh_public_key, user_data, owner_id, accelerator, resume, created_at)
    VALUES ('v1', 'v', '', 'c', 'h', 'i', 2, 100, 'running', '', '', '', 'admin-id', '', 0, 0),
           ('v2', 'v', '', 'c', NULL, 'i', 4, 300, 'destroyed', '', '', '', 'admin-id', '', 0, 0);
INSERT INTO volume VALUES ('d1', 'v1', 'root', 'i', 's', 'h', 10, 'ready', 0);
INSERT INTO volume VALUES ('d2', 'v2', 'root', 'i', 's', 'h', 30, 'ready', 0);
INSERT INTO image (id, name, description, image_store_id, source, url, platform, format, status,
    state, expected_size_bytes, expected_sha256, size_bytes, virtual_size_bytes, sha256, created_at)
    VALUES ('i', 'i', '', 's', 'url', '', 'linux', 'qcow2', 'ready', 'enabled', 0, '', 7, 9, '', 0);
"""


async def test_what_was_there_is_the_administrators(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    migrate(path, [item for item in available() if item[0] <= BEFORE])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(ROWS)
    store = Store(path, Kinds())
    await store.start()
    try:
        owners = await store.read(
            lambda: {row.owner_id for table in (VolumeRow, ImageRow) for row in table.select()}
        )
        assert owners == {"admin-id"}
        shown = await store.read(lambda: quotas_of("admin-id"))
        used = {item.name: item.used for item in shown.items}
        assert used == {
            "vm": 1,
            "vm_running": 1,
            "cpu": 2,
            "memory": 100,
            "data_volume": 0,
            "volume_bytes": 40,
            "image": 1,
            "image_bytes": 7,
            "elastic_ip": 0,
            "snapshot": 0,
        }
        assert {item.limit for item in shown.items} == {-1}
        assert await store.read(lambda: ledger.differences(SOURCES)) == []
        assert await store.read(lambda: AccountRow.get_by_id("admin-id").state) == "enabled"
    finally:
        await store.stop()
