"""What every answer has around it: its request's id, and headers that browsers obey."""

from __future__ import annotations

import time

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from appliance.api import request_id

# There is no HSTS: the certificate is of a CA that browsers do not know, and a browser that was
# told HSTS once lets nobody past its warning any more.
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_ENCODED = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_NUMBER = request_id.HEADER.lower().encode()
STARTS = ("http.response.start", "websocket.http.response.start")
LONGEST_PATH = 200
ACCEPTED = 202

log = structlog.get_logger()


class Envelope:
    """Wraps the whole application, so that no answer goes past it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or WebSocket."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        with request_id.numbered(_asked(scope)) as number:

            async def send_wrapped(message: Message) -> None:
                _add_headers(message, number)
                if message["type"] == "http.response.start":
                    _note(scope, message["status"], began)
                await send(message)

            await self._app(scope, receive, send_wrapped)


def _asked(scope: Scope) -> str:
    """The id that the client asked for, "" if it did not."""
    for name, value in scope["headers"]:
        if name == _NUMBER:
            return value.decode("latin-1")
    return ""


def _add_headers(message: Message, number: str) -> None:
    if message["type"] in STARTS:
        headers: list[tuple[bytes, bytes]] = list(message.get("headers", ()))
        there = {name.lower() for name, _ in headers}
        headers += [pair for pair in _ENCODED if pair[0] not in there]
        headers.append((_NUMBER, number.encode()))
        message["headers"] = headers
    elif message["type"] == "websocket.accept":
        MutableHeaders(scope=message)[request_id.HEADER] = number


def _note(scope: Scope, status: int, began: float) -> None:
    """One line a request, except for those of which there are many.

    These are reads that went well, and jobs that were accepted: the audit log has them, with the
    request's id, and a storm of them would otherwise be mostly lines.
    """
    if status >= 500 or (scope["method"] != "GET" and status != ACCEPTED):
        log.info(
            "request",
            method=scope["method"],
            path=scope["path"][:LONGEST_PATH],
            status=status,
            took_ms=round((time.monotonic() - began) * 1000),
        )
