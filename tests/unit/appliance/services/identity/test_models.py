"""The tables of the models are those that the migrations make."""

from __future__ import annotations

from typing import Any

import peewee
import pytest

from appliance.services.audit.service import AuditRow
from appliance.services.identity.models import (
    AccountRow,
    AttachmentRow,
    GroupRow,
    MemberRow,
    RoleRow,
    SessionRow,
    SetupCodeRow,
    TokenRow,
    UserRow,
)
from appliance.services.tenancy.models import ShareRow
from appliance.store.database import Store
from appliance.store.fields import BaseModel, database

MODELS = [
    *(AccountRow, SessionRow, SetupCodeRow, AuditRow, UserRow, GroupRow, MemberRow, RoleRow),
    *(AttachmentRow, TokenRow, ShareRow),
]


def column_type(field: peewee.Field) -> str:
    kind = field.rel_field if isinstance(field, peewee.ForeignKeyField) else field
    return "TEXT" if isinstance(kind, peewee.TextField) else "INTEGER"


@pytest.mark.parametrize("model", MODELS)
async def test_columns_agree(store: Store, model: type[BaseModel]) -> None:
    meta: Any = model._meta  # type: ignore[attr-defined]
    kept = await store.read(lambda: database.get_columns(meta.table_name))
    assert {
        column.name: (column.data_type, column.null, column.primary_key) for column in kept
    } == {
        field.column_name: (column_type(field), field.null, field.primary_key)
        for field in meta.sorted_fields
    }


@pytest.mark.parametrize("model", MODELS)
async def test_indexes_agree(store: Store, model: type[BaseModel]) -> None:
    meta: Any = model._meta  # type: ignore[attr-defined]
    kept = await store.read(lambda: database.get_indexes(meta.table_name))
    found = {(tuple(index.columns), index.unique) for index in kept if index.sql}
    declared = {
        ((field.column_name,), field.unique)
        for field in meta.sorted_fields
        if (field.index or field.unique) and not field.primary_key
    }
    declared |= {
        (tuple(meta.fields[name].column_name for name in names), unique)
        for names, unique in meta.indexes
    }
    assert found == declared


async def test_the_sessions_of_an_account_go_with_it(store: Store) -> None:
    keys = await store.read(lambda: database.get_foreign_keys("session"))
    assert sorted((key.column, key.dest_table, key.dest_column) for key in keys) == [
        ("account_id", "account", "id"),
        ("user_id", "user", "id"),
    ]
