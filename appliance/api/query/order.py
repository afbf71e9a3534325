"""The order of a list by several fields, and cursors that say where a page ended."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from appliance.api.query.columns import Column, UnknownName, any_column, columns_of, own_column
from appliance.api.query.conditions import BASE, Sql, joined
from appliance.protocol.errors import InvalidInput
from appliance.store.kinds import ResourceKind

MOST_FIELDS = 5
# These do not change which items there are, nor their order.
FREE = frozenset({"limit", "cursor", "fields", "count"})
LARGEST = 2**63

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Step:
    """One field of an order."""

    column: Column
    descending: bool

    @property
    def name(self) -> str:
        """The column in SQL."""
        return f'{BASE}."{self.column.name}"'


@dataclass(frozen=True)
class Order:
    """By what a list is sorted: the fields asked for, and at last the id, so that it is total."""

    steps: tuple[Step, ...]

    @property
    def sql(self) -> str:
        """The ORDER BY clause."""
        return ", ".join(f"{step.name}{' DESC' if step.descending else ''}" for step in self.steps)

    @property
    def columns(self) -> str:
        """What a cursor must know of a row."""
        return ", ".join(step.name for step in self.steps)

    def after(self, values: Sequence[Scalar]) -> Sql:
        """What comes after a row; NULL sorts before everything else, as in SQLite."""
        if len({step.descending for step in self.steps}) == 1 and not any(
            step.column.nullable for step in self.steps
        ):
            # As one comparison, for which SQLite goes straight to the place in an index.
            marks = ", ".join("?" * len(values))
            sign = "<" if self.steps[0].descending else ">"
            return Sql(f"({self.columns}) {sign} ({marks})", tuple(values))
        ways = []
        for place, step in enumerate(self.steps):
            same = [_same(*pair) for pair in zip(self.steps[:place], values[:place], strict=True)]
            ways.append(joined([*same, _beyond(step, values[place])]))
        return joined([_not_before(self.steps[0], values[0]), joined(ways, "OR")])


def _same(step: Step, value: Scalar) -> Sql:
    return Sql(f"{step.name} IS NULL") if value is None else Sql(f"{step.name} = ?", (value,))


def _beyond(step: Step, value: Scalar) -> Sql:
    if value is None:
        return Sql("0") if step.descending else Sql(f"{step.name} IS NOT NULL")
    if not step.descending:
        return Sql(f"{step.name} > ?", (value,))
    if step.column.nullable:
        return Sql(f"({step.name} < ? OR {step.name} IS NULL)", (value,))
    return Sql(f"{step.name} < ?", (value,))


def _not_before(step: Step, value: Scalar) -> Sql:
    """Says nothing new, but lets SQLite begin in the middle of an index."""
    if value is None or (step.descending and step.column.nullable):
        return Sql("1")
    return Sql(f"{step.name} {'<=' if step.descending else '>='} ?", (value,))


def order_of(kind: ResourceKind, sort: str | None) -> Order:
    """The order that `sort` asks for, else the newest first; raises InvalidInput."""
    steps = [Step(any_column(kind, kind.order), descending=True)]
    if sort:
        steps = [_step(kind, name, sort) for name in sort.split(",")]
    if len(steps) > MOST_FIELDS or len({step.column.name for step in steps}) < len(steps):
        raise _bad_sort(kind, sort or "")
    key = kind.key
    if all(step.column.name != key.column_name for step in steps):
        steps.append(Step(any_column(kind, key.column_name), steps[-1].descending))
    return Order(tuple(steps))


def _step(kind: ResourceKind, name: str, sort: str) -> Step:
    try:
        column = own_column(kind, name.removeprefix("-"))
    except UnknownName:
        raise _bad_sort(kind, sort) from None
    return Step(column, name.startswith("-"))


def _bad_sort(kind: ResourceKind, sort: str) -> InvalidInput:
    choices = ", ".join(sorted(columns_of(kind)))
    return InvalidInput("request.bad_sort", field="sort", value=sort, choices=choices)


def fingerprint(kind: ResourceKind, query: Mapping[str, str]) -> str:
    """What a cursor belongs to: which items, in which order."""
    asked = sorted((name, value) for name, value in query.items() if name not in FREE and value)
    content = msgspec.json.encode([kind.name, asked])
    return hashlib.blake2b(content, digest_size=6).hexdigest()


def write_cursor(mark: str, values: Sequence[Scalar]) -> str:
    """The cursor of the page after the row with these values."""
    return base64.urlsafe_b64encode(msgspec.json.encode([mark, *values])).decode().rstrip("=")


def read_cursor(cursor: str, mark: str, order: Order) -> list[Scalar]:
    """The values of the row that a page ended with; raises InvalidInput."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        found, *values = msgspec.json.decode(raw, type=list[Scalar])
        if not isinstance(found, str) or any(not _fits(value) for value in values):
            raise ValueError(cursor)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise _bad_cursor(cursor) from None
    if found != mark:
        raise InvalidInput("query.other_cursor", field="cursor")
    if len(values) != len(order.steps):
        raise _bad_cursor(cursor)
    return values


def _fits(value: Scalar) -> bool:
    return not isinstance(value, int) or abs(value) < LARGEST


def _bad_cursor(cursor: str) -> InvalidInput:
    return InvalidInput(
        "request.bad_value",
        field="cursor",
        name="cursor",
        value=cursor[:40],
        reason="it is not from an earlier page",
    )
