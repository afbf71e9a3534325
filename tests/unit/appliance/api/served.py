"""The application behind the real server, with a certificate of the real CA."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from appliance.api.server import ApiServer
from appliance.hosts.ca import CertificateAuthority
from tests.unit.appliance.api.harness import ADMIN, Api


@dataclass
class Served:
    """What a client needs. `broken_uploads` tells of request bodies that broke off."""

    api: Api
    server: ApiServer
    ca: CertificateAuthority
    broken_uploads: asyncio.Queue[BaseException] = field(default_factory=asyncio.Queue)

    @property
    def url(self) -> str:
        """The server's address; its port is the system's choice."""
        return f"https://127.0.0.1:{self.server.port}"

    @property
    def tls(self) -> ssl.SSLContext:
        """Trusts this CA only."""
        return ssl.create_default_context(cadata=self.ca.certificate_pem)

    @contextlib.asynccontextmanager
    async def socket(
        self, target: str, authorization: str | None = f"Bearer {ADMIN}", **options: Any
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A WebSocket to `target`."""
        headers = {} if authorization is None else {"Authorization": authorization}
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(
                f"{self.url}{target}", ssl=self.tls, headers=headers, **options
            ) as socket,
        ):
            yield socket


@contextlib.asynccontextmanager
async def serve(api: Api, folder: Path) -> AsyncIterator[Served]:
    """Serve `api` on a free port of the loopback."""
    ca = CertificateAuthority.load_or_create(folder, "test")
    chain, key = ca.server_files(["localhost"], ["127.0.0.1"])
    server = ApiServer(api.app, chain, key, host="127.0.0.1", port=0)
    served = Served(api, server, ca)
    api.on_broken_upload = served.broken_uploads.put_nowait
    await server.start()
    try:
        yield served
    finally:
        await server.stop()
