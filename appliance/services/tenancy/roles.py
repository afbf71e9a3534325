"""Operations on roles, and who is given them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET

from appliance.engine.calls import Call
from appliance.engine.permissions import expand
from appliance.protocol import requests as q
from appliance.protocol import tenancy as t
from appliance.protocol.errors import Conflict, Forbidden, InvalidInput, NotFound
from appliance.services.common import chosen_id, clean_name, create_once, find
from appliance.services.identity.models import (
    AccountRow,
    AttachmentRow,
    GroupRow,
    RoleRow,
    UserRow,
)
from appliance.services.identity.rights import attach
from appliance.services.identity.service import ADMIN, Identity
from appliance.services.parts import Parts
from appliance.services.tenancy.belonging import owner_for
from appliance.services.tenancy.models import render_roles
from appliance.store.database import Transaction
from appliance.store.fields import tuples
from appliance.store.kinds import ResourceKind

SUBJECTS: dict[str, tuple[str, Any]] = {
    "user_id": ("user", UserRow),
    "group_id": ("group", GroupRow),
    "account_id": ("account", AccountRow),
}


class Roles:
    """What may be done, under a name."""

    def __init__(self, parts: Parts, identity: Identity) -> None:
        self._store = parts.store
        self._identity = identity
        parts.store.kinds.add(
            ResourceKind(
                name="role",
                model=RoleRow,
                render=render_roles,
                owner="account_id",
                internal=frozenset({"statements"}),
            )
        )
        bind = parts.registry.bind
        bind("role.create", self._create)
        bind("role.update", self._update)
        bind("role.delete", self._delete)
        bind("role.attach", self._attach)
        bind("role.detach", self._detach)

    async def _create(self, call: Call, request: t.RoleCreate) -> Any:
        check_patterns(request.statements)
        ref = chosen_id(request)
        values = {
            "name": clean_name(request.name),
            "description": request.description,
            "statements": request.statements,
        }

        def create(tx: Transaction) -> Any:
            account_id = owner_for(call.caller, request.account_id, field="account_id")
            _, is_new = create_once(RoleRow, ref, values | {"account_id": account_id})
            if is_new:
                tx.touch("role", ref)
            return self._store.kinds.render_one("role", ref)

        return await self._store.write(create)

    async def _update(self, call: Call, request: t.RoleUpdate) -> Any:
        if request.statements is not UNSET:
            check_patterns(request.statements)

        def update(tx: Transaction) -> Any:
            row = own_role(call.target)
            if request.name is not UNSET:
                row.name = clean_name(request.name)
            if request.description is not UNSET:
                row.description = request.description
            if request.statements is not UNSET:
                row.statements = request.statements
                self._identity.changed(tx)  # a role may be given to other accounts
            row.save()
            tx.touch("role", row.id)
            return self._store.kinds.render_one("role", row.id)

        return await self._store.write(update)

    async def _delete(self, call: Call, _: q.Empty) -> None:
        def delete(tx: Transaction) -> None:
            row = own_role(call.target)
            had = tuples(
                AttachmentRow.select(AttachmentRow.subject_id).where(AttachmentRow.role == row.id)
            )
            row.delete_instance()
            self._identity.changed(tx)
            tx.touch("role", row.id)
            for (subject_id,) in had:
                _touch_subject(tx, subject_id)

        await self._store.write(delete)

    async def _attach(self, call: Call, request: t.RoleSubject) -> None:
        def give(tx: Transaction) -> None:
            role, subject_id, account_id = _found(call, request)
            attach(tx, role.id, subject_id)
            self._identity.changed(tx, account_id)
            _touch_subject(tx, subject_id)

        await self._store.write(give)

    async def _detach(self, call: Call, request: t.RoleSubject) -> None:
        def take(tx: Transaction) -> None:
            role, subject_id, account_id = _found(call, request)
            AttachmentRow.delete().where(
                AttachmentRow.role == role.id, AttachmentRow.subject_id == subject_id
            ).execute()
            self._identity.changed(tx, account_id)
            _touch_subject(tx, subject_id)

        await self._store.write(take)


def own_role(ref: str) -> RoleRow:
    """A role that may be changed; raises Conflict for predefined ones."""
    row = find(RoleRow, ref, "role")
    if not row.account_id:
        raise Conflict("role.predefined", name=row.name)
    return row


def check_patterns(statements: Sequence[t.Statement]) -> None:
    """Raises InvalidInput for a pattern that means no operation: most likely a slip."""
    for number, statement in enumerate(statements):
        for pattern in statement.operations:
            if not expand([pattern]):
                field = f"statements[{number}].operations"
                raise InvalidInput("role.unknown_operation", field=field, pattern=pattern)


def _found(call: Call, request: t.RoleSubject) -> tuple[RoleRow, str, str]:
    """The role, who shall have it or lose it, and whose that is; within a write.

    A role is for its own account; predefined ones are for all. What an account may as a whole
    is decided by administrators: its users could lift their own limits otherwise. Raises ApiError.
    """
    role = find(RoleRow, call.target, "role")
    given = {name: getattr(request, name) for name in SUBJECTS if getattr(request, name)}
    if len(given) != 1:
        raise InvalidInput("role.one_subject", field="user_id")
    field, ref = next(iter(given.items()))
    kind, model = SUBJECTS[field]
    subject = find(model, ref, kind, field=field)
    if field == "account_id":
        if not call.caller.is_admin:
            raise Forbidden("access.denied", operation=call.operation)
        if subject.name == ADMIN:
            raise Conflict("account.first", name=subject.name)
    elif role.account_id and subject.account_id != role.account_id:
        raise NotFound("resource.not_found", field=field, kind=kind, id=ref)
    return role, subject.id, subject.id if field == "account_id" else subject.account_id


def _touch_subject(tx: Transaction, subject_id: str) -> None:
    for kind, model in SUBJECTS.values():
        if model.select().where(model.id == subject_id).exists():
            tx.touch(kind, subject_id)
