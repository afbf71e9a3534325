"""Operations on accounts."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from appliance.engine import ledger
from appliance.engine.calls import Call
from appliance.protocol import requests as q
from appliance.protocol import tenancy as t
from appliance.protocol.errors import Conflict, NotFound
from appliance.protocol.resources import Account, State
from appliance.services.common import chosen_id, find
from appliance.services.firewall.defaults import give_default_group, take_default_group
from appliance.services.identity.models import AccountRow, render_accounts
from appliance.services.identity.passwords import check_strength
from appliance.services.identity.rights import ADMINISTRATOR, TENANT, attach
from appliance.services.identity.service import ADMIN, Identity
from appliance.services.parts import Parts
from appliance.services.tenancy.belonging import login_name
from appliance.services.tenancy.quotas import give_defaults
from appliance.store.database import Transaction
from appliance.store.fields import database, now_ms
from appliance.store.kinds import ResourceKind

ROLES = {"administrator": ADMINISTRATOR, "tenant": TENANT}
# An account that owns any of these cannot be deleted.
OWNED = (
    "vm",
    "volume",
    "image",
    "network",
    "instance_offering",
    "affinity_group",
    "security_group",
    "elastic_ip",
)


class Accounts:
    """Those who own resources."""

    def __init__(self, parts: Parts, identity: Identity) -> None:
        self._store = parts.store
        self._identity = identity
        parts.store.kinds.add(
            ResourceKind(
                name="account",
                model=AccountRow,
                render=render_accounts,
                owner="id",
                internal=frozenset({"password_hash"}),
            )
        )
        bind = parts.registry.bind
        bind("account.create", self._create)
        bind("account.update", self._update)
        bind("account.delete", self._delete)
        bind("account.enable", self._set_state(State.ENABLED))
        bind("account.disable", self._set_state(State.DISABLED))
        bind("account.set_password", self._set_password)

    async def _create(self, call: Call, request: t.AccountCreate) -> Account:
        ref, name = chosen_id(request), login_name(request.name)
        check_strength(request.password, name, field="password")
        password_hash = await self._identity.passwords.hash(request.password)

        def create(tx: Transaction) -> Account:
            row = AccountRow.get_or_none(AccountRow.id == ref)
            if row is not None and (row.name, row.kind) != (name, request.kind):
                raise Conflict("request.id_taken", field="id", id=ref)
            if row is None:
                refuse_taken(name)
                AccountRow.create(
                    id=ref,
                    name=name,
                    description=request.description,
                    kind=request.kind,
                    password_hash=password_hash,
                    created_at=now_ms(),
                )
                attach(tx, ROLES[request.kind], ref)
                give_default_group(tx, ref)
                if request.kind == "tenant":
                    give_defaults(tx, ref)
                tx.touch("account", ref)
            return self._shown(ref)

        return await self._store.write(create)

    async def _update(self, call: Call, request: q.Update) -> Account:
        def update(tx: Transaction) -> Account:
            row = find(AccountRow, call.target, "account")
            if request.name is not UNSET and (name := login_name(request.name)) != row.name:
                refuse_if_first(row)
                refuse_taken(name)
                row.name = name
                self._identity.changed(tx, row.id)
            if request.description is not UNSET:
                row.description = request.description
            row.save()
            tx.touch("account", row.id)
            return self._shown(row.id)

        return await self._store.write(update)

    async def _delete(self, call: Call, _: q.Empty) -> None:
        def delete(tx: Transaction) -> None:
            row = find(AccountRow, call.target, "account")
            refuse_if_first(row)
            refuse_oneself(call, row)
            refuse_if_owning(row)
            take_default_group(tx, row.id)
            self._identity.log_out(tx, account_id=row.id)
            for kind in ("user", "group", "role", "token"):
                for (ref,) in _of(kind, row.id):
                    tx.touch(kind, ref)
            row.delete_instance()
            ledger.forget(tx, row.id)
            tx.touch("account", row.id)

        await self._store.write(delete)

    def _set_state(self, state: State) -> Any:
        async def change(call: Call, _: q.Empty) -> Account:
            def write(tx: Transaction) -> Account:
                row = find(AccountRow, call.target, "account")
                if state == State.DISABLED:
                    refuse_if_first(row)
                    refuse_oneself(call, row)
                    self._identity.log_out(tx, account_id=row.id)
                row.state = state
                row.save()
                self._identity.changed(tx, row.id)
                tx.touch("account", row.id)
                return self._shown(row.id)

            return await self._store.write(write)

        return change

    async def _set_password(self, call: Call, request: t.PasswordSet) -> None:
        def name() -> str:
            return find(AccountRow, call.target, "account").name

        check_strength(request.password, await self._store.read(name), field="password")
        password_hash = await self._identity.passwords.hash(request.password)

        def keep(tx: Transaction) -> None:
            row = find(AccountRow, call.target, "account")
            # One's own password is changed with the old one; the first one with the set-up code.
            refuse_oneself(call, row)
            refuse_if_first(row)
            row.password_hash = password_hash
            row.save()
            self._identity.log_out(tx, account_id=row.id)

        await self._store.write(keep)

    def _shown(self, ref: str) -> Account:
        shown = self._store.kinds.render_one("account", ref)
        if shown is None:
            raise NotFound("resource.not_found", kind="account", id=ref)
        return shown


def refuse_taken(name: str) -> None:
    """Raises Conflict if another account has this name: people log in with it."""
    if AccountRow.select().where(AccountRow.name == name).exists():
        raise Conflict("account.name_taken", field="name", name=name)


def refuse_if_first(row: AccountRow) -> None:
    """Raises Conflict for the first administrator's account: without it nobody could get in."""
    if row.name == ADMIN:
        raise Conflict("account.first", name=row.name)


def refuse_oneself(call: Call, row: AccountRow) -> None:
    """Raises Conflict if this is the caller's own account: who would take it back?"""
    if row.id == call.caller.account_id:
        raise Conflict("account.oneself", name=row.name)


def refuse_if_owning(row: AccountRow) -> None:
    """Raises Conflict while the account owns something."""
    for kind in OWNED:
        also = " AND NOT is_default" if kind == "security_group" else ""
        sql = f'SELECT COUNT(*) FROM "{kind}" WHERE owner_id = ?{also}'  # noqa: S608 our own names
        (count,) = database.execute_sql(sql, (row.id,)).fetchone()
        if count:
            raise Conflict("account.owns", name=row.name, count=count, kind=kind)


_TABLES = {"user": "user", "group": "user_group", "role": "role", "token": "api_token"}


def _of(kind: str, account_id: str) -> Any:
    sql = f'SELECT id FROM "{_TABLES[kind]}" WHERE account_id = ?'  # noqa: S608 our own names
    return database.execute_sql(sql, (account_id,)).fetchall()
