"""Puts tenancy together, and tells callers what they may do."""

from __future__ import annotations

from appliance.engine.calls import Call, Caller
from appliance.engine.permissions import PERMISSIONS
from appliance.protocol import requests as q
from appliance.protocol import tenancy as t
from appliance.protocol.operations import Access, OperationSpec
from appliance.services.identity.service import Identity
from appliance.services.parts import Parts
from appliance.services.tenancy.accounts import Accounts
from appliance.services.tenancy.quotas import Quotas
from appliance.services.tenancy.roles import Roles
from appliance.services.tenancy.shares import Shares, Tokens
from appliance.services.tenancy.users import Groups, Users


def install(parts: Parts, identity: Identity) -> None:
    """Register the kinds and bind the operations."""
    Accounts(parts, identity)
    Users(parts, identity)
    Groups(parts, identity)
    Roles(parts, identity)
    Shares(parts, identity)
    Tokens(parts, identity)
    Quotas(parts)

    async def show(call: Call, _: q.Empty) -> t.OperationList:
        return t.OperationList(items=[_info(call.caller, spec) for spec in PERMISSIONS.values()])

    parts.registry.bind("operation.show", show)


def _info(caller: Caller, spec: OperationSpec) -> t.OperationInfo:
    return t.OperationInfo(
        name=spec.name,
        summary=spec.summary,
        kind=spec.kind,
        access=spec.access,
        target=spec.target,
        is_allowed=may_call(caller, spec),
    )


def may_call(caller: Caller, spec: OperationSpec) -> bool:
    """Whether there is anything on which the caller may carry out this operation."""
    if spec.by_session and caller.is_token:
        return False
    if spec.access in (Access.PUBLIC, Access.LOGIN):
        return True
    if spec.access == Access.ADMIN and not caller.is_admin:
        return False
    return caller.rights.allow_somewhere(spec.name)
