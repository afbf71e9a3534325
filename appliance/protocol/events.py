"""The change feed: one message for each change of a resource, in order, without gaps."""

from __future__ import annotations

from typing import Literal

import msgspec


class Change(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A resource was made or changed (`put`, with its new content) or is gone (`delete`).

    `seq` grows by one with each change and survives restarts. Changes with `seq` 0 are
    passing (the progress of a running job): they are not replayed.
    """

    seq: int
    kind: str
    id: str
    action: Literal["put", "delete"]
    data: msgspec.Raw = msgspec.Raw(b"null")


class FeedStart(msgspec.Struct, kw_only=True, frozen=True):
    """First message of a feed connection.

    `reset` is true when `since` is older than what is kept: the client must list again, and
    goes on from `seq`.
    """

    seq: int
    oldest: int
    reset: bool = False
