"""The one place where a caller is known and an operation's access is enforced."""

from __future__ import annotations

from typing import Protocol

from starlette.requests import HTTPConnection

from appliance.api.tickets import TicketOwners
from appliance.engine.calls import Caller
from appliance.hosts.listening import plain_peer
from appliance.protocol.errors import Forbidden, Unauthenticated
from appliance.protocol.operations import Access

ANYONE = "anyone"


class Authenticator(Protocol):
    """Knows who a token belongs to."""

    async def authenticate(self, token: str, address: str) -> Caller:
        """The caller; raises Unauthenticated."""
        ...

    async def until_over(self, session: str) -> str:
        """Returns when a session has ended: why, as a code."""
        ...

    async def used(self, session: str) -> None:
        """The session is in use without a request."""
        ...


class Gate:
    """Decides before any handler runs."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator
        self.tickets = TicketOwners()
        self.until_over = authenticator.until_over
        self.used = authenticator.used

    async def admit(self, connection: HTTPConnection, operation: str, access: Access) -> Caller:
        """The caller of `operation`; raises Unauthenticated or Forbidden."""
        address = address_of(connection)
        if access == Access.PUBLIC:
            return Caller(account_id="", account_name=ANYONE, is_admin=False, address=address)
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("session.required")
        caller = await self._authenticator.authenticate(token, address)
        if access == Access.ADMIN and not caller.is_admin:
            raise Forbidden("access.denied", operation=operation)
        return caller


def address_of(connection: HTTPConnection) -> str:
    """Where a request came from."""
    return plain_peer(connection.client.host) if connection.client else ""
