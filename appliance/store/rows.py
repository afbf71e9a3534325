"""Single rows, read and written quickly: the statements of each table are built once."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

from appliance.store.database import Transaction
from appliance.store.fields import BaseModel

Row = TypeVar("Row", bound=BaseModel)


def one(model: type[Row], ref: str) -> Row | None:
    """The row with the primary key `ref`, like `model.get_or_none` but several times as quick."""
    sql, fields = _select_of(model)
    cursor = model._meta.database.execute_sql(sql, (ref,))  # type: ignore[attr-defined]
    found = cursor.fetchone()
    if found is None:
        return None
    pairs = zip(fields, found, strict=True)
    values: dict[str, Any] = {field.name: field.python_value(value) for field, value in pairs}
    row: Any = model(__no_default__=1, **values)
    row._dirty.clear()
    return row


def save_changes(tx: Transaction, row: BaseModel) -> None:
    """Like `row.save()`, for the columns that were set since the row was read."""
    changed: Any = row
    fields = changed.dirty_fields
    if fields:
        sql = _update_of(type(row), tuple(field.column_name for field in fields))
        values = [field.db_value(row.__data__.get(field.name)) for field in fields]
        tx.execute(sql, *values, changed.get_id())
        changed._dirty.clear()


def insert(tx: Transaction, row: BaseModel) -> None:
    """Like `row.save(force_insert=True)`, without building the query anew each time."""
    sql, fields = _insert_of(type(row))
    values = row.__data__
    tx.execute(sql, *(field.db_value(values.get(field.name)) for field in fields))


@cache
def _insert_of(model: type[BaseModel]) -> tuple[str, list[Any]]:
    meta: Any = model._meta  # type: ignore[attr-defined]
    fields = list(meta.sorted_fields)
    columns = ", ".join(f'"{field.column_name}"' for field in fields)
    marks = ", ".join("?" * len(fields))
    return f'INSERT INTO "{meta.table_name}" ({columns}) VALUES ({marks})', fields  # noqa: S608 our names


@cache
def _select_of(model: type[BaseModel]) -> tuple[str, list[Any]]:
    meta: Any = model._meta  # type: ignore[attr-defined]
    fields = list(meta.sorted_fields)
    columns = ", ".join(f'"{field.column_name}"' for field in fields)
    key = meta.primary_key.column_name
    return f'SELECT {columns} FROM "{meta.table_name}" WHERE "{key}" = ?', fields  # noqa: S608 our names


@cache
def _update_of(model: type[BaseModel], names: tuple[str, ...]) -> str:
    meta: Any = model._meta  # type: ignore[attr-defined]
    columns = ", ".join(f'"{name}" = ?' for name in names)
    key = meta.primary_key.column_name
    return f'UPDATE "{meta.table_name}" SET {columns} WHERE "{key}" = ?'  # noqa: S608 our names
