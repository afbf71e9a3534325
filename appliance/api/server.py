"""The HTTPS server, inside our own event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from appliance.api.onewrite import OneWrite
from appliance.hosts.listening import listening_socket

STOP_WITHIN_S = 5


class ApiServer:
    """Serves the application over TLS until it is stopped."""

    def __init__(self, app: ASGIApp, chain: Path, key: Path, *, host: str, port: int) -> None:
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            ssl_certfile=chain,
            ssl_keyfile=str(key),
            loop="none",
            http=OneWrite,
            ws="websockets-sansio",
            ws_max_size=1024**2,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # nobody stands before it whose word on addresses counts
            timeout_graceful_shutdown=STOP_WITHIN_S,
        )
        self._server = _Server(config)
        self._address = (host, port)
        self._socket: socket.socket | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port it listens on (chosen by the system if 0 was asked for)."""
        assert self._socket is not None, "the server has not been started"
        return self._socket.getsockname()[1]

    async def start(self) -> None:
        """Listen; returns when connections are accepted. Raises OSError if the port is taken."""
        # Bound here, because uvicorn would end the process if the port is taken.
        self._socket = listening_socket(*self._address)
        serving = self._server.serve(sockets=[self._socket])
        self._task = asyncio.create_task(serving, name="api server")
        while not self._server.started:
            if self._task.done():
                self._task.result()
                raise OSError("the API server did not start")
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Let requests that run finish for a moment, then end all connections."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self):
        yield
