"""One appliance, over HTTPS and WebSocket, with typed calls."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import zlib
from asyncio.trsock import TransportSocket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlencode

import aiohttp
import msgspec

from appliance.client.feed import FeedEvent, follow
from appliance.client.trust import Trust, plain_fingerprint, probe, unreachable
from appliance.client.uploads import ImageUploader, Progress
from appliance.protocol import requests as q
from appliance.protocol import resources as r
from appliance.protocol.errors import (
    ApiError,
    ErrorBody,
    Unavailable,
    from_body,
)
from appliance.protocol.events import Change, FeedStart
from appliance.protocol.operations import (
    API_VERSION,
    OPERATIONS,
    Accepted,
    Kind,
    OperationSpec,
    Page,
)

TIMEOUT = aiohttp.ClientTimeout(total=120, sock_connect=8)
LONG = aiohttp.ClientTimeout(total=None, sock_connect=8, sock_read=3600)
HEARTBEAT_S = 20.0
GOODBYE_S = 0.1
REQUEST_ID = "X-Request-Id"  # names a request in the log of the service
TURNS_TO_CLOSE = 5
PIECE_BYTES = 1024**2
NOT_LOGGED_IN = ("session.required", "console.bad_ticket")


class Client:
    """Parameters: `url` like https://10.0.0.5:8443; `fingerprint` of its CA (see `probe`), or
    `trust` if the CA is at hand; `token` of an earlier login.

    Every method raises the classes of `appliance.protocol.errors`: what the service answered,
    or Unavailable (client.unreachable), Forbidden (client.certificate_changed).
    """

    def __init__(
        self,
        url: str,
        *,
        fingerprint: str | None = None,
        trust: Trust | None = None,
        token: str | None = None,
    ) -> None:
        if trust is None and fingerprint is None:
            raise ValueError("give the fingerprint of the appliance's CA, or its trust")
        self.url = url.rstrip("/")
        self.token = token
        self.wishes: dict[str, str] = {}  # see `appliance.client.wishes`
        self._fingerprint = plain_fingerprint(fingerprint) if fingerprint is not None else None
        self._trust = trust
        self._session: aiohttp.ClientSession | None = None
        self._opening = asyncio.Lock()
        self._raw_sockets: list[TransportSocket] = []
        self._cut_off = False  # in the middle of a TLS handshake

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections; the login stays valid."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
            await self._end_sockets()

    async def _end_sockets(self) -> None:
        """Close what WebSockets leave behind: their TLS goodbye goes on after they are closed,
        and nobody waits for it; if the loop ends first, the transport stays open.
        """
        for raw in self._raw_sockets:
            with contextlib.suppress(OSError):
                _hang_up(raw)
        if self._raw_sockets:
            for _ in range(TURNS_TO_CLOSE):
                await asyncio.sleep(0)
        self._raw_sockets.clear()
        if self._cut_off:
            self._cut_off = False
            await asyncio.sleep(GOODBYE_S)

    # Operations

    async def call(
        self, operation: str, request: q.Request | None = None, /, *, id: str = "", **fields: Any
    ) -> Any:
        """Carry out an operation by its name.

        The request is a struct, or its fields as keywords; for lists the keywords are the
        query: limit, cursor, q, filter, sort, fields, count, and fields to be equal (a relation's
        field is written `host__name`). Sequences are joined with commas. `id` names the
        resource in the path, or the one to be made. Returns the declared response; with `fields`
        the items are dictionaries.
        """
        spec = OPERATIONS[operation]
        if id and "{id}" not in spec.path:
            fields["id"] = id
        path = spec.path.replace("{id}", quote(id, safe=""))
        if spec.method == "GET":
            return await self._exchange(spec, path, query=_query(fields))
        body = request if request is not None else _request(spec, fields)
        return await self._exchange(spec, path, body=msgspec.json.encode(body))

    async def iterate(self, operation: str, /, **query: Any) -> AsyncIterator[Any]:
        """All items of a list, page by page; `query` as in `call`."""
        fields: dict[str, Any] = {"limit": 1000, "count": False} | query
        cursor = None
        while True:
            page = await self.call(operation, **fields, cursor=cursor)
            for item in page.items:
                yield item
            cursor = page.next
            if cursor is None:
                return

    async def check_version(self) -> r.Info:
        """What the appliance is; raises Unavailable (client.version) if we do not fit."""
        info: r.Info = await self.call("info.get")
        if not info.min_client_api_version <= API_VERSION <= info.api_version:
            raise Unavailable("client.version", client=API_VERSION, server=info.api_version)
        return info

    async def login(self, account: str, password: str) -> r.Session:
        """Log in; later calls use the session."""
        return self._use(await self.call("session.create", account=account, password=password))

    async def set_first_password(self, setup_code: str, password: str) -> r.Session:
        """Set the first administrator's password with the set-up code, and log in."""
        request = q.SetFirstPassword(setup_code=setup_code, password=password)
        return self._use(await self.call("session.set_first_password", request))

    async def logout(self) -> None:
        """End the session."""
        await self.call("session.delete")
        self.token = None

    def _use(self, session: r.Session) -> r.Session:
        self.token = session.token
        return session

    # Bytes

    async def screenshot(self, vm_id: str) -> bytes:
        """The machine's screen as PNG."""
        return await self._raw("GET", f"/v1/vms/{quote(vm_id, safe='')}/screenshot")

    async def upload_image(
        self, image_id: str, path: Path, on_progress: Progress | None = None
    ) -> Accepted | None:
        """Send the content of an image that was created with source `upload`, or the rest of it.

        Returns the job that goes on, None if all was there. See `ImageUploader.run`.
        """
        return await ImageUploader(self, image_id, path, on_progress).run()

    async def get_content(self, image_id: str, offset: int = 0) -> AsyncIterator[bytes]:
        """The file of an image from `offset` on, piece by piece."""
        session, tls = await self._connected()
        headers = {"Range": f"bytes={offset}-", "Authorization": f"Bearer {self.token}"}
        url = f"{self.url}/v1/images/{quote(image_id, safe='')}/content"
        try:
            async with session.get(url, headers=headers, ssl=tls, timeout=LONG) as answer:
                if answer.status >= 400:
                    content = await answer.read()
                    raise _error(answer.status, content, answer.headers.get(REQUEST_ID, ""))
                async for piece in answer.content.iter_chunked(PIECE_BYTES):
                    yield piece
        except (aiohttp.ClientError, TimeoutError) as error:
            raise unreachable(self.url, error) from error

    async def put_content(
        self,
        image_id: str,
        headers: dict[str, str],
        length: int,
        body: AsyncIterator[bytes] | bytes,
    ) -> Accepted:
        """Send `length` bytes of an image's content; `headers` say which (protocol/uploads.py)."""
        # The service may refuse at once: it is asked before the bytes are sent.
        answer = await self._raw(
            "PUT",
            f"/v1/images/{quote(image_id, safe='')}/content",
            data=body,
            headers=headers | {"Content-Length": str(length)},
            timeout=LONG,
            expect100=length > 0,
        )
        return msgspec.json.decode(answer, type=Accepted)

    async def feed(
        self,
        since: int | None = None,
        *,
        kinds: Sequence[str] = (),
        on_place: Callable[[int], None] | None = None,
    ) -> AsyncGenerator[FeedStart | Change, None]:
        """One connection to the change feed: first a FeedStart, then changes, for ever.

        With `kinds`, changes of these kinds only. Where nothing concerned us for long, `on_place`
        is told up to where. Ends by raising Unavailable when the connection is lost (connect
        again with `since`), or Unauthenticated. `follow` connects again by itself.
        """
        asked = {"since": since, "kinds": ",".join(kinds) or None, "compress": "zlib"}
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        headers = {"Authorization": f"Bearer {self.token}"}
        has_begun = False
        async with await self._websocket(f"/v1/feed?{query}", headers) as connection:
            async for message in connection:
                data = message.data
                if message.type is aiohttp.WSMsgType.BINARY:
                    data = zlib.decompress(data)
                elif message.type is not aiohttp.WSMsgType.TEXT:
                    break
                elif data.startswith('{"error"'):
                    raise _socket_error(data)
                found = msgspec.json.decode(data, type=_FeedMessage)
                if isinstance(found, list):
                    for change in found:
                        yield change.told()
                elif found.kind:
                    yield found.told()
                elif not has_begun:
                    has_begun = True
                    yield FeedStart(seq=found.seq, oldest=found.oldest, reset=found.reset)
                elif on_place is not None:
                    on_place(found.seq)
        raise Unavailable("client.unreachable", url=self.url, reason="the connection ended")

    def follow(
        self, since: int | None = None, *, kinds: Sequence[str] = ()
    ) -> AsyncGenerator[FeedEvent, None]:
        """The feed over as many connections as it takes; tells when one is lost and when back."""
        return follow(self, since, kinds)

    async def open_console(
        self, vm_id: str, *, kind: str = "vnc", view_only: bool = False
    ) -> ConsoleConnection:
        """Connect to a machine's screen ("vnc": RFB) or "serial" line."""
        ticket: r.ConsoleTicket = await self.call(
            "vm.open_console", id=vm_id, kind=kind, view_only=view_only
        )
        headers = {"Authorization": f"Console {ticket.token}"}
        return ConsoleConnection(await self._websocket(ticket.path, headers))

    # The wire

    async def _exchange(
        self,
        spec: OperationSpec,
        path: str,
        *,
        query: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> Any:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if spec.kind != Kind.READ:
            headers |= self.wishes
        answer = await self._raw(spec.method, path, params=query, data=body, headers=headers)
        if spec.response is None:
            return None
        is_partial = spec.verb == "list" and bool(query and query.get("fields"))
        kind = Page[dict[str, Any]] if is_partial else spec.response
        return msgspec.json.decode(answer, type=kind)

    async def _raw(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any
    ) -> bytes:
        session, tls = await self._connected()
        sent = dict(headers or {})
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        try:
            async with session.request(
                method, self.url + path, headers=sent, ssl=tls, **options
            ) as answer:
                content = await answer.read()
                if answer.status >= 400:
                    raise _error(answer.status, content, answer.headers.get(REQUEST_ID, ""))
                return content
        except (aiohttp.ClientError, TimeoutError) as error:
            raise unreachable(self.url, error) from error

    async def _websocket(
        self, path: str, headers: dict[str, str]
    ) -> aiohttp.ClientWebSocketResponse:
        session, tls = await self._connected()
        try:
            connection = await session.ws_connect(
                self.url + path,
                headers=headers,
                ssl=tls,
                heartbeat=HEARTBEAT_S,
                max_msg_size=16 * 1024**2,
            )
        except asyncio.CancelledError:
            self._cut_off = True
            raise
        except (aiohttp.ClientError, TimeoutError) as error:
            raise unreachable(self.url, error) from error
        raw = connection.get_extra_info("socket")
        self._raw_sockets = [item for item in self._raw_sockets if item.fileno() >= 0]
        if raw is not None:
            self._raw_sockets.append(raw)
        return connection

    async def _connected(self) -> tuple[aiohttp.ClientSession, Any]:
        """The session and TLS context; the CA is fetched and checked at the first use."""
        async with self._opening:
            if self._trust is None:
                self._trust = await probe(self.url, expected=self._fingerprint)
            if self._session is None:
                self._session = aiohttp.ClientSession(timeout=TIMEOUT)
                self._tls = self._trust.tls()
        return self._session, self._tls


class _FeedItem(msgspec.Struct, kw_only=True):
    """A change, or without `kind` a place in the feed."""

    seq: int
    kind: str = ""
    id: str = ""
    action: Literal["put", "delete"] = "put"
    data: msgspec.Raw = msgspec.Raw(b"null")
    oldest: int = 0
    reset: bool = False

    def told(self) -> Change:
        """As users of the client see it."""
        data = msgspec.Raw(bytes(self.data))  # a copy: the message need not be kept for it
        return Change(seq=self.seq, kind=self.kind, id=self.id, action=self.action, data=data)


_FeedMessage = _FeedItem | list[_FeedItem]


class ConsoleConnection:
    """Raw bytes to and from a machine's console."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def receive(self) -> bytes:
        """The next bytes; b"" when the console has ended.

        Raises the error with which the service refused it.
        """
        message = await self._socket.receive()
        if message.type is aiohttp.WSMsgType.BINARY:
            return message.data
        if message.type is aiohttp.WSMsgType.TEXT:
            raise _socket_error(message.data)
        return b""

    async def send(self, data: bytes) -> None:
        """Send bytes; raises ConnectionError when the console has ended."""
        await self._socket.send_bytes(data)

    async def close(self) -> None:
        """End the console."""
        await self._socket.close()


def _hang_up(raw: TransportSocket) -> None:
    try:
        raw.shutdown(socket.SHUT_RDWR)
    except TypeError:  # what uvloop lends out has a number, and no methods that change it
        with socket.socket(fileno=os.dup(raw.fileno())) as own:
            own.shutdown(socket.SHUT_RDWR)


def _query(fields: dict[str, Any]) -> dict[str, str]:
    return {
        name.replace("__", "."): _text(value) for name, value in fields.items() if value is not None
    }


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str):
        return ",".join(map(str, value))
    return str(value)


def _request(spec: OperationSpec, fields: dict[str, Any]) -> Any:
    try:
        return msgspec.convert(fields, spec.request)
    except msgspec.ValidationError:
        return fields  # the service says what is wrong with which field


def _socket_error(text: str) -> ApiError:
    """The error that a WebSocket was refused with; its status follows from the code."""
    body = msgspec.json.decode(text, type=dict[str, ErrorBody])["error"]
    return from_body(401 if body.code in NOT_LOGGED_IN else 409, body)


def _error(status: int, content: bytes, request_id: str) -> ApiError:
    try:
        body = msgspec.json.decode(content, type=dict[str, ErrorBody])["error"]
    except (msgspec.MsgspecError, KeyError):
        body = ErrorBody(code="internal", params={"reference": f"HTTP {status}"})
    error = from_body(status, body)
    error.request_id = body.request_id or request_id
    return error
