"""What each disk and each snapshot must hold, by what guests wrote and when.

Writes and reverts of a volume are put in the order of their times: a volume goes back while its
machine is off, and its guest writes while it is on, so no two of them are at the same time. A
snapshot may hold whatever its volume held while it was taken; from the first look on it must
hold that for ever.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from appliance.protocol.resources import Job, JobState
from appliance.protocol.snapshots import Snapshot

BEGINNING = datetime.min.replace(tzinfo=UTC)
ANYTHING = -1  # what a snapshot held that came and went unseen
ROUNDED = timedelta(milliseconds=5)  # times of jobs are milliseconds, rounded down

Line = list[tuple[datetime, int]]  # from when on a volume held what


@dataclass
class Contents:
    """Follows one run. `lines` are of the round; what held before is their beginning."""

    volumes: dict[str, int] = field(default_factory=dict)
    snapshots: dict[str, int] = field(default_factory=dict)
    _writes: dict[str, Line] = field(default_factory=lambda: defaultdict(list))
    _reverts: dict[str, dict[str, str]] = field(default_factory=dict)  # volumes' snapshots, by job
    _copies: dict[str, tuple[str, str]] = field(default_factory=dict)  # by job
    _last: int = 0

    def next(self) -> int:
        """What has never been written before."""
        self._last += 1
        return self._last

    def wrote(self, volume_ids: Iterable[str], content: int) -> None:
        """A guest has written to its disks just now."""
        for ref in volume_ids:
            self._writes[ref].append((datetime.now(UTC), content))

    def reverts(self, job_id: str, snapshots: dict[str, str]) -> None:
        """If this job succeeds, volumes hold again what these snapshots hold."""
        self._reverts[job_id] = snapshots

    def copies(self, job_id: str, volume_id: str, snapshot_id: str) -> None:
        """If this job succeeds, a new volume holds what a snapshot holds."""
        self._copies[job_id] = volume_id, snapshot_id

    def lines(self, jobs: dict[str, Job]) -> dict[str, Line]:
        """What each volume held, and from when on, by what has been done in this round."""
        events: dict[str, list[tuple[datetime, int | str]]] = defaultdict(list)
        for ref, writes in self._writes.items():
            events[ref] += writes
        done = {ref: _end(jobs[ref]) for ref in jobs if jobs[ref].state == JobState.SUCCEEDED}
        for job_id in self._reverts.keys() & done.keys():
            for volume_id, snapshot_id in self._reverts[job_id].items():
                events[volume_id].append((done[job_id], snapshot_id))
        for job_id in self._copies.keys() & done.keys():
            volume_id, snapshot_id = self._copies[job_id]
            events[volume_id].append((BEGINNING, snapshot_id))  # nobody has written to it before
        lines: dict[str, Line] = {}
        for ref in events.keys() | self.volumes.keys():
            line = lines[ref] = [(BEGINNING, self.volumes.get(ref, 0))]
            for when, what in sorted(events[ref], key=lambda event: event[0]):
                content = self.snapshots.get(what, ANYTHING) if isinstance(what, str) else what
                line.append((when, content))
        return lines

    def disagreements(
        self,
        jobs: dict[str, Job],
        snapshots: Iterable[Snapshot],
        found: dict[str, int],
        found_kept: dict[str, int],
    ) -> list[str]:
        """What volumes (`found`) and snapshots do not hold as they must."""
        taken = {one.id: one for one in snapshots}
        new = [one for ref, one in taken.items() if ref in found_kept and ref not in self.snapshots]
        wrong = [
            f"snapshot {ref} holds {found_kept[ref]}, not {content} any more"
            for ref, content in self.snapshots.items()
            if found_kept.get(ref, content) != content
        ]
        known = self.snapshots | {one.id: found_kept[one.id] for one in new}
        lines = Contents(self.volumes, known, self._writes, self._reverts, self._copies).lines(jobs)
        wrong += [
            f"volume {ref} holds {content}, not {last}"
            for ref, content in found.items()
            for last in [lines[ref][-1][1] if ref in lines else 0]
            if last not in (content, ANYTHING)
        ]
        wrong += _taken_wrongly(new, found_kept, lines)
        if not wrong:
            self._settle(found, known)
        return wrong

    def _settle(self, found: dict[str, int], known: dict[str, int]) -> None:
        """What agrees is where the next round begins."""
        self.volumes, self.snapshots = dict(found), known
        self._writes.clear()
        self._reverts.clear()
        self._copies.clear()


def _taken_wrongly(new: list[Snapshot], found: dict[str, int], lines: dict[str, Line]) -> list[str]:
    """New snapshots that hold what their volumes never held at one instant since."""
    groups: dict[str, list[Snapshot]] = defaultdict(list)
    for one in new:
        groups[one.group_id or one.id].append(one)
    wrong = []
    for group in groups.values():
        since = min(one.created_at for one in group) - ROUNDED
        times = {when for one in group for when, _ in lines.get(one.volume_id, [])}
        instants = [since, *(when for when in times if when >= since)]
        if not any(
            all(_may_hold(lines.get(one.volume_id, []), when, found[one.id]) for one in group)
            for when in instants
        ):
            held = {one.id: found[one.id] for one in group}
            wrong.append(f"snapshots {held} are of no one instant")
    return wrong


def _may_hold(line: Line, when: datetime, content: int) -> bool:
    held = next((held for begun, held in reversed(line) if begun <= when), 0)
    return held in (content, ANYTHING)


def _end(job: Job) -> datetime:
    assert job.finished_at is not None
    return job.finished_at
