"""The audit log keeps what was asked, and tells the change feed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from appliance.engine.calls import SYSTEM, Call, Caller
from appliance.protocol.resources import AuditEntry
from appliance.services.audit.service import AuditLog, AuditRow
from appliance.store import feed
from appliance.store.database import Store
from appliance.store.kinds import Kinds


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store(tmp_path / "audit.db", Kinds())
    await store.start()
    yield store
    await store.stop()


async def test_an_entry_says_who_what_whence_and_how_it_ended(store: Store) -> None:
    log = AuditLog(store)
    caller = Caller(account_id="1", account_name="ann", is_admin=True, address="192.0.2.7")
    await log.record(Call(operation="vm.start", caller=caller, target="v"), "v", "accepted")
    await log.record(Call(operation="vm.stop", caller=SYSTEM, target="v"), "v", "vm.no_host")
    rows = await store.read(lambda: list(AuditRow.select().order_by(AuditRow.id)))
    assert [(r.account_name, r.address, r.operation, r.resource_id, r.outcome) for r in rows] == [
        ("ann", "192.0.2.7", "vm.start", "v", "accepted"),
        ("system", "", "vm.stop", "v", "vm.no_host"),
    ]


async def test_entries_reach_the_feed_as_clients_see_them(store: Store) -> None:
    log = AuditLog(store)
    await log.record(Call(operation="zone.create", caller=SYSTEM), "z", "done")
    (change,) = await store.read(lambda: feed.replay(0))
    entry = msgspec.json.decode(change.data, type=AuditEntry)
    assert (change.kind, change.action, change.id) == ("audit", "put", entry.id)
    assert (entry.operation, entry.outcome) == ("zone.create", "done")


def test_the_kind_is_registered_once(tmp_path: Path) -> None:
    store = Store(tmp_path / "x.db", Kinds())
    AuditLog(store)
    with pytest.raises(ValueError, match="audit"):
        AuditLog(store)
