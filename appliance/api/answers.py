"""Answers: JSON by msgspec, and errors as bodies with the status of their class."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response

from appliance.protocol.errors import ApiError, Internal, TooManyRequests, to_body
from appliance.protocol.ids import new_id

log = structlog.get_logger()

HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000",
}


def answer(content: Any, status: int = 200) -> Response:
    """`content` as JSON; None as an empty 204."""
    if content is None:
        return Response(status_code=204, headers=HEADERS)
    body = msgspec.json.encode(content)
    return Response(body, status, HEADERS, media_type="application/json")


def error_answer(error: ApiError) -> Response:
    """The answer for an error that callers may see."""
    response = answer({"error": to_body(error)}, error.status)
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(error.params.get("retry_after_s", 1))
    return response


async def on_api_error(request: Request, error: Exception) -> Response:
    """Handler for ApiError."""
    assert isinstance(error, ApiError)
    return error_answer(error)


def unexpected(error: Exception, where: str) -> ApiError:
    """Log a fault of ours; callers see only its reference."""
    reference = new_id()[-12:]
    log.error("request_failed", where=where, reference=reference, exc_info=error)
    return Internal("internal", reference=reference)


def gone(where: str) -> Response:
    """For a client that went away in the middle of its request; nobody reads it."""
    log.info("client_gone", where=where)
    return Response(status_code=400)
