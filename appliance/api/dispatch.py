"""Finds the endpoint of a request by its method and path in one look-up.

The router of Starlette tries the pattern of one route after the other, which for our many
operations costs more than most of them do. What is not found here is left to it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from appliance.api.headers import IndexedRequest

Endpoint = Callable[[Request], Awaitable[Response]]
PARAMETER = "{id}"
PLACE = 3  # of the id in `/v1/vms/{id}/start`, split at its slashes
ID = (PLACE, PARAMETER)


class Dispatch:
    """Serves `routes` whose only parameter, if any, is the id in third place; the rest `app` does.

    Endpoints must answer their own errors.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[Route]) -> None:
        self._app = app
        self.endpoints: dict[tuple[str, ...], Endpoint] = {}
        for route in routes:
            parts = route.path.split("/")
            others = [part for place, part in enumerate(parts) if (place, part) != ID]
            if "{" in "".join(others):
                continue
            for method in route.methods or ():
                self.endpoints[method, *parts] = route.endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or WebSocket."""
        endpoint = self._find(scope) if scope["type"] == "http" else None
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        response = await endpoint(IndexedRequest(scope, receive, send))
        await response(scope, receive, send)

    def _find(self, scope: Scope) -> Endpoint | None:
        parts = scope["path"].split("/")
        exact = self.endpoints.get((scope["method"], *parts))
        if exact is not None or len(parts) <= PLACE or not parts[PLACE]:
            scope["path_params"] = {}
            return exact
        ref = parts[PLACE]
        parts[PLACE] = PARAMETER
        scope["path_params"] = {"id": ref}
        return self.endpoints.get((scope["method"], *parts))
