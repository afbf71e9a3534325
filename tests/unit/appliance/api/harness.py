"""The API on a real store, called without a network, with handlers that the test decides on."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.types import ASGIApp

from appliance.api.app import build_app
from appliance.api.sockets import ConsoleStream
from appliance.engine.calls import Call, Caller
from appliance.engine.models import JOB_KIND
from appliance.engine.permissions import EVERYTHING
from appliance.engine.registry import Handler, Registry
from appliance.protocol.errors import Unauthenticated
from appliance.protocol.operations import OPERATIONS, Accepted, OperationSpec
from appliance.protocol.resources import ConsoleTicket
from appliance.protocol.uploads import Download, Part
from appliance.services.audit.service import AuditLog
from appliance.services.identity.endings import Endings
from appliance.store.database import Store
from appliance.store.kinds import Kinds

ADMIN, TENANT = "admin-token", "tenant-token"
SOME_ID = "01890a5d-ac96-774b-bcce-b302099a8057"
SERVED_BY_KIND = ("job.list", "job.get", "audit.list")


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body's content."""
        return msgspec.json.decode(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """The error in the body; its absence fails the test."""
        return self.json["error"]


class Accounts:
    """Knows two tokens: an administrator's and a tenant's. A test may `end` their sessions."""

    def __init__(self) -> None:
        self.endings = Endings()
        self.changes = Endings()
        self.in_use: list[str] = []
        self.addresses: list[str] = []

    async def authenticate(self, token: str, address: str) -> Caller:
        """The caller behind one of the tokens."""
        caller = self.present(token, address)
        if caller is None:
            raise Unauthenticated("session.required")
        return caller

    def present(self, token: str, address: str) -> Caller | None:
        """Like `authenticate`; None for other tokens."""
        if token not in (ADMIN, TENANT):
            return None
        self.addresses.append(address)
        name = token.partition("-")[0]
        return Caller(
            account_id=f"id-of-{name}",
            account_name=name,
            is_admin=token == ADMIN,
            address=address,
            session=f"session-of-{name}",
            rights=EVERYTHING,
        )

    async def until_over(self, session: str) -> str:
        """Returns when a test ends the session."""
        with self.endings.watch(session) as ending:
            return await ending

    async def until_changed(self, account_id: str) -> None:
        """Returns when a test changes what an account may do."""
        with self.changes.watch(account_id) as change:
            await change

    async def used(self, session: str) -> None:
        """Remember it."""
        self.in_use.append(session)


@dataclass
class ScriptedConsoles:
    """Opens the streams that a test has put under tokens."""

    streams: dict[str, ConsoleStream] = field(default_factory=dict)

    async def open(self, token: str, address: str) -> ConsoleStream:
        """The stream of `token`, once."""
        if token not in self.streams:
            raise Unauthenticated("console.bad_ticket")
        return self.streams.pop(token)


@dataclass
class Api:
    """The application and what reached its handlers.

    `results` says what operations answer: a value, or an exception to raise.
    """

    store: Store
    results: dict[str, Any] = field(default_factory=dict)
    seen: list[tuple[Call, Any]] = field(default_factory=list)
    consoles: ScriptedConsoles = field(default_factory=ScriptedConsoles)
    uploaded: list[tuple[str, int, bytes]] = field(default_factory=list)
    on_broken_upload: Callable[[BaseException], None] = lambda error: None

    def __post_init__(self) -> None:
        self.audit = AuditLog(self.store)
        registry = Registry()
        for name in OPERATIONS:
            if name not in SERVED_BY_KIND:
                registry.bind(name, self._handler(name))
        self.accounts = Accounts()
        self.app: ASGIApp = build_app(
            registry,
            self.store,
            self.accounts,
            audit=self.audit,
            ca_pem="-----BEGIN CERTIFICATE-----\n",
            ca_fingerprint="0a" * 32,
            consoles=self.consoles,
            screenshot=self._screenshot,
            upload=self._upload,
            download=self._download,
        )

    def _handler(self, name: str) -> Handler:
        async def handler(call: Call, request: Any) -> Any:
            self.seen.append((call, request))
            result = self.results.get(name)
            if isinstance(result, BaseException):
                raise result
            return result

        return handler

    async def _screenshot(self, call: Call, vm_id: str) -> bytes:
        self.seen.append((call, vm_id))
        return b"\x89PNG"

    async def _download(self, call: Call, image_id: str, offset: int) -> Download:
        result = self.results.get(call.operation)
        if isinstance(result, BaseException):
            raise result
        content = b"0123456789"

        async def pieces() -> AsyncIterator[bytes]:
            yield content[offset:]

        return Download(
            name="an image.qcow2",
            size_bytes=len(content),
            offset=offset,
            sha256=hashlib.sha256(content).hexdigest(),
            content=pieces(),
        )

    async def _upload(
        self, call: Call, image_id: str, part: Part, body: AsyncIterator[bytes]
    ) -> Accepted:
        result = self.results.get(call.operation)
        if isinstance(result, BaseException):
            raise result
        try:
            content = b"".join([chunk async for chunk in body])
        except BaseException as error:
            self.on_broken_upload(error)
            raise
        self.uploaded.append((image_id, part.length, content))
        return Accepted(jobs=[], resource_ids=[image_id])

    async def request(
        self,
        method: str,
        target: str,
        body: Any = b"",
        *,
        token: str | None = ADMIN,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request. A body that is not bytes is sent as JSON; `target` may have a query."""
        path, _, query = target.partition("?")
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        sent = {"host": "anyun", "content-length": str(len(content))} | (headers or {})
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "https",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(key.encode(), value.encode()) for key, value in sent.items()],
            "client": ("192.0.2.7", 40000),
            "server": ("anyun", 8443),
        }
        incoming = iter([{"type": "http.request", "body": content, "more_body": False}])
        outgoing: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return next(incoming, {"type": "http.disconnect"})

        async def send(message: Any) -> None:
            outgoing.append(message)

        await self.app(scope, receive, send)
        start = outgoing[0]
        return Answer(
            status=start["status"],
            headers={key.decode(): value.decode() for key, value in start["headers"]},
            body=b"".join(message.get("body", b"") for message in outgoing[1:]),
        )

    async def lend(self, token: str, stream: ConsoleStream) -> None:
        """Let the administrator open a console: its ticket is `token`."""
        self.consoles.streams[token] = stream
        ticket = ConsoleTicket(token=token, path="/v1/console", expires_in_s=30)
        self.results["vm.open_console"] = ticket
        answer = await self.request("POST", f"/v1/vms/{SOME_ID}/console")
        assert answer.status == 200, answer.body

    async def call(self, spec: OperationSpec, body: Any = b"", **options: Any) -> Answer:
        """One request to an operation's own path."""
        path = spec.path.replace("{id}", SOME_ID)
        return await self.request(spec.method, path, body, **options)


def empty_kinds() -> Kinds:
    """Kinds with jobs only; the harness adds the audit's."""
    kinds = Kinds()
    kinds.add(JOB_KIND)
    return kinds
