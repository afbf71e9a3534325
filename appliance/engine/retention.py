"""Forgetting what is old: finished jobs with their logs, audit entries, kept answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from appliance.store.database import Store, Transaction
from appliance.store.fields import now_ms

SWEEP_EVERY_S = 600.0
AT_ONCE = 500  # rows in one write, so that nobody waits long
DAY_MS = 24 * 3600 * 1000

log = structlog.get_logger()


class Retention:
    """Sweeps now and then. The periods are asked anew each time, as they may be changed."""

    def __init__(
        self, store: Store, *, job_days: Callable[[], int], audit_days: Callable[[], int]
    ) -> None:
        self._store = store
        self._job_days = job_days
        self._audit_days = audit_days
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to sweep."""
        self._task = asyncio.create_task(self._forever(), name="retention")

    async def stop(self) -> None:
        """Stop sweeping."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def sweep(self) -> int:
        """Forget all that is too old now; returns how many jobs and entries went."""
        jobs = await self._in_parts(_forget_jobs, now_ms() - self._job_days() * DAY_MS)
        entries = await self._in_parts(_forget_audit, now_ms() - self._audit_days() * DAY_MS)
        await self._in_parts(_forget_answers, now_ms() - DAY_MS)
        return jobs + entries

    async def _in_parts(self, forget: Callable[[Transaction, int], int], before: int) -> int:
        total = 0
        while count := await self._store.write(lambda tx: forget(tx, before)):
            total += count
        return total

    async def _forever(self) -> None:
        while True:
            try:
                count = await self.sweep()
            except Exception:
                log.exception("retention_failed")
            else:
                if count:
                    log.info("old_entries_forgotten", count=count)
            await asyncio.sleep(SWEEP_EVERY_S)


def _forget_jobs(tx: Transaction, before: int) -> int:
    """Jobs that something still has to be undone for are kept; parts go with their parent."""
    rows = tx.execute(
        "SELECT id FROM job WHERE finished_at < ? "
        "AND id NOT IN (SELECT job_id FROM cleanup) "
        "AND NOT EXISTS (SELECT 1 FROM job p WHERE p.id = job.parent_id AND "
        "(p.finished_at IS NULL OR p.finished_at >= ?)) LIMIT ?",
        *(before, before, AT_ONCE),
    ).fetchall()
    for (ref,) in rows:
        tx.execute("DELETE FROM job_log WHERE job_id = ?", ref)
        tx.execute("DELETE FROM job WHERE id = ?", ref)
        tx.touch("job", ref)
    return len(rows)


def _forget_audit(tx: Transaction, before: int) -> int:
    rows = tx.execute("SELECT id FROM audit WHERE at < ? LIMIT ?", before, AT_ONCE).fetchall()
    for (ref,) in rows:
        tx.execute("DELETE FROM audit WHERE id = ?", ref)
    return len(rows)


def _forget_answers(tx: Transaction, before: int) -> int:
    cursor = tx.execute(
        "DELETE FROM idempotency WHERE (account_id, key) IN "
        "(SELECT account_id, key FROM idempotency WHERE created_at < ? LIMIT ?)",
        *(before, AT_ONCE),
    )
    return cursor.rowcount
