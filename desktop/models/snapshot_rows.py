"""The rows of a drawn snapshot tree, like a log of versions: what follows is below, in its lane.

The way to where the volume stands now stays in one lane; what branches off is drawn beside it.
No Qt here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from appliance.protocol import resources as r
from appliance.protocol.snapshots import Snapshot


@dataclass(frozen=True)
class TreeRow:
    """One row: the name of a volume, a snapshot of it, or where it stands now (neither).

    `branch_from` is the lane that its own one branches off from in this row; `through` are those
    that pass it by. Its own lane comes from above, or goes on below.
    """

    volume: r.Volume
    snapshot: Snapshot | None = None
    is_head: bool = False
    lane: int = 0
    branch_from: int | None = None
    through: frozenset[int] = frozenset()
    comes_from_above: bool = False
    goes_on: bool = False

    @property
    def id(self) -> str:
        """What it is known by."""
        if self.snapshot is not None:
            return self.snapshot.id
        return f"{'head' if self.is_head else 'here'}:{self.volume.id}"


def tree_rows(
    volumes: Iterable[r.Volume], snapshots: Iterable[Snapshot], *, with_heads: bool
) -> list[TreeRow]:
    """The trees of volumes one below the other, each with its name above if `with_heads`."""
    by_volume: dict[str, list[Snapshot]] = defaultdict(list)
    for one in sorted(snapshots, key=lambda one: (one.created_at, one.id)):
        by_volume[one.volume_id].append(one)
    rows: list[TreeRow] = []
    for volume in volumes:
        if with_heads:
            rows.append(TreeRow(volume, is_head=True))
        rows += _Drawing(volume, by_volume[volume.id]).rows()
    return rows


class _Drawing:
    """The tree of one volume."""

    def __init__(self, volume: r.Volume, snapshots: list[Snapshot]) -> None:
        self._volume = volume
        self._known = {one.id for one in snapshots}
        self._above: dict[str | None, list[Snapshot]] = defaultdict(list)
        for one in snapshots:
            parent = one.parent_id if one.parent_id in self._known else None
            self._above[parent].append(one)
        by_id = {one.id: one for one in snapshots}
        # What leads to where the volume stands now.
        self._way: set[str] = set()
        ref = volume.snapshot_id
        while ref in by_id and ref not in self._way:
            self._way.add(ref)
            ref = by_id[ref].parent_id
        self._active: set[int] = set()

    def rows(self) -> Iterator[TreeRow]:
        """Roots one after the other; a volume without snapshots stands alone."""
        roots = self._above[None]
        for number, root in enumerate(roots):
            yield from self._visit(root, number, None, comes=False)
        if self._volume.snapshot_id not in self._known:
            yield TreeRow(self._volume)

    def _visit(
        self, one: Snapshot, lane: int, branch_from: int | None, *, comes: bool
    ) -> Iterator[TreeRow]:
        children = self._above[one.id]
        is_here = one.id == self._volume.snapshot_id
        main = next((child for child in children if child.id in self._way), None)
        if main is None and not is_here and children:
            main = children[-1]
        sides = [child for child in children if child is not main]
        goes_on = is_here or main is not None
        yield TreeRow(
            self._volume,
            one,
            lane=lane,
            branch_from=branch_from,
            through=frozenset(self._active - {lane}),
            comes_from_above=comes,
            goes_on=goes_on,
        )
        if sides or goes_on:
            self._active.add(lane)
        for number, side in enumerate(sides, 1):
            is_last = number == len(sides) and not goes_on
            if is_last:
                self._active.discard(lane)
            yield from self._visit(side, lane + 1, lane, comes=False)
        self._active.discard(lane)
        if is_here:
            yield TreeRow(
                self._volume,
                lane=lane,
                through=frozenset(self._active),
                comes_from_above=True,
            )
        elif main is not None:
            yield from self._visit(main, lane, None, comes=True)
