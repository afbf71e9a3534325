"""Moving virtual machines between hosts: what is asked, and where they could go."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from appliance.protocol.requests import Id, Request


class VmMigrate(Request, kw_only=True, frozen=True):
    """Move a machine to another host of its cluster, while it runs if it does.

    Without `host_id` to the best of those that can take it. `auto_converge` slows a machine
    down, more and more, that writes faster than its memory can be sent. `post_copy` lets it go on
    over there before all of its memory has come, if several passes did not suffice: that ends
    for certain, but if one of the hosts or the network between them fails meanwhile, the machine
    is lost as by a power cut. `bandwidth_bytes_s` limits what is sent, 0 is no limit; without it
    the setting holds.
    """

    host_id: Id | None = None
    auto_converge: bool = True
    post_copy: bool = False
    bandwidth_bytes_s: Annotated[int, Meta(ge=0, le=1024**4)] | None = None


class MigrationReason(Struct, kw_only=True, frozen=True):
    """Why a machine cannot go to a host: a word of the catalogue, `migration.reason.<code>`."""

    code: str
    params: dict[str, Any] = {}


class MigrationCandidate(Struct, kw_only=True, frozen=True):
    """A host of the machine's cluster; it can take the machine if there are no `reasons`.

    `disk_free_bytes` is what disks may still claim there.
    """

    host_id: str
    host_name: str
    reasons: list[MigrationReason]
    cpu_free: int
    memory_free_bytes: int
    disk_free_bytes: int


class MigrationCandidates(Struct, kw_only=True, frozen=True):
    """All other hosts of the machine's cluster, those first that can take it, the best first.

    `reasons` are against moving it at all. `disk_bytes` is what its disks claim that have to be
    copied, 0 if they lie on storage that the hosts share.
    """

    items: list[MigrationCandidate]
    reasons: list[MigrationReason]
    disk_bytes: int
