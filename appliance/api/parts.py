"""Which part of a content a request carries, read from its headers."""

from __future__ import annotations

import re

from starlette.datastructures import Headers

from appliance.protocol.errors import InvalidInput
from appliance.protocol.uploads import CHECKSUM, COMPLETE, NO, OFFSET, YES, Part

_NUMBER = re.compile(r"[0-9]{1,18}")
_RANGE = re.compile(r"bytes=([0-9]{1,18})-")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


def part_of(headers: Headers) -> Part:
    """The part that a request carries; raises InvalidInput."""
    length = headers.get("content-length", "")
    if not _NUMBER.fullmatch(length):
        raise InvalidInput("image.size_needed", field="size_bytes")
    offset = headers.get(OFFSET, "0")
    if not _NUMBER.fullmatch(offset):
        raise _bad(OFFSET, offset, "a number of bytes")
    complete = headers.get(COMPLETE)
    if complete not in (None, YES, NO):
        raise _bad(COMPLETE, complete or "", "?0 or ?1")
    sha256 = headers.get(CHECKSUM, "")
    if sha256 and not _SHA256.fullmatch(sha256):
        raise _bad(CHECKSUM, sha256, "64 hex digits")
    return Part(
        length=int(length),
        offset=int(offset),
        is_last=None if complete is None else complete == YES,
        sha256=sha256.lower(),
    )


def first_byte(headers: Headers) -> int:
    """Where a download begins (`Range: bytes=N-`, RFC 9110, 14.1.2); raises InvalidInput."""
    asked = headers.get("range", "bytes=0-")
    found = _RANGE.fullmatch(asked)
    if found is None:
        raise _bad("Range", asked, "bytes=N-")
    return int(found[1])


def _bad(name: str, value: str, reason: str) -> InvalidInput:
    return InvalidInput(
        "request.bad_value", field=name, name=name, value=value[:100], reason=reason
    )
