"""Finds what the names in a query stand for: columns, and relations that lead to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from appliance.api.query.selection import shape_of
from appliance.api.query.values import ValueType, type_of
from appliance.store.kinds import Kinds, Relation, Rows

DEEPEST_PATH = 5


@dataclass(frozen=True)
class Column:
    """A column that may be asked for, by the name that clients use: `zone_id`, not `zone`."""

    name: str
    type: ValueType
    nullable: bool


@dataclass(frozen=True)
class Hop:
    """One relation that a path goes along."""

    relation: Relation
    source: Rows
    target: Rows


@dataclass(frozen=True)
class Place:
    """What a dotted name leads to: a column, or without one the related rows themselves."""

    hops: tuple[Hop, ...]
    column: Column | None


class UnknownName(LookupError):
    """A name that nothing has; `choices` are those that there are."""

    def __init__(self, name: str, owner: str, choices: Sequence[str]) -> None:
        super().__init__(name)
        self.name = name
        self.owner = owner
        self.choices = choices


def columns_of(rows: Rows) -> dict[str, Column]:
    """The columns of `rows` that queries may ask for."""
    return _asked_for(rows.name, rows.model, rows.internal, rows.extra, rows.addresses)


@cache
def _asked_for(
    name: str,
    model: Any,
    internal: frozenset[str],
    extra: frozenset[str],
    addresses: frozenset[str],
) -> dict[str, Column]:
    shown = shape_of(name)
    return {
        name: column
        for name, column in _all_columns(model, addresses).items()
        if name not in internal and (shown is None or name in shown or name in extra)
    }


@cache
def _all_columns(model: Any, addresses: frozenset[str]) -> dict[str, Column]:
    found = {}
    for field in model._meta.sorted_fields:
        name = field.column_name
        type_ = type_of(field, is_address=name in addresses)
        if type_ is not None:
            found[name] = Column(name, type_, field.null)
    return found


def own_column(rows: Rows, name: str) -> Column:
    """A column of `rows` itself that may be asked for; raises UnknownName."""
    columns = columns_of(rows)
    if name not in columns:
        raise UnknownName(name, rows.name, sorted(columns))
    return columns[name]


def any_column(rows: Rows, name: str) -> Column:
    """A column of `rows`, also one that clients may not ask for."""
    return _all_columns(rows.model, rows.addresses)[name]


def locate(kinds: Kinds, rows: Rows, path: Sequence[str]) -> Place:
    """What `path` stands for, seen from `rows`; raises UnknownName."""
    hops: list[Hop] = []
    rest = list(path)
    here = rows
    while True:
        columns, relations = columns_of(here), kinds.relations(here)
        name = rest[0]
        if name in here.aliases and name not in columns:
            rest[:1] = here.aliases[name].split(".")
            name = rest[0]
        if len(rest) == 1 and name in columns:
            return Place(tuple(hops), columns[name])
        if name not in relations or len(hops) == DEEPEST_PATH:
            choices = {*columns, *here.aliases} if len(rest) == 1 else set[str]()
            raise UnknownName(name, here.name, sorted(choices | {*relations}))
        relation, target = relations[name]
        hops.append(Hop(relation, here, target))
        here = target
        rest = rest[1:]
        if not rest:
            return Place(tuple(hops), None)
