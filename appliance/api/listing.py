"""Lists of any kind of resource: search, filters, order, pages by cursor."""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import msgspec
import peewee

from appliance.protocol.errors import InvalidInput, NotFound
from appliance.protocol.operations import Page
from appliance.store import feed
from appliance.store.kinds import ResourceKind

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
RESERVED = frozenset({"limit", "cursor", "sort", "q"})


def page(kind: ResourceKind, query: Mapping[str, str]) -> Page[Any]:
    """One page of `kind` as the query string asks; within a read.

    Raises InvalidInput for unknown fields and bad values.
    """
    _check_characters(query)
    limit = _limit(query.get("limit"))
    model = kind.model
    conditions = [
        _equals(kind, name, value) for name, value in query.items() if name not in RESERVED
    ]
    if kind.visible is not None:
        conditions.append(kind.visible())
    if query.get("q"):
        conditions.append(_matches(kind, query["q"]))
    rows = model.select()
    if conditions:
        rows = rows.where(*conditions)
    total = rows.count()
    column, descending = _order(kind, query.get("sort"))
    key = kind.key
    if query.get("cursor"):
        rows = rows.where(_after(column, key, query["cursor"], descending=descending))
    order = [column.desc(), key.desc()] if descending else [column, key]
    found = list(rows.order_by(*order).limit(limit + 1))
    shown = found[:limit]
    following = None
    if len(found) > limit:
        last = shown[-1]
        following = _cursor(last.__data__[column.name], last.__data__[key.name])
    return Page(items=kind.render(shown), next=following, total=total, seq=feed.bounds()[1])


def one(kind: ResourceKind, ref: str) -> Any:
    """One resource; within a read. Raises NotFound."""
    conditions = [kind.key == ref]
    if kind.visible is not None:
        conditions.append(kind.visible())
    rows = list(kind.model.select().where(*conditions))
    if not rows:
        raise NotFound("resource.not_found", kind=kind.name, id=ref)
    return kind.render(rows)[0]


def _check_characters(query: Mapping[str, str]) -> None:
    """No name and no id has control characters: who asks for them has made a mistake."""
    for name, value in query.items():
        if any(unicodedata.category(character) == "Cc" for character in value):
            raise InvalidInput("request.control_characters", field=name, name=name)


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not re.fullmatch("[0-9]{1,6}", text) or not 1 <= int(text) <= MAX_LIMIT:
        raise InvalidInput(
            "request.bad_value",
            field="limit",
            name="limit",
            value=text,
            reason=f"a number from 1 to {MAX_LIMIT}",
        )
    return int(text)


def _fields(kind: ResourceKind) -> dict[str, Any]:
    """Columns by the names that clients use: `zone_id` rather than `zone`."""
    return {
        field.column_name: field
        for field in kind.model._meta.sorted_fields  # type: ignore[attr-defined]
    }


def _field(kind: ResourceKind, name: str) -> Any:
    fields = _fields(kind)
    if name not in fields:
        choices = ", ".join(sorted(fields))
        raise InvalidInput(
            "request.bad_value", field=name, name=name, value=name, reason=f"fields are {choices}"
        )
    return fields[name]


def _equals(kind: ResourceKind, name: str, value: str) -> Any:
    return _field(kind, name).in_(value.split(","))


def _matches(kind: ResourceKind, text: str) -> Any:
    condition = peewee.Value(False)
    for name in kind.search:
        condition |= _field(kind, name).contains(text)
    if kind.search_also is not None:
        condition |= kind.search_also(text)
    return condition


def _order(kind: ResourceKind, sort: str | None) -> tuple[Any, bool]:
    if not sort:
        return _field(kind, kind.order), True
    fields = _fields(kind)
    name = sort.removeprefix("-")
    if name not in fields:
        choices = ", ".join(sorted(fields))
        raise InvalidInput("request.bad_sort", field="sort", value=sort, choices=choices)
    return fields[name], sort.startswith("-")


def _cursor(value: Any, ref: str) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([value, ref])).decode().rstrip("=")


def _after(column: Any, key: Any, cursor: str, *, descending: bool) -> Any:
    """What comes after the cursor's row; NULL sorts before everything else, as in SQLite."""
    value, ref = _parse_cursor(cursor)
    if value is None:
        same = column.is_null() & (key < ref if descending else key > ref)
        return same if descending else same | column.is_null(False)
    if descending:
        return (column < value) | ((column == value) & (key < ref)) | column.is_null()
    return (column > value) | ((column == value) & (key > ref))


def _parse_cursor(cursor: str) -> tuple[str | int | float | bool | None, str]:
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        value, ref = msgspec.json.decode(raw, type=tuple[str | int | float | bool | None, str])
        if isinstance(value, int) and abs(value) >= 2**63:
            raise ValueError(value)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise InvalidInput(
            "request.bad_value",
            field="cursor",
            name="cursor",
            value=cursor[:40],
            reason="it is not from an earlier page",
        ) from None
    return value, ref
