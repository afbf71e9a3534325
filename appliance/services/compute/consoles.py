"""Consoles and screenshots: one-time tickets, and streams from the host's agent."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass

import structlog

from appliance.engine.calls import Call, Caller
from appliance.hosts.links import HostLinks, HostStream
from appliance.protocol import requests as q
from appliance.protocol.errors import Conflict, Unauthenticated
from appliance.protocol.resources import ConsoleTicket, VmState
from appliance.services.common import find
from appliance.services.compute.models import VmRow
from appliance.services.compute.viewonly import ViewOnlyStream
from appliance.services.parts import Parts
from hostagent.protocol import commands as c
from hostagent.protocol.domain import ConsoleParams, VmRef

TICKET_LIFETIME_S = 30
PATH = "/v1/console"
SHOWN = (
    VmState.RUNNING,
    VmState.PAUSED,
    VmState.REBOOTING,
    VmState.STOPPING,
    VmState.STARTING,
    VmState.MIGRATING,
)

log = structlog.get_logger()


@dataclass(frozen=True)
class _Ticket:
    vm_id: str
    kind: str
    view_only: bool
    caller: Caller
    expires_at: float


class Consoles:
    """Hands out tickets and opens the stream that a ticket stands for.

    Tickets live in memory only: they last half a minute and die with the service.
    """

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        self._links: HostLinks = parts.hosts
        self._tickets: dict[str, _Ticket] = {}
        parts.registry.bind("vm.open_console", self._ticket)

    async def _ticket(self, call: Call, request: q.ConsoleOpen) -> ConsoleTicket:
        await self._host_of(call.target)
        now = time.monotonic()
        for digest in [key for key, item in self._tickets.items() if item.expires_at < now]:
            del self._tickets[digest]
        token = secrets.token_urlsafe(32)
        self._tickets[_digest(token)] = _Ticket(
            vm_id=call.target,
            kind=request.kind,
            view_only=request.view_only,
            caller=call.caller,
            expires_at=now + TICKET_LIFETIME_S,
        )
        return ConsoleTicket(token=token, path=PATH, expires_in_s=TICKET_LIFETIME_S)

    async def open(self, token: str, address: str) -> HostStream | ViewOnlyStream:
        """Use up a ticket and open its console.

        Raises Unauthenticated for a ticket that is unknown, used or too old; Conflict when
        the machine runs nowhere.
        """
        ticket = self._tickets.pop(_digest(token), None)
        if ticket is None or ticket.expires_at < time.monotonic():
            raise Unauthenticated("console.bad_ticket")
        host_id = await self._host_of(ticket.vm_id)
        log.info(
            "console_opened",
            vm=ticket.vm_id,
            kind=ticket.kind,
            account=ticket.caller.account_name,
            address=address,
        )
        stream = await self._links.open_stream(
            host_id,
            c.CONSOLE_OPEN,
            lambda stream_id: ConsoleParams(
                vm_id=ticket.vm_id, kind=ticket.kind, stream_id=stream_id
            ),
        )
        return ViewOnlyStream(stream, ticket.kind) if ticket.view_only else stream

    async def screenshot(self, call: Call, vm_id: str) -> bytes:
        """The machine's screen as PNG."""
        host_id = await self._host_of(vm_id)
        answer = await self._links.call(host_id, c.DOMAIN_SCREENSHOT, VmRef(vm_id=vm_id))
        return answer.png

    async def _host_of(self, vm_id: str) -> str:
        vm = await self._store.read(lambda: find(VmRow, vm_id, "vm"))
        if vm.host_id is None or vm.state not in SHOWN:
            raise Conflict("vm.no_host", name=vm.name)
        return vm.host_id


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
