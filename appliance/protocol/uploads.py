"""Contents in parts: the headers that say which part of a content a request carries.

`Upload-Offset` and `Upload-Complete` mean what they mean in the IETF's resumable uploads for HTTP
(draft-ietf-httpbis-resumable-upload).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

OFFSET, COMPLETE, CHECKSUM = "Upload-Offset", "Upload-Complete", "Upload-Checksum"
YES, NO = "?1", "?0"  # booleans of RFC 8941


@dataclass(frozen=True, kw_only=True)
class Part:
    """`length` bytes of a content from `offset` on.

    `is_last` says whether nothing follows; None: if it reaches the end. `sha256` is that of the
    whole content, empty if nobody says it.
    """

    length: int
    offset: int = 0
    is_last: bool | None = None
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class Download:
    """A file that is sent from `offset` on; `sha256` is that of all of it, empty if unknown."""

    name: str
    size_bytes: int
    offset: int
    sha256: str
    content: AsyncIterator[bytes]
