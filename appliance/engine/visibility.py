"""Who sees what: one's own, what is shared, and nothing else; administrators see everything."""

from __future__ import annotations

from typing import Any

import peewee

from appliance.engine.calls import Caller
from appliance.protocol.errors import NotFound
from appliance.protocol.operations import OPERATIONS
from appliance.protocol.tenancy import SHAREABLE
from appliance.store.kinds import ResourceKind, Scope

EVERYBODY = ""  # the account of shares with every account
COMMON = ""  # the owner of predefined roles


def visible_to(caller: Caller) -> Scope | None:
    """For a kind of resource the condition on its rows that `caller` may see; None for all."""
    if caller.is_admin:
        return None

    def scope(kind: ResourceKind) -> Any:
        condition = peewee.Value(False)
        if kind.owner is not None:
            condition = _column(kind) == caller.account_id
        if kind.name == "role":
            condition |= _column(kind) == COMMON
        if kind.name == "token" and caller.user_id is not None:
            condition &= kind.model.user_id == caller.user_id  # type: ignore[attr-defined]
        if kind.name in SHAREABLE:
            condition |= kind.key.in_(_shared(kind.name, caller.account_id))
        return condition

    return scope


def may_see(caller: Caller, kind: str, ref: str, owner: str | None) -> bool:
    """Whether `caller` may see a resource whose owner is known: as if it read it."""
    read = f"{kind}.get" if f"{kind}.get" in OPERATIONS else f"{kind}.list"
    if not caller.rights.allow(read, ref):
        return False
    if caller.is_admin or (kind, ref) in caller.rights.shared:
        return True
    if kind == "token" and caller.user_id is not None:
        return False  # tokens of the account's other users are not theirs to see
    return owner == caller.account_id or (kind == "role" and owner == COMMON)


def find_visible(caller: Caller, kind: ResourceKind, ref: str, *, field: str | None = None) -> bool:
    """Whether a resource is the caller's own rather than shared; within a read.

    Raises NotFound if the caller may not see it: the same error as if it did not exist.
    """
    conditions = [kind.key == ref]
    scope = visible_to(caller)
    if scope is not None:
        conditions.append(scope(kind))
    if kind.visible is not None:
        conditions.append(kind.visible())
    columns = [kind.key] if kind.owner is None else [kind.key, _column(kind)]
    query = kind.model.select(*columns).where(*conditions)
    row = query.tuples().first()
    if row is None:
        raise NotFound("resource.not_found", field=field, kind=kind.name, id=ref)
    return caller.is_admin or row[-1] == caller.account_id


def _column(kind: ResourceKind) -> Any:
    """The column that names the owner."""
    assert kind.owner is not None
    fields: Any = kind.model._meta.columns  # type: ignore[attr-defined]
    return fields[kind.owner]


def _shared(kind: str, account_id: str) -> Any:
    return peewee.SQL(
        "(SELECT resource_id FROM share WHERE kind = ? AND account_id IN (?, ?))",
        [kind, EVERYBODY, account_id],
    )
