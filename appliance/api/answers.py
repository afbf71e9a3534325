"""Answers: JSON by msgspec, and errors as bodies with the status of their class."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog
from starlette.responses import Response

from appliance.api import request_id
from appliance.protocol.errors import ApiError, ErrorBody, Internal, TooManyRequests, to_body
from appliance.protocol.ids import new_id

log = structlog.get_logger()


class ErrorAnswer(msgspec.Struct, kw_only=True):
    """What every refused request is answered with."""

    error: ErrorBody


def answer(content: Any, status: int = 200) -> Response:
    """`content` as JSON; None as an empty 204."""
    if content is None:
        return Response(status_code=204)
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def error_answer(error: ApiError) -> Response:
    """The answer for an error that callers may see."""
    response = answer(error_content(error), error.status)
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(error.params.get("retry_after_s", 1))
    return response


def error_content(error: ApiError) -> ErrorAnswer:
    """An error for the wire, in answers and on WebSockets."""
    body = msgspec.structs.replace(to_body(error), request_id=request_id.current())
    return ErrorAnswer(error=body)


def unexpected(error: Exception, where: str) -> ApiError:
    """Log a fault of ours; callers see only its reference."""
    reference = new_id()[-12:]
    log.error("request_failed", where=where, reference=reference, exc_info=error)
    return Internal("internal", reference=reference)


def gone(where: str) -> Response:
    """For a client that went away in the middle of its request; nobody reads it."""
    log.info("client_gone", where=where)
    return Response(status_code=400)
