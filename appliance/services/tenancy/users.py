"""Operations on users and on groups of them."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from appliance.engine.calls import Call
from appliance.protocol import requests as q
from appliance.protocol import tenancy as t
from appliance.protocol.errors import Conflict, NotFound
from appliance.protocol.resources import State
from appliance.services.common import chosen_id, clean_name, create_once, find, updater
from appliance.services.identity.models import GroupRow, MemberRow, UserRow
from appliance.services.identity.passwords import check_strength
from appliance.services.identity.service import Identity
from appliance.services.parts import Parts
from appliance.services.tenancy.belonging import login_name, owner_for
from appliance.services.tenancy.models import render_groups, render_users
from appliance.store.database import Transaction
from appliance.store.fields import now_ms, tuples
from appliance.store.kinds import ResourceKind


class Users:
    """Logins inside accounts."""

    def __init__(self, parts: Parts, identity: Identity) -> None:
        self._store = parts.store
        self._identity = identity
        parts.store.kinds.add(
            ResourceKind(
                name="user",
                model=UserRow,
                render=render_users,
                owner="account_id",
                internal=frozenset({"password_hash"}),
            )
        )
        bind = parts.registry.bind
        bind("user.create", self._create)
        bind("user.update", self._update)
        bind("user.delete", self._delete)
        bind("user.enable", self._set_state(State.ENABLED))
        bind("user.disable", self._set_state(State.DISABLED))
        bind("user.set_password", self._set_password)

    async def _create(self, call: Call, request: t.UserCreate) -> t.User:
        ref, name = chosen_id(request), login_name(request.name)
        check_strength(request.password, name, field="password")
        password_hash = await self._identity.passwords.hash(request.password)

        def create(tx: Transaction) -> t.User:
            account_id = owner_for(call.caller, request.account_id, field="account_id")
            row = UserRow.get_or_none(UserRow.id == ref)
            if row is not None and (row.name, row.account_id) != (name, account_id):
                raise Conflict("request.id_taken", field="id", id=ref)
            if row is None:
                _refuse_taken(account_id, name)
                UserRow.create(
                    id=ref,
                    account=account_id,
                    name=name,
                    description=request.description,
                    password_hash=password_hash,
                    state=State.ENABLED,
                    created_at=now_ms(),
                )
                tx.touch("user", ref)
            return self._shown(ref)

        return await self._store.write(create)

    async def _update(self, call: Call, request: q.Update) -> t.User:
        def update(tx: Transaction) -> t.User:
            row = find(UserRow, call.target, "user")
            if request.name is not UNSET and (name := login_name(request.name)) != row.name:
                _refuse_taken(row.account_id, name)
                row.name = name
                self._identity.changed(tx, row.account_id)
            if request.description is not UNSET:
                row.description = request.description
            row.save()
            tx.touch("user", row.id)
            return self._shown(row.id)

        return await self._store.write(update)

    async def _delete(self, call: Call, _: q.Empty) -> None:
        def delete(tx: Transaction) -> None:
            row = find(UserRow, call.target, "user")
            self._identity.log_out(tx, user_id=row.id)
            groups = tuples(MemberRow.select(MemberRow.group).where(MemberRow.user == row.id))
            row.delete_instance()
            tx.touch("user", row.id)
            for (group_id,) in groups:
                tx.touch("group", group_id)

        await self._store.write(delete)

    def _set_state(self, state: State) -> Any:
        async def change(call: Call, _: q.Empty) -> t.User:
            def write(tx: Transaction) -> t.User:
                row = find(UserRow, call.target, "user")
                row.state = state
                row.save()
                if state == State.DISABLED:
                    self._identity.log_out(tx, user_id=row.id)
                self._identity.changed(tx, row.account_id)
                tx.touch("user", row.id)
                return self._shown(row.id)

            return await self._store.write(write)

        return change

    async def _set_password(self, call: Call, request: t.PasswordSet) -> None:
        name = await self._store.read(lambda: find(UserRow, call.target, "user").name)
        check_strength(request.password, name, field="password")
        password_hash = await self._identity.passwords.hash(request.password)

        def keep(tx: Transaction) -> None:
            row = find(UserRow, call.target, "user")
            row.password_hash = password_hash
            row.save()
            self._identity.log_out(tx, user_id=row.id)

        await self._store.write(keep)

    def _shown(self, ref: str) -> t.User:
        shown = self._store.kinds.render_one("user", ref)
        assert shown is not None, "it was written in this very transaction"
        return shown


class Groups:
    """Users who are given roles together."""

    def __init__(self, parts: Parts, identity: Identity) -> None:
        self._store = parts.store
        self._identity = identity
        parts.store.kinds.add(
            ResourceKind(name="group", model=GroupRow, render=render_groups, owner="account_id")
        )
        bind = parts.registry.bind
        bind("group.create", self._create)
        bind("group.update", updater(parts.store, GroupRow, "group"))
        bind("group.delete", self._delete)
        bind("group.add_user", self._add)
        bind("group.remove_user", self._remove)

    async def _create(self, call: Call, request: t.GroupCreate) -> Any:
        ref = chosen_id(request)
        values = {"name": clean_name(request.name), "description": request.description}

        def create(tx: Transaction) -> Any:
            account_id = owner_for(call.caller, request.account_id, field="account_id")
            _, is_new = create_once(GroupRow, ref, values | {"account": account_id})
            if is_new:
                tx.touch("group", ref)
            return self._store.kinds.render_one("group", ref)

        return await self._store.write(create)

    async def _delete(self, call: Call, _: q.Empty) -> None:
        def delete(tx: Transaction) -> None:
            row = find(GroupRow, call.target, "group")
            members = tuples(MemberRow.select(MemberRow.user).where(MemberRow.group == row.id))
            row.delete_instance()
            self._identity.changed(tx, row.account_id)
            tx.touch("group", row.id)
            for (user_id,) in members:
                tx.touch("user", user_id)

        await self._store.write(delete)

    async def _add(self, call: Call, request: t.GroupMember) -> Any:
        def add(tx: Transaction) -> Any:
            group = find(GroupRow, call.target, "group")
            user = find(UserRow, request.user_id, "user", field="user_id")
            if user.account_id != group.account_id:
                raise NotFound("resource.not_found", field="user_id", kind="user", id=user.id)
            MemberRow.get_or_create(group=group.id, user=user.id)
            return self._changed(tx, group, user.id)

        return await self._store.write(add)

    async def _remove(self, call: Call, request: t.GroupMember) -> Any:
        def remove(tx: Transaction) -> Any:
            group = find(GroupRow, call.target, "group")
            user = find(UserRow, request.user_id, "user", field="user_id")
            MemberRow.delete().where(
                MemberRow.group == group.id, MemberRow.user == user.id
            ).execute()
            return self._changed(tx, group, user.id)

        return await self._store.write(remove)

    def _changed(self, tx: Transaction, group: GroupRow, user_id: str) -> Any:
        self._identity.changed(tx, group.account_id)
        tx.touch("group", group.id)
        tx.touch("user", user_id)
        return self._store.kinds.render_one("group", group.id)


def _refuse_taken(account_id: str, name: str) -> None:
    taken = UserRow.select().where(UserRow.account == account_id, UserRow.name == name)
    if taken.exists():
        raise Conflict("user.name_taken", field="name", name=name)
