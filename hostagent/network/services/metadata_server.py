"""Serves the metadata tree on a socket made inside a network's namespace.

A VM is known by its source address: the bridge lets no packet with another VM's address reach
the namespace. IMDSv2 tokens are given out for clients that ask for them, and not demanded.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from typing import cast

import structlog
from aiohttp import web

from hostagent.network.plan.network import NetworkPlan
from hostagent.network.services.metadata import Answer, answer, build_tree

TOKEN_PATH = "/latest/api/token"  # noqa: S105 - a path, no secret
_TTL_HEADER = "X-aws-ec2-metadata-token-ttl-seconds"
_TTL_MAX_S = 21_600
_KEEPALIVE_S = 15.0

_SHUTDOWN_S = 1.0
_CONNECTIONS_MAX = 512
_CONNECTION_MAX_S = 60.0

log = structlog.get_logger(__name__)


class _Refusal(asyncio.Protocol):
    """Hangs up at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


class MetadataServer:
    """The metadata service of one network."""

    def __init__(self, plan: NetworkPlan) -> None:
        self._plan = plan
        self._http = web.Server(
            self._handle,  # pyright: ignore[reportArgumentType] - any response class serves
            keepalive_timeout=_KEEPALIVE_S,
            access_log=None,
        )
        self._listener: asyncio.Server | None = None

    def update(self, plan: NetworkPlan) -> None:
        """Answer from another plan of the same network from now on."""
        self._plan = plan

    async def start(self, listener: socket.socket) -> None:
        """Serve on a bound, listening socket; the server owns it from now on."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._connection, sock=listener)

    async def stop(self) -> None:
        """Close the socket and all connections."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        await self._http.shutdown(timeout=_SHUTDOWN_S)

    def _connection(self) -> asyncio.Protocol:
        """A VM may neither use up the agent's connections nor hold one for ever."""
        if len(self._http.connections) >= _CONNECTIONS_MAX:
            return _Refusal()
        connection = self._http()
        asyncio.get_running_loop().call_later(_CONNECTION_MAX_S, connection.force_close)
        return connection

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        reply = self._answer(request)
        response = web.Response(
            status=reply.status, body=reply.body, content_type=reply.content_type
        )
        response.headers["Server"] = "EC2ws"  # cloud images look for it
        if request.path == TOKEN_PATH and reply.status == 200:
            response.headers[_TTL_HEADER] = request.headers[_TTL_HEADER]
        return response

    def _answer(self, request: web.BaseRequest) -> Answer:
        if request.path == TOKEN_PATH:
            return _token(request)
        if request.method not in ("GET", "HEAD"):
            return Answer(405, b"405 - Method Not Allowed\n")
        peer = cast("tuple[str, int] | None", request.get_extra_info("peername"))
        caller = peer[0] if peer else ""
        for port in self._plan.spec.ports:
            if port.address == caller:
                return answer(build_tree(self._plan, port), request.path)
        log.warning("metadata.unknown_caller", network=self._plan.spec.id, address=caller)
        return Answer(404, b"404 - Not Found\n")


def _token(request: web.BaseRequest) -> Answer:
    if request.method != "PUT":
        return Answer(405, b"405 - Method Not Allowed\n")
    if "X-Forwarded-For" in request.headers:  # a proxy must not fetch it for somebody else
        return Answer(403, b"403 - Forbidden\n")
    ttl = request.headers.get(_TTL_HEADER, "")
    if not ttl.isdigit() or not 1 <= int(ttl) <= _TTL_MAX_S:
        return Answer(400, b"400 - Bad Request\n")
    return Answer(200, secrets.token_urlsafe(40).encode())
