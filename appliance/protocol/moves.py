"""Moving volumes between storages and hosts: what is asked, and where they could go."""

from __future__ import annotations

from msgspec import Struct

from appliance.protocol.migration import MigrationReason
from appliance.protocol.requests import Id, Request


class VolumeMove(Request, kw_only=True, frozen=True):
    """Move a volume to another primary storage, or to another host's part of a local one.

    `host_id` is needed for local storages, unless the volume or its machine is on a host already.
    """

    primary_storage_id: Id
    host_id: Id | None = None


class MoveCandidate(Struct, kw_only=True, frozen=True):
    """A place that the volume can go to if there are no `reasons` against it: a storage that
    hosts share (`host_id` is None), or the part of a local one that is a host's own.

    Reasons are words of the catalogue, `move.reason.<code>`. `free_bytes` is what disks may
    still claim there.
    """

    primary_storage_id: str
    primary_storage_name: str
    kind: str
    host_id: str | None
    host_name: str = ""
    reasons: list[MigrationReason]
    free_bytes: int


class MoveCandidates(Struct, kw_only=True, frozen=True):
    """All other places in the volume's zone, those first that it can go to, the roomiest first.

    `reasons` are against moving it at all.
    """

    items: list[MoveCandidate]
    reasons: list[MigrationReason]
