"""Deleting walks the graph of resources: who may veto, and what goes along.

Services declare edges from a kind to what depends on it. The list of consequences is the same
that the deletion follows, so what clients show before asking for consent is what will happen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from appliance.protocol.errors import NotFound
from appliance.protocol.results import (
    Consequence,
    Consequences,
)
from appliance.store.kinds import Kinds

Effect = Literal["deleted", "stopped", "detached", "refuses"]
# Ids of the dependants of one resource; runs within a read or write.
Finder = Callable[[str], Sequence[str]]
LIMIT = 1000  # listed; more are only counted


@dataclass(frozen=True, kw_only=True)
class Edge:
    """What happens to the dependants of a kind when one of it is deleted."""

    parent: str
    child: str
    alone: Effect  # when the parent itself is what is deleted
    along: Effect  # when the parent goes along with something greater
    find: Finder


class Cascade:
    """All edges of this node."""

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self._edges: list[Edge] = []

    def add(self, *edges: Edge) -> None:
        """Declare edges."""
        self._edges += edges

    def consequences(self, kind: str, ref: str) -> Consequences:
        """All that deleting this resource does, nearest first; within a read.

        Raises NotFound.
        """
        if kind not in self._kinds.by_name or self._kinds.render_one(kind, ref) is None:
            raise NotFound("resource.not_found", kind=kind, id=ref)
        found: dict[tuple[str, str], Consequence] = {}
        waiting = deque([(kind, ref, 1)])
        while waiting:
            parent, parent_id, depth = waiting.popleft()
            for edge in self._edges:
                if edge.parent != parent:
                    continue
                effect = edge.alone if depth == 1 else edge.along
                for child_id in edge.find(parent_id):
                    key = edge.child, child_id
                    if key in found or key == (kind, ref):
                        continue
                    found[key] = Consequence(
                        kind=edge.child,
                        id=child_id,
                        effect=effect,
                        depth=depth,
                        because_kind=parent,
                        because_id=parent_id,
                    )
                    if effect == "deleted":
                        waiting.append((*key, depth + 1))
        return self._named(list(found.values()))

    def _named(self, items: list[Consequence]) -> Consequences:
        """With names, of as many as are listed."""
        by_kind: dict[str, list[str]] = {}
        for item in items[:LIMIT]:
            by_kind.setdefault(item.kind, []).append(item.id)
        names = {
            (kind, ref): getattr(shown, "name", ref)
            for kind, refs in by_kind.items()
            for ref, shown in self._kinds.render_many(kind, refs).items()
        }
        counts: dict[str, int] = {}
        for item in items:
            counts[item.kind] = counts.get(item.kind, 0) + 1
        listed = [
            Consequence(
                kind=item.kind,
                id=item.id,
                name=names.get((item.kind, item.id), item.id),
                effect=item.effect,
                depth=item.depth,
                because_kind=item.because_kind,
                because_id=item.because_id,
            )
            for item in items[:LIMIT]
        ]
        refused = any(item.effect == "refuses" for item in items)
        return Consequences(items=listed, counts=counts, refused=refused)
