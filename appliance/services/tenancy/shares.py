"""Operations on shares and on API tokens."""

from __future__ import annotations

import secrets
from typing import Any

from appliance.engine.calls import Call
from appliance.engine.permissions import expand
from appliance.engine.visibility import EVERYBODY, find_visible
from appliance.protocol import requests as q
from appliance.protocol import tenancy as t
from appliance.protocol.errors import Forbidden, InvalidInput
from appliance.protocol.ids import new_id
from appliance.services.common import clean_name, find
from appliance.services.identity.models import AccountRow, TokenRow
from appliance.services.identity.service import Identity, digest_of
from appliance.services.parts import Parts
from appliance.services.tenancy.models import ShareRow, render_shares, render_tokens
from appliance.store.database import Transaction
from appliance.store.fields import now_ms
from appliance.store.kinds import ResourceKind

TOKEN_PREFIX = "anyun_"  # noqa: S105 so that a leaked token can be found and told


class Shares:
    """What others may see and use."""

    def __init__(self, parts: Parts, identity: Identity) -> None:
        self._store = parts.store
        self._identity = identity
        parts.store.kinds.add(
            ResourceKind(
                name="share",
                model=ShareRow,
                render=render_shares,
                search=("id", "kind", "resource_id"),
                owner="owner_id",
            )
        )
        parts.registry.bind("share.create", self._create)
        parts.registry.bind("share.delete", self._delete)

    async def _create(self, call: Call, request: t.ShareCreate) -> Any:
        kind = self._store.kinds.by_name[request.kind]
        if request.account_id is None and not call.caller.is_admin:
            raise Forbidden("share.everybody")

        def create(tx: Transaction) -> Any:
            if not find_visible(call.caller, kind, request.resource_id, field="resource_id"):
                raise Forbidden("share.not_yours", field="resource_id")
            if request.account_id is not None:
                find(AccountRow, request.account_id, "account", field="account_id")
            row: Any = kind.model.get_by_id(request.resource_id)
            owner_id = getattr(row, kind.owner) if kind.owner else call.caller.account_id
            share, is_new = ShareRow.get_or_create(
                kind=request.kind,
                resource_id=request.resource_id,
                account_id=request.account_id or EVERYBODY,
                defaults={"id": new_id(), "owner_id": owner_id, "created_at": now_ms()},
            )
            if is_new:
                self._identity.changed(tx, share.account_id)
                tx.touch("share", share.id)
                tx.touch(request.kind, request.resource_id)  # whoever follows the feed sees it now
            return self._store.kinds.render_one("share", share.id)

        return await self._store.write(create)

    async def _delete(self, call: Call, _: q.Empty) -> None:
        def delete(tx: Transaction) -> None:
            share = find(ShareRow, call.target, "share")
            share.delete_instance()
            self._identity.changed(tx, share.account_id)
            tx.touch("share", call.target)

        await self._store.write(delete)


class Tokens:
    """For programs, instead of a login."""

    def __init__(self, parts: Parts, identity: Identity) -> None:
        self._store = parts.store
        self._identity = identity
        parts.store.kinds.add(
            ResourceKind(
                name="token",
                model=TokenRow,
                render=render_tokens,
                owner="account_id",
                internal=frozenset({"token_sha256", "scopes"}),
            )
        )
        parts.registry.bind("token.create", self._create)
        parts.registry.bind("token.delete", self._delete)

    async def _create(self, call: Call, request: t.TokenCreate) -> t.NewToken:
        for pattern in request.scopes:
            if not expand([pattern]):
                raise InvalidInput("role.unknown_operation", field="scopes", pattern=pattern)
        name, secret = clean_name(request.name), TOKEN_PREFIX + secrets.token_urlsafe(32)

        def create(tx: Transaction) -> t.NewToken:
            now, lifetime_s = now_ms(), request.expires_in_s
            row = TokenRow.create(
                id=new_id(),
                account=call.caller.account_id,
                user=call.caller.user_id,
                name=name,
                description=request.description,
                token_sha256=digest_of(secret),
                scopes=request.scopes,
                expires_at=None if lifetime_s is None else now + lifetime_s * 1000,
                created_at=now,
            )
            tx.touch("token", row.id)
            shown = render_tokens([row])[0]
            fields = {name: getattr(shown, name) for name in shown.__struct_fields__}
            return t.NewToken(**fields, token=secret)

        return await self._store.write(create)

    async def _delete(self, call: Call, _: q.Empty) -> None:
        def delete(tx: Transaction) -> None:
            self._identity.end_token(tx, find(TokenRow, call.target, "token"))
            tx.touch("token", call.target)

        await self._store.write(delete)
