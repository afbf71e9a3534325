"""The one place where a caller is known and everything that it asks for is judged.

In this order, before any handler runs: who calls, whether its roles allow the operation, whether
it may reach the resource in the path, and whether it may see each resource that the request
names. What a caller may not see is answered exactly like what does not exist.
"""

from __future__ import annotations

from typing import Any, Protocol

from starlette.requests import HTTPConnection

from appliance.api.tickets import TicketOwners
from appliance.engine.calls import Caller
from appliance.engine.visibility import find_visible
from appliance.hosts.listening import plain_peer
from appliance.protocol.errors import Forbidden, InvalidInput, NotFound, Unauthenticated
from appliance.protocol.ids import is_id
from appliance.protocol.operations import Access, Kind, OperationSpec
from appliance.protocol.references import Reference, implied, references
from appliance.store.database import Store
from appliance.store.kinds import ResourceKind

ANYONE = "anyone"


class Authenticator(Protocol):
    """Knows who a token belongs to."""

    async def authenticate(self, token: str, address: str) -> Caller:
        """The caller; raises Unauthenticated."""
        ...

    def present(self, token: str, address: str) -> Caller | None:
        """The caller, if nothing has to be read or written for it, else None."""
        ...

    async def until_over(self, session: str) -> str:
        """Returns when a session has ended: why, as a code."""
        ...

    async def until_changed(self, account_id: str) -> None:
        """Returns when the rights of an account's logins have changed."""
        ...

    async def used(self, session: str) -> None:
        """The session is in use without a request."""
        ...


class Gate:
    """Decides before any handler runs."""

    def __init__(self, authenticator: Authenticator, store: Store) -> None:
        self._authenticator = authenticator
        self._store = store
        self.tickets = TicketOwners()
        self.until_over = authenticator.until_over
        self.until_changed = authenticator.until_changed
        self.used = authenticator.used

    async def admit(self, connection: HTTPConnection, spec: OperationSpec) -> Caller:
        """The caller, who may carry out the operation on the resource in the path.

        Raises Unauthenticated, Forbidden, InvalidInput for an id that is none, or NotFound.
        """
        address = address_of(connection)
        if spec.access == Access.PUBLIC:
            return Caller(account_id="", account_name=ANYONE, is_admin=False, address=address)
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("session.required")
        caller = await self._authenticator.authenticate(token, address)
        target = connection.path_params.get("id", "")
        _permit(caller, spec, target)
        if target:
            if not is_id(target):
                raise InvalidInput("request.bad_id", field="id", value=target)
            await self._reach(caller, spec, target)
        return caller

    async def check(self, caller: Caller, spec: OperationSpec, request: Any) -> None:
        """What the request names must be within the caller's reach.

        Raises Forbidden for what else the request would do, NotFound naming the field.
        """
        for operation, target in implied(spec, request):
            if not caller.rights.allow(operation, target):
                raise Forbidden("access.no_role", operation=operation)
        if caller.is_admin or not caller.account_id:
            return
        named = list(references(spec, request))
        after = caller.wishes.after
        if named or after:
            await self._store.read(lambda: self._see(caller, named, after))

    async def _reach(self, caller: Caller, spec: OperationSpec, target: str) -> None:
        """The target must be the caller's own; for reads and uses, one shared will do."""
        if caller.is_admin or spec.access == Access.LOGIN:
            return
        kind = self._kind(spec.target, target)
        is_own = await self._store.read(lambda: find_visible(caller, kind, target))
        if not (is_own or spec.kind == Kind.READ or spec.uses_target):
            raise Forbidden("share.read_only", kind=spec.target, operation=spec.name)

    def _see(self, caller: Caller, named: list[Reference], after: tuple[str, ...]) -> None:
        for item in named:
            find_visible(caller, self._kind(item.kind, item.id), item.id, field=item.field)
        for ref in after:
            try:
                find_visible(caller, self._kind("job", ref), ref)
            except NotFound:
                raise InvalidInput("job.unknown_dependency", field="after", id=ref) from None

    def _kind(self, name: str, ref: str) -> ResourceKind:
        kind = self._store.kinds.by_name.get(name)
        if kind is None:
            raise NotFound("resource.not_found", kind=name, id=ref)
        return kind


def _permit(caller: Caller, spec: OperationSpec, target: str) -> None:
    """Raises Forbidden if account, role or token does not allow the operation."""
    if spec.by_session and caller.is_token:
        raise Forbidden("access.no_token", operation=spec.name)
    if spec.access == Access.LOGIN:
        return
    if spec.access == Access.ADMIN and not caller.is_admin:
        raise Forbidden("access.denied", operation=spec.name)
    if not caller.rights.allow(spec.name, target):
        raise Forbidden("access.no_role", operation=spec.name)


def address_of(connection: HTTPConnection) -> str:
    """Where a request came from."""
    return plain_peer(connection.client.host) if connection.client else ""
