"""What can be asked about one job: cancel it, read its log, list its parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import shiboken6
from PySide6.QtCore import QObject

from appliance.protocol import resources as r
from desktop.net.bridge import Bridge
from desktop.net.cache import Cache
from desktop.net.client_ref import ClientRef

Failed = Callable[[BaseException], object]
MOST_PARTS = 1000


class JobCalls:
    """Asks the service; answers come in the GUI thread, and only while who asked still exists."""

    def __init__(self, bridge: Bridge, ref: ClientRef, cache: Cache) -> None:
        self._bridge, self._ref, self._cache = bridge, ref, cache

    def job(self, job_id: str) -> r.Job | None:
        """The job as it is known here."""
        return self._cache.get("job", job_id)

    def cancel(
        self, owner: QObject, job_id: str, done: Callable[[], object], failed: Failed
    ) -> None:
        """Have a job taken back."""

        def cancelled(job: r.Job | None) -> None:
            if job is not None:
                self._cache.put("job", [job])
            done()

        self._ask(owner, cancelled, failed, "job.cancel", id=job_id)

    def log(
        self, owner: QObject, job_id: str, done: Callable[[r.JobLog], object], failed: Failed
    ) -> None:
        """Read what a job noted on its way."""
        self._ask(owner, done, failed, "job.log", id=job_id)

    def parts(
        self, owner: QObject, job_id: str, done: Callable[[], object], failed: Failed
    ) -> None:
        """Fetch the parts of a job that are not known here."""

        def arrived(page: Any) -> None:
            self._cache.put("job", page.items)
            done()

        self._ask(owner, arrived, failed, "job.list", parent_id=job_id, limit=MOST_PARTS)

    def known_parts(self, job_id: str) -> list[r.Job]:
        """The parts of a job that are known, in the order in which they were made."""
        found = [job for job in self._cache.all("job") if job.parent_id == job_id]
        return sorted(found, key=lambda job: job.id)

    def _ask(
        self,
        owner: QObject,
        done: Callable[[Any], object],
        failed: Failed,
        operation: str,
        **fields: Any,
    ) -> None:
        if not self._ref.is_set:
            return
        call = self._ref.call(operation, **fields)
        self._bridge.fetch(call, _while_alive(owner, done), _while_alive(owner, failed))


def _while_alive(owner: QObject, function: Callable[[Any], object]) -> Callable[[Any], None]:
    def guarded(value: Any) -> None:
        if shiboken6.isValid(owner):
            function(value)

    return guarded
