"""Kinds of resources: how rows of a table become what clients see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import peewee


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

    def render_one(self, name: str, ref: str) -> Any | None:
        """What clients see of one resource, or None if there is none."""
        kind = self.by_name[name]
        conditions = [kind.key == ref]
        if kind.visible is not None:
            conditions.append(kind.visible())
        rows = list(kind.model.select().where(*conditions))
        return kind.render(rows)[0] if rows else None
