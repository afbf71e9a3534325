"""A tiny real HTTPS server that says of itself what a test wants, and nothing else."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from appliance.hosts.ca import CertificateAuthority
from appliance.protocol import resources as r
from appliance.protocol.operations import API_VERSION


class FakeAppliance:
    """Serves CA, `info`, empty lists and a feed; `stop` and `start` keep its port.

    Changed while it is stopped, `info` and `ca` are those of another appliance, or of another
    version. `garbage` is what lists and feed answer in place of what they should, `broken` are
    answers by path with status, headers and body.
    """

    def __init__(self, folder: Path) -> None:
        self.ca = CertificateAuthority.load_or_create(folder / "ca", "test")
        self.info = r.Info(
            product="Anyun",
            version="9.9.9",
            api_version=API_VERSION,
            min_client_api_version=API_VERSION,
            needs_first_password=False,
            ca_fingerprint=self.ca.fingerprint,
            appliance_name="box",
        )
        self.garbage = b""
        self.broken: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[str] = []
        self.port = 0
        self._runner: web.AppRunner | None = None
        self._sockets: set[web.WebSocketResponse] = set()

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://127.0.0.1:{self.port}"

    def be_version(self, *, api: int = API_VERSION, least: int = API_VERSION) -> None:
        """Say this API version, and that clients need at least `least`."""
        self.info = msgspec.structs.replace(
            self.info, api_version=api, min_client_api_version=least
        )

    def be_another(self, folder: Path) -> None:
        """Have another authority from the next start on."""
        self.ca = CertificateAuthority.load_or_create(folder / "other", "test")

    async def start(self) -> None:
        """Serve; at the same port if it served before."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.ca.server_files(["localhost"], ["127.0.0.1"]))
        app = web.Application()
        app.router.add_get("/v1/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=context)
        await site.start()
        self.port = self.port or self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Serve no longer; connections end."""
        for socket in list(self._sockets):
            await socket.close()
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        self.asked.append(path)
        if path in self.broken:
            status, headers, body = self.broken[path]
            return web.Response(status=status, headers=headers, body=body)
        if path == "ca.pem":
            return web.Response(text=self.ca.certificate_pem)
        if path == "info":
            return _json(self.info)
        if path == "feed":
            return await self._feed(request)
        empty: dict[str, Any] = {"items": [], "next": None, "total": 0, "seq": 1}
        return web.Response(body=self.garbage) if self.garbage else _json(empty)

    async def _feed(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.add(socket)
        await socket.send_str('{"seq":1,"oldest":1,"reset":false}')
        if self.garbage:
            await socket.send_str(self.garbage.decode())
        async for message in socket:
            if message.type is WSMsgType.ERROR:
                break
        self._sockets.discard(socket)
        return socket


def _json(value: Any) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")
