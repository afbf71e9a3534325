"""Fetching images over HTTP and HTTPS, with limits on everything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp

from hostagent.images.service import write_incoming
from hostagent.protocol.link import CallContext, CommandFailed
from hostagent.protocol.storage import CheckUrlParams, CheckUrlResult, FetchUrlParams
from hostagent.storage.paths import incoming_path, remove

CONNECT_S = 15.0
SILENCE_S = 60.0
MAX_REDIRECTS = 5
CHUNK_BYTES = 256 * 1024
TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=SILENCE_S)


async def check_url(params: CheckUrlParams, context: CallContext) -> CheckUrlResult:
    """Ask for the image's first byte; raises CommandFailed if the address does not answer."""
    headers = {"Range": "bytes=0-0"}
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        try:
            async with session.get(
                params.url, headers=headers, max_redirects=MAX_REDIRECTS
            ) as answer:
                _refuse_status(params.url, answer)
                return CheckUrlResult(size_bytes=_total_size(answer))
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise _failed(params.url, error) from error


async def fetch_url(params: FetchUrlParams, context: CallContext) -> None:
    """Fetch an image into the place where it waits to be checked."""
    async with aiohttp.ClientSession(timeout=TIMEOUT, auto_decompress=False) as session:
        try:
            async with session.get(params.url, max_redirects=MAX_REDIRECTS) as answer:
                _refuse_status(params.url, answer)
                size_bytes = answer.content_length or 0
                if size_bytes > params.limit_bytes:
                    raise _too_large(params)
                received = await write_incoming(
                    params.place, _limited(answer, params), size_bytes, context.progress
                )
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            await asyncio.to_thread(remove, incoming_path(params.place))
            raise _failed(params.url, error) from error
    if size_bytes and received != size_bytes:
        raise CommandFailed(
            "image.truncated",
            "the server ended early",
            received_bytes=received,
            expected_bytes=size_bytes,
        )


async def _limited(answer: aiohttp.ClientResponse, params: FetchUrlParams) -> AsyncIterator[bytes]:
    received = 0
    async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
        received += len(chunk)
        if received > params.limit_bytes:
            raise _too_large(params)
        yield chunk


def _total_size(answer: aiohttp.ClientResponse) -> int:
    content_range = answer.headers.get("Content-Range", "")
    total = content_range.rpartition("/")[2]
    if answer.status == 206 and total.isdigit():
        return int(total)
    return answer.content_length or 0


def _refuse_status(url: str, answer: aiohttp.ClientResponse) -> None:
    if answer.status >= 400:
        reason = f"HTTP {answer.status} {answer.reason}"
        raise CommandFailed("image.url_failed", reason, url=url, reason=reason)


def _too_large(params: FetchUrlParams) -> CommandFailed:
    reason = f"larger than {params.limit_bytes} bytes"
    return CommandFailed("image.url_failed", reason, url=params.url, reason=reason)


def _failed(url: str, error: Exception) -> CommandFailed:
    reason = str(error) or type(error).__name__
    return CommandFailed("image.url_failed", reason, url=url, reason=reason)
