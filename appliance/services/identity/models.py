"""Tables of accounts, sessions and the set-up code."""

from __future__ import annotations

from collections.abc import Sequence

import peewee

from appliance.protocol.resources import Account
from appliance.store.fields import BaseModel, when


class AccountRow(BaseModel):
    """An account; `password_hash` is Argon2id, empty until the first password is set."""

    id = peewee.TextField(primary_key=True)
    name = peewee.TextField(unique=True)
    description = peewee.TextField()
    kind = peewee.TextField()
    password_hash = peewee.TextField()
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "account"


class SessionRow(BaseModel):
    """A login; only the hash of its token is kept."""

    token_sha256 = peewee.TextField(primary_key=True)
    account = peewee.ForeignKeyField(AccountRow, on_delete="CASCADE")
    account_id: str
    address = peewee.TextField()
    created_at = peewee.BigIntegerField()
    expires_at = peewee.BigIntegerField()

    class Meta:
        table_name = "session"


class SetupCodeRow(BaseModel):
    """The code that lets one set the first password; hashed like a password."""

    id = peewee.IntegerField(primary_key=True)
    code_hash = peewee.TextField()

    class Meta:
        table_name = "setup_code"


def render_accounts(rows: Sequence[AccountRow]) -> list[Account]:
    """Account rows as clients see them."""
    return [
        Account(
            id=row.id,
            name=row.name,
            description=row.description,
            kind=row.kind,
            created_at=when(row.created_at),
        )
        for row in rows
    ]
