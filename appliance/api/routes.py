"""A route for each operation of the registry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from appliance.api.answers import answer, error_answer, gone, unexpected
from appliance.api.decoding import MAX_BODY_BYTES, decode
from appliance.api.gate import Gate
from appliance.api.listing import one, page
from appliance.api.whom import noted
from appliance.engine.calls import Call
from appliance.engine.registry import Handler, Registry
from appliance.protocol.errors import ApiError, InvalidInput
from appliance.protocol.ids import is_id
from appliance.protocol.operations import OPERATIONS, Kind, OperationSpec
from appliance.protocol.resources import ConsoleTicket
from appliance.store.database import Store

Audit = Callable[[Call, str, str], Awaitable[None]]


def operation_routes(registry: Registry, store: Store, gate: Gate, audit: Audit) -> list[Route]:
    """Routes for all operations; lists and gets of registered kinds are served here."""
    routes = []
    for spec in OPERATIONS.values():
        handler = _handler(registry, store, spec)
        endpoint = _endpoint(spec, handler, gate, audit)
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
    if spec.verb == "get":
        return lambda call, _: store.read(lambda: one(kind, call.target))
    return lambda _, query: store.read(lambda: page(kind, query))


def _endpoint(
    spec: OperationSpec, handler: Handler | None, gate: Gate, audit: Audit
) -> Callable[[Request], Awaitable[Response]]:
    is_list = spec.verb == "list"

    async def run(request: Request) -> Response:
        caller = await gate.admit(request, spec.name, spec.access)
        target = request.path_params.get("id", "")
        if target and not is_id(target):
            raise InvalidInput("request.bad_id", field="id", value=target)
        call = Call(operation=spec.name, caller=caller, target=target)
        body: Any = dict(request.query_params) if is_list else await _body(request, spec)
        assert handler is not None
        if spec.kind == Kind.READ:
            return answer(await handler(call, body))
        content = await _change(call, body, handler, spec, audit)
        if isinstance(content, ConsoleTicket):
            gate.tickets.note(content.token, caller.session, content.expires_in_s)
        return answer(content, _status(spec))

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


async def _change(
    call: Call, body: Any, handler: Handler, spec: OperationSpec, audit: Audit
) -> Any:
    """What the handler answers; audited, however it ends."""
    try:
        content = await handler(call, body)
    except ApiError as error:
        await audit(noted(call, body), call.target, error.code)
        raise
    except Exception:
        await audit(noted(call, body), call.target, "internal")
        raise
    resource = call.target or getattr(content, "id", "")
    ids = getattr(content, "resource_ids", None)
    outcome = "accepted" if spec.kind == Kind.JOB else "done"
    await audit(noted(call, body, content), ids[0] if ids else resource, outcome)
    return content


def _status(spec: OperationSpec) -> int:
    if spec.kind == Kind.JOB:
        return 202
    return 201 if spec.verb == "create" else 200


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
