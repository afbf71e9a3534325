"""Kinds of resources: how rows of a table become what clients see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import peewee

QUERY_LIMIT = 500  # ids in one query


@dataclass(frozen=True, kw_only=True)
class ResourceKind:
    """One kind of resource.

    Parameters: `render` turns rows into client structs, several at once so that it can fetch
    what belongs to them in one query; `search` names the text columns that `q` looks in;
    `visible` restricts lists (rows kept for other reasons stay hidden); `search_also` maps a
    search text to further ids (an address finds its VM).
    """

    name: str
    model: type[peewee.Model]
    render: Callable[[Sequence[Any]], list[Any]]
    search: tuple[str, ...] = ("name", "id")
    visible: Callable[[], Any] | None = None
    search_also: Callable[[str], Any] | None = None
    order: str = "created_at"

    @property
    def key(self) -> Any:
        """The column that clients know as id (a job's primary key is its number)."""
        return self.model._meta.fields["id"]  # type: ignore[attr-defined]


@dataclass
class Kinds:
    """All kinds by name."""

    by_name: dict[str, ResourceKind] = field(default_factory=dict)

    def add(self, kind: ResourceKind) -> None:
        """Register a kind; each name once."""
        if kind.name in self.by_name:
            raise ValueError(f"kind {kind.name} is registered twice")
        self.by_name[kind.name] = kind

    def encoded(
        self, touched: Mapping[tuple[str, str], Any]
    ) -> Iterator[tuple[str, str, bytes | None]]:
        """Kind, id and JSON of each touched resource, in order; None if it is gone.

        What comes with its content is taken as it is; the rest is read, one query a kind.
        """
        missing: dict[str, list[str]] = defaultdict(list)
        for (kind, ref), content in touched.items():
            if content is None:
                missing[kind].append(ref)
        found = {kind: self.render_many(kind, refs) for kind, refs in missing.items()}
        for (kind, ref), content in touched.items():
            shown = found[kind].get(ref) if content is None else content
            yield kind, ref, None if shown is None else msgspec.json.encode(shown)

    def render_many(self, name: str, refs: Sequence[str]) -> dict[str, Any]:
        """What clients see of these resources, by id; those that are not there are left out."""
        kind = self.by_name[name]
        shown: dict[str, Any] = {}
        for part in batched(refs, QUERY_LIMIT):
            conditions = [kind.key.in_(part)]
            if kind.visible is not None:
                conditions.append(kind.visible())
            rows = list(kind.model.select().where(*conditions))
            for row, content in zip(rows, kind.render(rows) if rows else (), strict=True):
                shown[row.__data__[kind.key.name]] = content
        return shown

    def render_one(self, name: str, ref: str) -> Any | None:
        """What clients see of one resource, or None if there is none."""
        return self.render_many(name, [ref]).get(ref)


def batched(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """`values` in parts of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
