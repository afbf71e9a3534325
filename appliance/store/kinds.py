"""Kinds of resources: how rows of a table become what clients see, and what queries may ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import peewee

QUERY_LIMIT = 500  # ids in one query

# A caller's limits: the condition on a kind's own rows, or None where everything may be seen.
Scope = Callable[["ResourceKind"], Any]


@dataclass(frozen=True)
class Relation:
    """How rows lead to related ones.

    Parameters: `target` names a kind or rows; `on` are the own column and the target's, by
    their names in the database; with `many`, there may be several related rows.
    """

    target: str
    on: tuple[str, str]
    many: bool = False


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows that queries may ask about, such as the NICs of machines.

    What clients are shown of a resource they may ask for, and no more than that.

    Parameters: `internal` names columns that nobody may ask for even so; `extra`, columns that
    may be asked for though they are not shown; `addresses`, columns that hold IPv4 addresses as
    numbers; `relations` lead to other rows; `aliases` are further names for what relations lead
    to (`zone_id` for `cluster.zone_id`). `part_of` is the column and the kind that these rows
    belong to: who may not see that one may not see them.
    """

    name: str
    model: type[peewee.Model]
    internal: frozenset[str] = frozenset()
    extra: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    relations: Mapping[str, Relation] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    part_of: tuple[str, str] | None = None

    @property
    def key(self) -> Any:
        """The column that clients know as id (a job's primary key is its number)."""
        return self.model._meta.fields["id"]  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class ResourceKind(Rows):
    """One kind of resource.

    Parameters: `render` turns rows into client structs, several at once so that it can fetch
    what belongs to them in one query; `read` makes them from ids instead, where rows as models
    cost too much; `search` names the text columns that `q` looks in;
    `visible` restricts lists (rows kept for other reasons stay hidden); `search_also` maps a
    search text to further ids (an address finds its VM). `owner` names the column of the
    account that owns a resource; what has none is infrastructure. A `live` kind shows figures
    that change without its being touched, so it is always read anew.
    """

    render: Callable[[Sequence[Any]], list[Any]] | None = None
    read: Callable[[Sequence[str]], list[Any]] | None = None
    search: tuple[str, ...] = ("name", "id")
    visible: Callable[[], Any] | None = None
    search_also: Callable[[str], Any] | None = None
    order: str = "created_at"
    owner: str | None = None
    live: bool = False


@dataclass
class Kinds:
    """All kinds by name, and the rows that belong to them."""

    by_name: dict[str, ResourceKind] = field(default_factory=dict)
    _parts: dict[str, Rows] = field(default_factory=dict)
    _relations: dict[str, dict[str, Relation]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, kind: ResourceKind) -> None:
        """Register a kind; each name once."""
        self._check_new(kind.name)
        self.by_name[kind.name] = kind

    def add_rows(self, rows: Rows) -> None:
        """Register rows that are no kind of their own."""
        self._check_new(rows.name)
        self._parts[rows.name] = rows

    def relate(self, name: str, relation_name: str, relation: Relation) -> None:
        """Give a kind or rows, perhaps somebody else's, one more relation."""
        if relation_name in self._relations[name]:
            raise ValueError(f"{name} has two relations {relation_name}")
        self._relations[name][relation_name] = relation

    def find(self, name: str) -> Rows | None:
        """The kind or rows of that name."""
        return self.by_name.get(name) or self._parts.get(name)

    def relations(self, rows: Rows) -> dict[str, tuple[Relation, Rows]]:
        """Where `rows` lead to; what is not registered is left out."""
        found: dict[str, tuple[Relation, Rows]] = {}
        for name, relation in {**rows.relations, **self._relations.get(rows.name, {})}.items():
            target = self.find(relation.target)
            if target is not None:
                found[name] = (relation, target)
        return found

    def _check_new(self, name: str) -> None:
        if self.find(name) is not None:
            raise ValueError(f"kind {name} is registered twice")

    def encoded(
        self, touched: Mapping[tuple[str, str], Any]
    ) -> Iterator[tuple[str, str, bytes | None, str | None]]:
        """Kind, id, JSON and owner of each touched resource, in order; no JSON if it is gone.

        What comes with its content is taken as it is; the rest is read, one query a kind.
        """
        missing: dict[str, list[str]] = defaultdict(list)
        for (kind, ref), content in touched.items():
            if content is None:
                missing[kind].append(ref)
        found = {kind: self._rendered(kind, refs) for kind, refs in missing.items()}
        for (kind, ref), content in touched.items():
            shown, owner = found[kind].get(ref, (None, None)) if content is None else (content, "")
            if content is not None:
                owner = self._owner_of(kind, content)
            yield kind, ref, None if shown is None else msgspec.json.encode(shown), owner

    def _owner_of(self, name: str, shown: Any) -> str | None:
        owner = self.by_name[name].owner if name in self.by_name else None
        return None if owner is None else getattr(shown, owner, None)

    def is_live(self, name: str) -> bool:
        """Whether a kind shows figures that change without its being touched."""
        return name in self.by_name and self.by_name[name].live

    def owner_in(self, name: str, body: bytes) -> str | None:
        """The owner of a resource, from its JSON."""
        owner = self.by_name[name].owner if name in self.by_name else None
        if owner is None:
            return None
        found = msgspec.json.decode(body)
        return found.get(owner) if isinstance(found, dict) else None

    def owned(self) -> Iterator[tuple[str, str, str, str]]:
        """Kind, table, id column and owner column of all kinds that have owners."""
        for kind in self.by_name.values():
            if kind.owner is not None:
                table = kind.model._meta.table_name  # type: ignore[attr-defined]
                yield kind.name, table, kind.key.column_name, kind.owner

    def render_many(self, name: str, refs: Sequence[str]) -> dict[str, Any]:
        """What clients see of these resources, by id; those that are not there are left out."""
        return {ref: shown for ref, (shown, _) in self._rendered(name, refs).items()}

    def _rendered(self, name: str, refs: Sequence[str]) -> dict[str, tuple[Any, str | None]]:
        """What clients see, and the owner, by id."""
        kind = self.by_name[name]
        found: dict[str, tuple[Any, str | None]] = {}
        for part in batched(refs, QUERY_LIMIT):
            if kind.read is not None:
                shown = kind.read(part)
                found |= {item.id: (item, self._owner_of(name, item)) for item in shown}
                continue
            conditions = [kind.key.in_(part)]
            if kind.visible is not None:
                conditions.append(kind.visible())
            rows = list(kind.model.select().where(*conditions))
            contents = kind.render(rows) if rows and kind.render is not None else ()
            for row, content in zip(rows, contents, strict=True):
                owner = None if kind.owner is None else getattr(row, kind.owner)
                found[row.__data__[kind.key.name]] = (content, owner)
        return found

    def render_one(self, name: str, ref: str) -> Any | None:
        """What clients see of one resource, or None if there is none."""
        return self.render_many(name, [ref]).get(ref)


def batched(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """`values` in parts of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
