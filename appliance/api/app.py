"""Puts the ASGI application together."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp

from appliance.api.answers import answer, error_answer
from appliance.api.around import Audit
from appliance.api.dispatch import Dispatch
from appliance.api.envelope import Envelope
from appliance.api.fastread import FastReads
from appliance.api.gate import Authenticator, Gate
from appliance.api.landing import LANDING_POLICY, landing_page
from appliance.api.openapi import describe
from appliance.api.routes import operation_routes
from appliance.api.sockets import ConsoleGate, ConsoleSocket, FeedSocket
from appliance.api.transfers import OpenDownload, Screenshot, Upload, transfer_routes
from appliance.engine.registry import Registry
from appliance.engine.visibility import may_see
from appliance.protocol.errors import NotFound
from appliance.store.database import Store


def build_app(
    registry: Registry,
    store: Store,
    authenticator: Authenticator,
    *,
    audit: Audit,
    ca_pem: str,
    ca_fingerprint: str,
    consoles: ConsoleGate,
    screenshot: Screenshot,
    upload: Upload,
    download: OpenDownload,
) -> ASGIApp:
    """The application for one node."""
    gate = Gate(authenticator, store)
    document = describe()

    async def openapi(request: Request) -> Response:
        return answer(document)

    async def ca(request: Request) -> Response:
        return Response(ca_pem, media_type="application/x-pem-file")

    async def landing(request: Request) -> Response:
        language = request.headers.get("accept-language", "")
        page = landing_page(ca_fingerprint, chinese=language.startswith("zh"))
        return HTMLResponse(page, headers={"Content-Security-Policy": LANDING_POLICY})

    operations = operation_routes(registry, store, gate, audit)
    routes = [
        Route("/", landing),
        Route("/v1/openapi.json", openapi),
        Route("/v1/ca.pem", ca),
        *transfer_routes(gate, audit, screenshot, upload, download),
        *operations,
        WebSocketRoute("/v1/feed", FeedSocket(store, gate, may_see).__call__),
        WebSocketRoute("/v1/console", ConsoleSocket(consoles, gate).__call__),
    ]
    app = Starlette(routes=routes, exception_handlers={404: _not_found, 405: _not_found})
    return FastReads(Envelope(Dispatch(app, operations)), store, authenticator)


async def _not_found(request: Request, error: Exception) -> Response:
    return error_answer(NotFound("request.not_found", path=request.url.path))
