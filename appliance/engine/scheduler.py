"""Which job runs next: one at a time in each queue, after what it depends on, fair to accounts.

No I/O and no clock: the runner tells what happens and takes what may start.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """A job on its way to its first step. Greater `priority` goes first."""

    job_id: str
    queue: str
    account_id: str
    priority: int = 0
    after: tuple[str, ...] = ()


class Scheduler:
    """Holds waiting jobs; at most `parallel` run at once.

    Jobs of one queue keep their order. Among those that could start, higher priority goes
    first, and accounts take turns, so that nobody waits behind all of another one's jobs.
    Dependencies must have been added before, which is why nothing can wait in a circle.
    """

    def __init__(self, parallel: int) -> None:
        self._parallel = parallel
        self._queues: dict[str, deque[Entry]] = {}
        self._entries: dict[str, Entry] = {}
        self._blockers: dict[str, set[str]] = {}
        self._dependants: dict[str, list[str]] = defaultdict(list)
        self._ready: dict[int, OrderedDict[str, deque[Entry]]] = {}
        self._running: set[str] = set()

    def __len__(self) -> int:
        """How many jobs wait or run."""
        return len(self._entries)

    def __contains__(self, job_id: str) -> bool:
        """Whether the job waits or runs here."""
        return job_id in self._entries

    @property
    def running(self) -> int:
        """How many jobs run."""
        return len(self._running)

    def add(self, entry: Entry) -> None:
        """A job was accepted."""
        self._entries[entry.job_id] = entry
        blockers = {ref for ref in entry.after if ref in self._entries}
        if blockers:
            self._blockers[entry.job_id] = blockers
            for ref in blockers:
                self._dependants[ref].append(entry.job_id)
        queue = self._queues.setdefault(entry.queue, deque())
        queue.append(entry)
        if len(queue) == 1:
            self._offer(entry)

    def take(self) -> list[Entry]:
        """The jobs that may start now; they count as running from here on."""
        started = []
        while len(self._running) < self._parallel and (entry := self._next()) is not None:
            self._running.add(entry.job_id)
            started.append(entry)
        return started

    def seize(self, job_id: str) -> Entry | None:
        """Let a waiting job that is first in its queue start now, whatever else it waits for.

        For jobs that are given up: they only have to be ended. Returns None for others.
        """
        entry = self._entries.get(job_id)
        is_first = entry is not None and self._queues[entry.queue][0] is entry
        if entry is None or job_id in self._running or not is_first:
            return None
        self._blockers.pop(job_id, None)
        self._withdraw(entry)
        self._running.add(job_id)
        return entry

    def finished(self, job_id: str) -> None:
        """A running job has ended, or a waiting one is given up."""
        entry = self._entries.pop(job_id, None)
        if entry is None:
            return
        self._blockers.pop(job_id, None)
        if job_id in self._running:
            self._running.remove(job_id)
        else:
            self._withdraw(entry)
        queue = self._queues[entry.queue]
        was_first = queue[0].job_id == job_id
        queue.remove(entry)
        if not queue:
            del self._queues[entry.queue]
        elif was_first:
            self._offer(queue[0])
        for dependant in self._dependants.pop(job_id, ()):
            self._unblock(dependant, job_id)

    def is_waiting(self, job_id: str) -> bool:
        """Whether the job is known and has not started."""
        return job_id in self._entries and job_id not in self._running

    def in_line(self) -> list[str]:
        """Jobs that only wait for one of the places, in the order in which they will get one."""
        found: list[str] = []
        for priority in sorted(self._ready, reverse=True):
            lines = [list(line) for line in self._ready[priority].values()]
            longest = max((len(line) for line in lines), default=0)
            for place in range(longest):
                found += [line[place].job_id for line in lines if place < len(line)]
        return found

    def _offer(self, entry: Entry) -> None:
        if entry.job_id in self._blockers:
            return
        accounts = self._ready.setdefault(entry.priority, OrderedDict())
        accounts.setdefault(entry.account_id, deque()).append(entry)

    def _next(self) -> Entry | None:
        if not self._ready:
            return None
        priority = max(self._ready)
        accounts = self._ready[priority]
        account_id, line = accounts.popitem(last=False)
        entry = line.popleft()
        if line:
            accounts[account_id] = line  # its next turn comes after all others
        elif not accounts:
            del self._ready[priority]
        return entry

    def _withdraw(self, entry: Entry) -> None:
        accounts = self._ready.get(entry.priority)
        line = accounts.get(entry.account_id) if accounts else None
        if accounts is None or line is None or entry not in line:
            return
        line.remove(entry)
        if not line:
            del accounts[entry.account_id]
        if not accounts:
            del self._ready[entry.priority]

    def _unblock(self, job_id: str, by: str) -> None:
        blockers = self._blockers.get(job_id)
        if blockers is None:
            return
        blockers.discard(by)
        if blockers:
            return
        del self._blockers[job_id]
        entry = self._entries[job_id]
        if self._queues[entry.queue][0] is entry:
            self._offer(entry)
