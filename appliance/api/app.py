"""Puts the ASGI application together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route, WebSocketRoute

from appliance.api.answers import answer, error_answer, unexpected
from appliance.api.gate import Authenticator, Gate
from appliance.api.landing import landing_page
from appliance.api.openapi import describe
from appliance.api.routes import Audit, operation_routes
from appliance.api.sockets import ConsoleGate, ConsoleSocket, FeedSocket
from appliance.engine.calls import Call
from appliance.engine.registry import Registry
from appliance.protocol.errors import ApiError, InvalidInput, NotFound
from appliance.protocol.operations import Accepted, Access
from appliance.store.database import Store

Screenshot = Callable[[Call, str], Awaitable[bytes]]
Upload = Callable[[Call, str, int, AsyncIterator[bytes]], Awaitable[Accepted]]


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
) -> Starlette:
    """The application for one node."""
    gate = Gate(authenticator)
    document = describe()

    async def openapi(request: Request) -> Response:
        return answer(document)

    async def ca(request: Request) -> Response:
        return Response(ca_pem, media_type="application/x-pem-file")

    async def landing(request: Request) -> Response:
        language = request.headers.get("accept-language", "")
        return HTMLResponse(landing_page(ca_fingerprint, chinese=language.startswith("zh")))

    routes = [
        Route("/", landing),
        Route("/v1/openapi.json", openapi),
        Route("/v1/ca.pem", ca),
        *_byte_routes(gate, screenshot, upload),
        *operation_routes(registry, store, gate, audit),
        WebSocketRoute("/v1/feed", FeedSocket(store, gate).__call__),
        WebSocketRoute("/v1/console", ConsoleSocket(consoles).__call__),
    ]
    return Starlette(routes=routes, exception_handlers={404: _not_found, 405: _not_found})


def _byte_routes(gate: Gate, screenshot: Screenshot, upload: Upload) -> list[Route]:
    """Routes that carry bytes rather than structs."""

    async def get_screenshot(request: Request) -> Response:
        caller = await gate.admit(request, "vm.screenshot", Access.ADMIN)
        ref = request.path_params["id"]
        call = Call(operation="vm.screenshot", caller=caller, target=ref)
        return Response(await screenshot(call, ref), media_type="image/png")

    async def put_content(request: Request) -> Response:
        caller = await gate.admit(request, "image.upload", Access.ADMIN)
        ref = request.path_params["id"]
        call = Call(operation="image.upload", caller=caller, target=ref)
        length = request.headers.get("content-length", "")
        if not length.isdigit():
            raise InvalidInput("image.size_needed", field="size_bytes")
        return answer(await upload(call, ref, int(length), request.stream()), 202)

    return [
        Route("/v1/vms/{id}/screenshot", _guarded(get_screenshot)),
        Route("/v1/images/{id}/content", _guarded(put_content), methods=["PUT"]),
    ]


def _guarded(
    endpoint: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ApiError as error:
            return error_answer(error)
        except Exception as error:
            return error_answer(unexpected(error, request.url.path))

    return guarded


async def _not_found(request: Request, error: Exception) -> Response:
    return error_answer(NotFound("request.not_found", path=request.url.path))
