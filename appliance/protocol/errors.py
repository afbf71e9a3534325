"""The nine classes of errors, each a code with parameters; texts are in `messages`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec


class ErrorBody(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """An error as it travels: clients render `code` and `params` in the user's language.

    `message` and `remedy` are the English texts, for logs and for clients that do not know
    the code. `field` names the request field at fault, `request_id` the request in the
    service's log.
    """

    code: str
    message: str = ""
    remedy: str = ""
    field: str | None = None
    params: dict[str, Any] = {}
    request_id: str = ""


class ApiError(Exception):
    """Base of every error that a caller of the API can see.

    Parameters: `code` from the message catalogue, `field` the request field at fault, and the
    values that the text of the code names. `request_id` is known of errors that came from a
    service.
    """

    status: ClassVar[int] = 500
    request_id = ""

    def __init__(self, code: str, /, *, field: str | None = None, **params: Any) -> None:
        super().__init__(code, params)
        self.code = code
        self.field = field
        self.params: Mapping[str, Any] = params

    def __str__(self) -> str:
        from appliance.protocol.messages import render

        return render(self.code, self.params, "en").message


class InvalidInput(ApiError):
    """The request itself is wrong and will be wrong again."""

    status = 400


class Unauthenticated(ApiError):
    """Nobody is logged in, or the session is over."""

    status = 401


class Forbidden(ApiError):
    """The caller may not do this."""

    status = 403


class NotFound(ApiError):
    """There is no such thing, or the caller may not see it."""

    status = 404


class Conflict(ApiError):
    """The request does not fit the present state."""

    status = 409


class PreconditionFailed(ApiError):
    """The resource is not what the client saw any more (If-Match)."""

    status = 412


class NoResources(ApiError):
    """Capacity, addresses or quota are used up (507, so that clients can tell it from 409)."""

    status = 507


class Unavailable(ApiError):
    """Something that is needed does not answer now; trying again later may help."""

    status = 503


class Internal(ApiError):
    """A fault of ours."""

    status = 500


class TooManyRequests(ApiError):
    """The caller must slow down; `retry_after_s` is among the parameters."""

    status = 429


_CLASSES: dict[int, type[ApiError]] = {
    400: InvalidInput,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: PreconditionFailed,
    429: TooManyRequests,
    503: Unavailable,
    507: NoResources,
}


def from_body(status: int, body: ErrorBody) -> ApiError:
    """The exception that a client raises for an error answer with this HTTP status."""
    error = _CLASSES.get(status, Internal)(body.code, field=body.field, **body.params)
    error.request_id = body.request_id
    return error


def to_body(error: ApiError) -> ErrorBody:
    """The answer for `error`, with its English texts filled in."""
    from appliance.protocol.messages import render

    text = render(error.code, error.params, "en")
    return ErrorBody(
        code=error.code,
        message=text.message,
        remedy=text.remedy,
        field=error.field,
        params=dict(error.params),
        request_id=error.request_id,
    )
