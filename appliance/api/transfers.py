"""Routes that carry bytes rather than structs: screenshots, and the content of images."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import quote

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from appliance.api.answers import answer, error_answer, unexpected
from appliance.api.around import Audit, with_wishes
from appliance.api.gate import Gate
from appliance.api.parts import first_byte, part_of
from appliance.engine.calls import Call
from appliance.protocol.errors import ApiError, Conflict
from appliance.protocol.operations import BYTES, Accepted, OperationSpec
from appliance.protocol.uploads import Download, Part

Screenshot = Callable[[Call, str], Awaitable[bytes]]
Upload = Callable[[Call, str, Part, AsyncIterator[bytes]], Awaitable[Accepted]]
OpenDownload = Callable[[Call, str, int], Awaitable[Download]]
Endpoint = Callable[[Request], Awaitable[Response]]

log = structlog.get_logger()


def transfer_routes(
    gate: Gate, audit: Audit, screenshot: Screenshot, upload: Upload, download: OpenDownload
) -> list[Route]:
    """The routes; uploads are audited, whichever way they end."""

    async def get_screenshot(request: Request) -> Response:
        call = await _admitted(gate, request, BYTES["vm.screenshot"])
        return Response(await screenshot(call, call.target), media_type="image/png")

    async def get_content(request: Request) -> Response:
        call = await _admitted(gate, request, BYTES["image.download"])
        found = await download(call, call.target, first_byte(request.headers))
        return StreamingResponse(
            found.content,
            status_code=206 if "range" in request.headers else 200,
            media_type="application/octet-stream",
            headers=_headers_of(found),
        )

    async def put_content(request: Request) -> Response:
        call = await _admitted(gate, request, BYTES["image.upload"])
        arrived = _Arrived(request)
        outcome = "internal"
        try:
            part = part_of(request.headers)
            accepted = await upload(call, call.target, part, arrived.chunks())
            outcome = "accepted"
            return answer(accepted, 202)
        except ApiError as error:
            outcome = error.code
            raise
        except ClientDisconnect:
            # Clients go away: that is no fault of ours, and nobody reads the answer.
            outcome = "image.truncated"
            return error_answer(arrived.cut_off())
        finally:
            log.info(
                "upload_ended",
                account=call.caller.account_name,
                image=call.target,
                received_bytes=arrived.size_bytes,
                outcome=outcome,
            )
            await audit.record(call, call.target, outcome)

    return [
        Route("/v1/vms/{id}/screenshot", _guarded(get_screenshot)),
        Route("/v1/images/{id}/content", _guarded(put_content), methods=["PUT"]),
        Route("/v1/images/{id}/content", _guarded(get_content), methods=["GET"]),
    ]


def _headers_of(found: Download) -> dict[str, str]:
    headers = {
        "Content-Length": str(found.size_bytes - found.offset),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
        "Accept-Ranges": "bytes",
    }
    if found.offset:
        last = found.size_bytes - 1
        headers["Content-Range"] = f"bytes {found.offset}-{last}/{found.size_bytes}"
    if found.sha256:
        digest = base64.b64encode(bytes.fromhex(found.sha256)).decode()
        headers["Repr-Digest"] = f"sha-256=:{digest}:"  # RFC 9530
    return headers


class _Arrived:
    """The body of an upload, and how much of it has come."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.size_bytes = 0

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes, as they come."""
        async for chunk in self._request.stream():
            self.size_bytes += len(chunk)
            yield chunk

    def cut_off(self) -> ApiError:
        """What is said of a body that broke off."""
        expected = part_of(self._request.headers).length
        return Conflict("image.truncated", received_bytes=self.size_bytes, expected_bytes=expected)


async def _admitted(gate: Gate, request: Request, spec: OperationSpec) -> Call:
    caller = with_wishes(await gate.admit(request, spec), request)
    await gate.check(caller, spec, None)
    return Call(operation=spec.name, caller=caller, target=request.path_params["id"])


def _guarded(endpoint: Endpoint) -> Endpoint:
    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ApiError as error:
            return error_answer(error)
        except Exception as error:
            return error_answer(unexpected(error, request.url.path))

    return guarded
