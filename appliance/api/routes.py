"""A route for each operation of the registry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from appliance.api.answers import answer, error_answer, gone, unexpected
from appliance.api.around import Audit, Repeated, etag, with_wishes
from appliance.api.changes import change, status_of
from appliance.api.decoding import MAX_BODY_BYTES, decode
from appliance.api.gate import Gate
from appliance.api.listing import Lists
from appliance.engine.calls import Call
from appliance.engine.registry import Handler, Registry
from appliance.engine.visibility import visible_to
from appliance.protocol.errors import ApiError, InvalidInput
from appliance.protocol.operations import OPERATIONS, Kind, OperationSpec
from appliance.protocol.resources import ConsoleTicket
from appliance.store.database import Store


def operation_routes(registry: Registry, store: Store, gate: Gate, audit: Audit) -> list[Route]:
    """Routes for all operations; lists and gets of registered kinds are served here."""
    routes = []
    for spec in OPERATIONS.values():
        handler = _handler(registry, store, spec)
        endpoint = _endpoint(spec, handler, gate, audit, store)
        routes.append(Route(spec.path, endpoint, methods=[spec.method], name=spec.name))
    return routes


def _handler(registry: Registry, store: Store, spec: OperationSpec) -> Handler | None:
    """The bound handler, or None for lists and gets that the kinds serve."""
    if spec.name not in registry.unbound():
        return registry.get(spec.name).handler
    if spec.verb in ("list", "get") and spec.noun in store.kinds.by_name:
        return _generic(store, spec)
    raise LookupError(f"nothing serves {spec.name}")


def _generic(store: Store, spec: OperationSpec) -> Handler:
    kind = store.kinds.by_name[spec.noun]
    lists = Lists(store)
    if spec.verb == "get":
        return lambda call, _: lists.one(kind, call.target)
    return lambda call, query: lists.page(kind, query, visible_to(call.caller))


def _endpoint(
    spec: OperationSpec, handler: Handler | None, gate: Gate, audit: Audit, store: Store
) -> Callable[[Request], Awaitable[Response]]:
    is_list = spec.verb == "list"

    async def run(request: Request) -> Response:
        caller = await gate.admit(request, spec)
        call = Call(operation=spec.name, caller=caller, target=request.path_params.get("id", ""))
        body: Any = dict(request.query_params) if is_list else await _body(request, spec)
        assert handler is not None
        if spec.kind == Kind.READ:
            await gate.check(caller, spec, body)
            return _shown(request, await handler(call, body))
        caller = with_wishes(caller, request)
        await gate.check(caller, spec, body)
        call = msgspec.structs.replace(call, caller=caller)
        try:
            content = await change(call, body, handler, request, audit, store, spec)
        except Repeated as earlier:
            return answer(msgspec.Raw(earlier.body) if earlier.body else None, earlier.status)
        if isinstance(content, ConsoleTicket):
            gate.tickets.note(content.token, caller.session, content.expires_in_s)
        return answer(content, status_of(spec))

    async def endpoint(request: Request) -> Response:
        try:
            return await run(request)
        except ApiError as error:
            return error_answer(error)
        except ClientDisconnect:
            return gone(spec.name)
        except Exception as error:
            return error_answer(unexpected(error, spec.name))

    return endpoint


def _shown(request: Request, content: Any) -> Response:
    """A read's answer, with the tag by which a client can ask whether it changed."""
    response = answer(content)
    if isinstance(content, msgspec.Raw):
        tag = response.headers["ETag"] = etag(bytes(response.body))
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
    return response


async def _body(request: Request, spec: OperationSpec) -> Any:
    if spec.method == "GET":
        return msgspec.convert({}, spec.request)
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > MAX_BODY_BYTES:
        raise InvalidInput("request.too_large", limit_bytes=MAX_BODY_BYTES)
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > MAX_BODY_BYTES:
            raise InvalidInput("request.too_large", limit_bytes=MAX_BODY_BYTES)
    return decode(bytes(chunks), spec.request)
