"""Tables of accounts, their users, groups, roles and API tokens, sessions, the set-up code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import peewee

from appliance.protocol.resources import Account, State
from appliance.protocol.tenancy import Statement
from appliance.store.fields import BaseModel, json_field, tuples, when


class AccountRow(BaseModel):
    """An account; `password_hash` is Argon2id, empty until the first password is set."""

    id = peewee.TextField(primary_key=True)
    name = peewee.TextField(unique=True)
    description = peewee.TextField()
    kind = peewee.TextField()
    password_hash = peewee.TextField()
    state = peewee.TextField(default=State.ENABLED)
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "account"


class UserRow(BaseModel):
    """A login inside an account."""

    id = peewee.TextField(primary_key=True)
    account = peewee.ForeignKeyField(AccountRow, on_delete="CASCADE")
    account_id: str
    name = peewee.TextField()
    description = peewee.TextField()
    password_hash = peewee.TextField()
    state = peewee.TextField()
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "user"
        indexes = ((("account", "name"), True),)


class GroupRow(BaseModel):
    """Users of an account who are given roles together."""

    id = peewee.TextField(primary_key=True)
    account = peewee.ForeignKeyField(AccountRow, on_delete="CASCADE")
    account_id: str
    name = peewee.TextField()
    description = peewee.TextField()
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "user_group"


class MemberRow(BaseModel):
    """A user in a group."""

    id = peewee.AutoField()
    group = peewee.ForeignKeyField(GroupRow, on_delete="CASCADE")
    group_id: str
    user = peewee.ForeignKeyField(UserRow, on_delete="CASCADE")
    user_id: str

    class Meta:
        table_name = "group_member"
        indexes = ((("group", "user"), True),)


class RoleRow(BaseModel):
    """Statements that are given together; predefined roles have no account."""

    id = peewee.TextField(primary_key=True)
    account_id = peewee.TextField(index=True)
    name = peewee.TextField()
    description = peewee.TextField()
    statements: list[Statement] = json_field(list[Statement])
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "role"


class AttachmentRow(BaseModel):
    """A role of a user, a group or an account."""

    id = peewee.AutoField()
    role = peewee.ForeignKeyField(RoleRow, on_delete="CASCADE")
    role_id: str
    subject_id = peewee.TextField(index=True)

    class Meta:
        table_name = "role_attachment"
        indexes = ((("role", "subject_id"), True),)


class TokenRow(BaseModel):
    """An API token; only its hash is kept."""

    id = peewee.TextField(primary_key=True)
    account = peewee.ForeignKeyField(AccountRow, on_delete="CASCADE")
    account_id: str
    user = peewee.ForeignKeyField(UserRow, on_delete="CASCADE", null=True)
    user_id: str | None
    name = peewee.TextField()
    description = peewee.TextField()
    token_sha256 = peewee.TextField(unique=True)
    scopes: list[str] = json_field(list[str])
    expires_at = peewee.BigIntegerField(null=True)
    last_used_at = peewee.BigIntegerField(null=True)
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "api_token"


class SessionRow(BaseModel):
    """A login of an account or of its user; only the hash of its token is kept."""

    token_sha256 = peewee.TextField(primary_key=True)
    account = peewee.ForeignKeyField(AccountRow, on_delete="CASCADE")
    account_id: str
    user = peewee.ForeignKeyField(UserRow, on_delete="CASCADE", null=True)
    user_id: str | None
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
    """Account rows as clients see them; within a read or write."""
    roles = roles_of(row.id for row in rows)
    return [
        Account(
            id=row.id,
            name=row.name,
            description=row.description,
            kind=row.kind,
            state=State(row.state),
            role_ids=roles[row.id],
            created_at=when(row.created_at),
        )
        for row in rows
    ]


def roles_of(subjects: Iterable[str]) -> dict[str, list[str]]:
    """The roles of users, groups or accounts, by their ids."""
    found: dict[str, list[str]] = defaultdict(list)
    query: Any = AttachmentRow.select(AttachmentRow.subject_id, AttachmentRow.role)
    query = query.where(AttachmentRow.subject_id.in_(list(subjects)))
    for subject_id, role_id in tuples(query.order_by(AttachmentRow.id)):
        found[subject_id].append(role_id)
    return found
