"""Runs a changing request: guarded, and audited however it ends."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from appliance.api.around import Audit, Audited, Once, Repeated, Unchanged, once, resource_of
from appliance.api.whom import noted
from appliance.engine.calls import Call
from appliance.engine.registry import Handler
from appliance.protocol.errors import ApiError
from appliance.protocol.operations import Kind, OperationSpec
from appliance.store.database import Store
from appliance.store.guards import Guard, guarded


async def change(
    call: Call,
    body: Any,
    handler: Handler,
    request: Request,
    audit: Audit,
    store: Store,
    spec: OperationSpec,
) -> Any:
    """What the handler answers. Raises ApiError, or Repeated with the answer given before."""
    outcome = "accepted" if spec.kind == Kind.JOB else "done"
    audited = Audited(audit, call, outcome)
    guards: list[Guard] = [audited] if call.caller.account_id else []
    guards += _unchanged(call, request, store, spec)
    # Secrets are told once and never kept: not as an answer for repetitions either.
    repeat = None if spec.is_secret else once(call, request, body, status_of(spec))
    if repeat is not None:
        await store.read(repeat.check)
        guards.append(repeat)
    content = await _audited(call, body, handler, audit, guards)
    if not audited.done:
        named = noted(call, body, content)
        await audit.record(named, resource_of(named, content), outcome)
    if repeat is not None:
        await _keep_answer(store, repeat, content)
    return content


async def _audited(
    call: Call, body: Any, handler: Handler, audit: Audit, guards: list[Guard]
) -> Any:
    try:
        with guarded(*guards):
            return await handler(call, body)
    except Repeated:
        raise
    except ApiError as error:
        await audit.record(noted(call, body), call.target, error.code)
        raise
    except Exception:
        await audit.record(noted(call, body), call.target, "internal")
        raise


def _unchanged(call: Call, request: Request, store: Store, spec: OperationSpec) -> list[Guard]:
    tags = request.headers.get("if-match")
    if not tags or not call.target or spec.noun not in store.kinds.by_name:
        return []
    return [Unchanged(store.kinds, spec.noun, call.target, tags)]


async def _keep_answer(store: Store, repeat: Once, content: Any) -> None:
    """The whole answer: what the first write returned may have been only part of it."""
    if not repeat.is_kept(content):
        await store.write(lambda tx: repeat.keep(tx, content))


def status_of(spec: OperationSpec) -> int:
    """The HTTP status of a good answer."""
    if spec.kind == Kind.JOB:
        return 202
    return 201 if spec.verb == "create" else 200
