"""Old jobs, audit entries and answers go; what is still needed stays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.engine.models import CLEANUP_KIND, JOB_KIND, CleanupRow, JobLogRow, JobRow
from appliance.engine.retention import DAY_MS, Retention
from appliance.services.audit.service import AuditLog, AuditRow
from appliance.store.database import Store, Transaction
from appliance.store.fields import now_ms
from appliance.store.kinds import Kinds


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    kinds = Kinds()
    kinds.add(JOB_KIND)
    kinds.add(CLEANUP_KIND)
    store = Store(tmp_path / "s.db", kinds)
    AuditLog(store)
    await store.start()
    yield store
    await store.stop()


def add_job(ref: str, days: int | None, parent: str | None = None) -> None:
    JobRow.create(
        id=ref,
        operation="vm.start",
        state="succeeded",
        queue="q",
        resource_kind="vm",
        resource_id="x",
        resource_name="x",
        account_id="a",
        reason="",
        parent_id=parent,
        data={},
        steps=[],
        created_at=0,
        finished_at=None if days is None else now_ms() - days * DAY_MS,
    )
    JobLogRow.create(job_id=ref, at=0, level="info", code="c", params={})


async def test_what_is_old_goes_and_what_is_needed_stays(store: Store) -> None:
    def fill(tx: Transaction) -> None:
        add_job("old", 40)
        add_job("new", 10)
        add_job("running", None)
        add_job("to clean up", 40)
        add_job("parent", 10)
        add_job("child of new", 40, "parent")
        add_job("old parent", 40)
        add_job("child of old", 41, "old parent")
        CleanupRow.create(id="c", job_id="to clean up", step="s", attempts=1, next_at=0, data={})
        for days in (10, 500):
            AuditRow.create(
                id=f"a{days}",
                at=now_ms() - days * DAY_MS,
                account_id="",
                account_name="",
                address="",
                operation="",
                resource_id="",
                outcome="",
            )
        for days in (0, 2):
            tx.execute(
                "INSERT INTO idempotency VALUES ('a', ?, '', 200, ?, ?)",
                *(f"k{days}", b"", now_ms() - days * DAY_MS),
            )

    await store.write(fill)
    retention = Retention(store, job_days=lambda: 30, audit_days=lambda: 365)
    assert await retention.sweep() == 4
    kept = await store.read(lambda: {row.id for row in JobRow.select()})
    assert kept == {"new", "running", "to clean up", "parent", "child of new"}
    assert await store.read(lambda: {row.job_id for row in JobLogRow.select()}) == kept
    assert await store.read(lambda: [row.id for row in AuditRow.select()]) == ["a10"]
    left = await store.write(lambda tx: tx.execute("SELECT key FROM idempotency").fetchall())
    assert left == [("k0",)]
    assert await retention.sweep() == 0


async def test_thousands_go_in_small_writes(store: Store) -> None:
    await store.write(lambda tx: [add_job(f"j{number}", 40) for number in range(1100)])
    retention = Retention(store, job_days=lambda: 30, audit_days=lambda: 365)
    assert await retention.sweep() == 1100
    assert await store.read(lambda: JobRow.select().count()) == 0
