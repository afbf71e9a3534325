"""The tree of snapshots as one draws it: in order, with the branches that lead to each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from appliance.protocol.snapshots import Snapshot


@dataclass(frozen=True)
class Placed:
    """A snapshot in its place. `depth` is 0 for what stands on no other; `branches` says of each
    level above whether a line goes on there; `is_last` that nothing follows on its own.
    """

    snapshot: Snapshot
    depth: int
    branches: tuple[bool, ...]
    is_last: bool

    @property
    def prefix(self) -> str:
        """What is drawn before its name with characters."""
        if not self.depth:
            return ""
        lines = "".join("│  " if goes_on else "   " for goes_on in self.branches[1:])
        return lines + ("└─ " if self.is_last else "├─ ")


def arrange(snapshots: Iterable[Snapshot]) -> list[Placed]:
    """Each volume's snapshots, what stands on one after it, older ones first.

    What stands on a snapshot that is not among them is treated as standing on none.
    """
    found = sorted(snapshots, key=lambda one: (one.created_at, one.id))
    known = {one.id for one in found}
    above: dict[tuple[str, str | None], list[Snapshot]] = defaultdict(list)
    for one in found:
        parent = one.parent_id if one.parent_id in known else None
        above[one.volume_id, parent].append(one)
    volumes = dict.fromkeys(one.volume_id for one in found)
    return [placed for volume_id in volumes for placed in _place(above, volume_id, None, (), set())]


def _place(
    above: dict[tuple[str, str | None], list[Snapshot]],
    volume_id: str,
    parent: str | None,
    branches: tuple[bool, ...],
    seen: set[str],
) -> Iterator[Placed]:
    children = [one for one in above.get((volume_id, parent), ()) if one.id not in seen]
    for number, one in enumerate(children, 1):
        is_last = number == len(children)
        seen.add(one.id)
        yield Placed(one, len(branches), branches, is_last)
        yield from _place(above, volume_id, one.id, (*branches, not is_last), seen)
