"""Table of shares, and how tenancy's resources look to clients."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import peewee

from appliance.protocol import tenancy as t
from appliance.protocol.resources import State
from appliance.services.identity.models import (
    GroupRow,
    MemberRow,
    RoleRow,
    TokenRow,
    UserRow,
    roles_of,
)
from appliance.store.fields import BaseModel, database, tuples, when, when_or_none


class ShareRow(BaseModel):
    """A resource that an account may see and use; an empty account is every account."""

    id = peewee.TextField(primary_key=True)
    kind = peewee.TextField()
    resource_id = peewee.TextField(index=True)
    account_id = peewee.TextField()
    owner_id = peewee.TextField(index=True)
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "share"
        indexes = ((("account_id", "kind", "resource_id"), True),)


def render_users(rows: Sequence[UserRow]) -> list[t.User]:
    """User rows as clients see them."""
    roles = roles_of(row.id for row in rows)
    groups = _members(MemberRow.user, MemberRow.group, [row.id for row in rows])
    return [
        t.User(
            id=row.id,
            name=row.name,
            description=row.description,
            account_id=row.account_id,
            state=State(row.state),
            role_ids=roles[row.id],
            group_ids=groups[row.id],
            created_at=when(row.created_at),
        )
        for row in rows
    ]


def render_groups(rows: Sequence[GroupRow]) -> list[t.Group]:
    """Group rows as clients see them."""
    roles = roles_of(row.id for row in rows)
    users = _members(MemberRow.group, MemberRow.user, [row.id for row in rows])
    return [
        t.Group(
            id=row.id,
            name=row.name,
            description=row.description,
            account_id=row.account_id,
            role_ids=roles[row.id],
            user_ids=users[row.id],
            created_at=when(row.created_at),
        )
        for row in rows
    ]


def _members(by: Any, what: Any, refs: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for key, value in tuples(MemberRow.select(by, what).where(by.in_(refs)).order_by(MemberRow.id)):
        found[key].append(value)
    return found


def render_roles(rows: Sequence[RoleRow]) -> list[t.Role]:
    """Role rows as clients see them; who has them is not told, as predefined ones are common."""
    return [
        t.Role(
            id=row.id,
            name=row.name,
            description=row.description,
            account_id=row.account_id,
            is_predefined=not row.account_id,
            statements=row.statements,
            created_at=when(row.created_at),
        )
        for row in rows
    ]


def render_shares(rows: Sequence[ShareRow]) -> list[t.Share]:
    """Share rows as clients see them."""
    return [
        t.Share(
            id=row.id,
            kind=row.kind,
            resource_id=row.resource_id,
            resource_name=name_of(row.kind, row.resource_id),
            account_id=row.account_id or None,
            owner_id=row.owner_id,
            created_at=when(row.created_at),
        )
        for row in rows
    ]


def name_of(kind: str, ref: str) -> str:
    """The name of a resource that can be shared; "" if it is gone."""
    assert kind in t.SHAREABLE
    row = database.execute_sql(f'SELECT name FROM "{kind}" WHERE id = ?', (ref,)).fetchone()  # noqa: S608 one of SHAREABLE
    return row[0] if row else ""


def render_tokens(rows: Sequence[TokenRow]) -> list[t.Token]:
    """Token rows as clients see them; the token itself is not kept."""
    return [
        t.Token(
            id=row.id,
            name=row.name,
            description=row.description,
            account_id=row.account_id,
            user_id=row.user_id,
            scopes=row.scopes,
            expires_at=when_or_none(row.expires_at),
            last_used_at=when_or_none(row.last_used_at),
            created_at=when(row.created_at),
        )
        for row in rows
    ]
