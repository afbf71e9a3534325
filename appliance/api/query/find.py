"""Finds which resources a page shows: their ids, the place where it ends, and how many there are.

Works within a read. The SQL is made of declared names; all that a client says is a parameter.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import peewee

from appliance.api.query.conditions import BASE, Conditions, Sql, joined
from appliance.api.query.grammar import parse
from appliance.api.query.order import Order, fingerprint, order_of, read_cursor, write_cursor
from appliance.protocol.errors import InvalidInput
from appliance.store import feed
from appliance.store.fields import database
from appliance.store.kinds import Kinds, ResourceKind, Scope

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
NOT_COUNTED = -1
RESERVED = frozenset({"limit", "cursor", "sort", "q", "filter", "fields", "count"})
KEPT_TOTALS = 200
LONGEST_S = 5
CHECKED_EVERY = 100_000  # of SQLite's steps, about a millisecond


@dataclass(frozen=True)
class Found:
    """What a page is made of."""

    ids: list[str]
    next: str | None
    total: int
    seq: int


class _Totals(threading.local):
    """Totals of a thread's connection; they hold until somebody else commits."""

    def __init__(self) -> None:
        self.connection: Any = None
        self.version = -1
        self.known: dict[Sql, int] = {}


_totals = _Totals()


def check(query: Mapping[str, str]) -> None:
    """No name and no id has control characters: who asks for them has made a mistake."""
    for name, value in query.items():
        if any(unicodedata.category(character) == "Cc" for character in value):
            raise InvalidInput("request.control_characters", field=name, name=name)


def find(kinds: Kinds, kind: ResourceKind, query: Mapping[str, str], scope: Scope | None) -> Found:
    """The page that `query` asks for, within what `scope` allows; raises InvalidInput."""
    limit = limit_of(query.get("limit"))
    counts = _counts(query.get("count"))
    order = order_of(kind, query.get("sort"))
    wanted = _wanted(Conditions(kinds, kind, scope), kind, query)
    mark = fingerprint(kind, query)
    here = wanted
    if query.get("cursor"):
        here = joined([wanted, order.after(read_cursor(query["cursor"], mark, order))])
    with _limited():
        rows = _rows(kind, here, order, limit + 1)
        total = _total(kind, wanted) if counts else NOT_COUNTED
    following = None
    if len(rows) > limit:
        following = write_cursor(mark, rows[limit - 1][1:])
    return Found(
        ids=[row[0] for row in rows[:limit]],
        next=following,
        total=total,
        seq=feed.bounds()[1],
    )


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    """Nobody may keep a reading thread busy for ever; raises InvalidInput."""
    connection = database.connection()
    end = time.monotonic() + LONGEST_S
    connection.set_progress_handler(lambda: time.monotonic() > end, CHECKED_EVERY)
    try:
        yield
    except peewee.OperationalError as error:
        if "interrupted" not in str(error):
            raise
        raise InvalidInput("query.too_costly", field="filter", seconds=LONGEST_S) from error
    finally:
        connection.set_progress_handler(None, 0)


def _wanted(conditions: Conditions, kind: ResourceKind, query: Mapping[str, str]) -> Sql:
    """Whether a row belongs to the list, on whichever page."""
    parts = conditions.limits()
    parts += [
        conditions.equal(name, value.split(","))
        for name, value in query.items()
        if name not in RESERVED
    ]
    if query.get("filter"):
        parts.append(conditions.of(parse(query["filter"])))
    if query.get("q"):
        parts.append(conditions.matching(kind, query["q"]))
    return joined(parts)


def _rows(kind: ResourceKind, wanted: Sql, order: Order, limit: int) -> list[tuple[Any, ...]]:
    key = f'{BASE}."{kind.key.column_name}"'
    sql = (
        f"SELECT {key}, {order.columns} FROM {_table(kind)} AS {BASE} "  # noqa: S608 our names
        f"{wanted.where} ORDER BY {order.sql} LIMIT ?"
    )
    return database.execute_sql(sql, (*wanted.values, limit)).fetchall()


def _total(kind: ResourceKind, wanted: Sql) -> int:
    connection = database.connection()
    (version,) = connection.execute("PRAGMA data_version").fetchone()
    is_same = connection is _totals.connection and version == _totals.version
    if not is_same or len(_totals.known) >= KEPT_TOTALS:
        _totals.connection, _totals.version = connection, version
        _totals.known.clear()
    sql = f"SELECT COUNT(*) FROM {_table(kind)} AS {BASE} {wanted.where}"  # noqa: S608 our names
    question = Sql(sql, wanted.values)
    if question not in _totals.known:
        (total,) = database.execute_sql(sql, wanted.values).fetchone()
        _totals.known[question] = total
    return _totals.known[question]


def _table(kind: ResourceKind) -> str:
    return f'"{kind.model._meta.table_name}"'  # type: ignore[attr-defined]


def limit_of(text: str | None) -> int:
    """How many items a page has at most; raises InvalidInput."""
    if text is None:
        return DEFAULT_LIMIT
    if not re.fullmatch("[0-9]{1,6}", text) or not 1 <= int(text) <= MAX_LIMIT:
        raise _bad("limit", text, f"a number from 1 to {MAX_LIMIT}")
    return int(text)


def _counts(text: str | None) -> bool:
    if text not in (None, "true", "false"):
        raise _bad("count", text or "", "true or false")
    return text != "false"


def _bad(name: str, value: str, reason: str) -> InvalidInput:
    return InvalidInput("request.bad_value", field=name, name=name, value=value[:60], reason=reason)
