"""Snapshots: what clients see of them, and the requests that take them and go back to them."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from appliance.protocol.base import Resource
from appliance.protocol.requests import Description, Id, Name, Request


class SnapshotStatus(StrEnum):
    """How far a snapshot is."""

    CREATING = "creating"
    READY = "ready"
    DELETING = "deleting"  # it waits for its turn
    HIDDEN = "hidden"  # deleted; what stands on it needs its data, or is being given them


class Snapshot(Resource, kw_only=True, frozen=True):
    """What a volume held at one instant.

    Snapshots of a volume form a tree: each stands on its `parent_id`. Those of one `group_id`
    were taken of all disks of a machine at the same instant. Guests see `size_bytes`;
    `used_bytes` is what the snapshot takes besides those below it. `is_quiesced`: the guest's
    file systems were frozen meanwhile; else it is as if the power had gone.
    """

    volume_id: str
    volume_name: str = ""
    parent_id: str | None = None
    group_id: str = ""
    is_current: bool = False  # the volume, as it is now, stands on it
    size_bytes: int
    used_bytes: int = 0
    is_quiesced: bool = False
    status: SnapshotStatus
    owner_id: str = ""


class SnapshotCreate(Request, kw_only=True, frozen=True):
    """Take a snapshot of a volume, also while its machine runs.

    With `quiesce`, the guest's file systems are frozen meanwhile if it has an agent.
    """

    volume_id: Id
    name: Name
    description: Description = ""
    id: str | None = None  # chosen by the client, so that it can repeat the request
    quiesce: bool = True


class VmCreateSnapshot(Request, kw_only=True, frozen=True):
    """Take a snapshot of all disks of a machine, at one instant."""

    name: Name
    description: Description = ""
    quiesce: bool = True


class SnapshotRevert(Request, kw_only=True, frozen=True):
    """Let the volume hold again what it held then. What it holds now is lost, unless it is kept
    as a snapshot called `save_as`.
    """

    save_as: Name | None = None


class VmRevertSnapshot(Request, kw_only=True, frozen=True):
    """Let all disks of the machine that were taken with this snapshot hold again what they held."""

    snapshot_id: Id
    save_as: Name | None = None


class ChainFile(msgspec.Struct, kw_only=True, frozen=True):
    """A file of a volume as its host has it.

    `snapshot_id` is what it keeps, None for the one that is written to. `problem`: missing,
    damaged, wrong_link, base_missing, or empty if all is well; `reason` says more.
    """

    snapshot_id: str | None
    path: str
    size_bytes: int
    used_bytes: int
    problem: str = ""
    reason: str = ""


class VolumeChain(msgspec.Struct, kw_only=True, frozen=True):
    """All files of a volume, and files beside them that nobody knows."""

    volume_id: str
    is_sound: bool
    files: list[ChainFile]
    strangers: list[str]
