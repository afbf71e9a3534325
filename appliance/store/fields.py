"""Model base and the field types that our tables share."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import msgspec
import peewee

database = peewee.DatabaseProxy()


class BaseModel(peewee.Model):
    """Base of all tables; bound to the database when the store starts."""

    class Meta:
        database = database


class JsonField(peewee.TextField):
    """A typed value kept as JSON text.

    Parameters: `kind`, any type that msgspec can encode and decode.
    """

    def __init__(self, kind: Any = Any, **options: Any) -> None:
        super().__init__(**options)
        self._decoder = msgspec.json.Decoder(kind)

    def db_value(self, value: Any) -> str | None:
        return None if value is None else msgspec.json.encode(value).decode()

    def python_value(self, value: str | None) -> Any:
        return None if value is None else self._decoder.decode(value)


def json_field(kind: Any = Any, **options: Any) -> Any:
    """A JsonField as type checkers shall see it: annotate the column with its type."""
    return JsonField(kind, **options)


def now_ms() -> int:
    """The time as we keep it: milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def tuples(query: Any) -> list[Any]:
    """The rows of a select as tuples."""
    return list(query.tuples())


def when(milliseconds: int) -> datetime:
    """A kept time as clients see it."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def when_or_none(milliseconds: int | None) -> datetime | None:
    """Like `when`, for a time that may not have come."""
    return None if milliseconds is None else when(milliseconds)
