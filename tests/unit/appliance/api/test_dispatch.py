"""The quick way to an endpoint finds what the router would, and leaves the rest to it."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from appliance.api.dispatch import Dispatch
from appliance.protocol.operations import OPERATIONS


def _route(path: str, method: str = "GET") -> Route:
    async def endpoint(request: Request) -> Response:
        return PlainTextResponse(f"{method} {path} {request.path_params.get('id', '')}".strip())

    return Route(path, endpoint, methods=[method])


ROUTES = [
    _route("/v1/vms"),
    _route("/v1/vms", "POST"),
    _route("/v1/vms/plan", "POST"),
    _route("/v1/vms/{id}"),
    _route("/v1/vms/{id}/start", "POST"),
    _route("/v1/odd/{id}/{name}"),
]


class Counting:
    """The router, which notes what comes to it."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self._app = Starlette(routes=ROUTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.paths.append(scope["path"])
        await self._app(scope, receive, send)


async def ask(app: ASGIApp, method: str, path: str) -> tuple[int, str]:
    """Status and text of the answer."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b""}
    await app(scope | {"scheme": "https", "server": ("a", 443), "root_path": ""}, receive, send)
    return sent[0]["status"], b"".join(part.get("body", b"") for part in sent[1:]).decode()


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("GET", "/v1/vms", "GET /v1/vms"),
        ("POST", "/v1/vms", "POST /v1/vms"),
        ("POST", "/v1/vms/plan", "POST /v1/vms/plan"),
        ("GET", "/v1/vms/plan", "GET /v1/vms/{id} plan"),
        ("GET", "/v1/vms/7 b", "GET /v1/vms/{id} 7 b"),
        ("POST", "/v1/vms/7/start", "POST /v1/vms/{id}/start 7"),
    ],
)
async def test_found_at_once(method: str, path: str, said: str) -> None:
    app = Counting()
    assert await ask(Dispatch(app, ROUTES), method, path) == (200, said)
    assert app.paths == []
    assert await ask(app, method, path) == (200, said)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v1", 404),
        ("GET", "/v1/vms/", 307),
        ("PUT", "/v1/vms", 405),
        ("GET", "/v1/odd/1/2", 200),
        ("POST", "/v1/vms//start", 404),
    ],
)
async def test_left_to_the_router(method: str, path: str, status: int) -> None:
    app = Counting()
    assert (await ask(Dispatch(app, ROUTES), method, path))[0] == status
    assert app.paths == [path]


def test_every_operation_is_found_at_once() -> None:
    found = Dispatch(Starlette(), [_route(spec.path, spec.method) for spec in OPERATIONS.values()])
    said = {(method, "/".join(parts)) for method, *parts in found.endpoints}
    assert said >= {(spec.method, spec.path) for spec in OPERATIONS.values()}
