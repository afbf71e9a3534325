"""Volumes: what clients see of disks, and the requests that change them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from appliance.protocol.base import Resource
from appliance.protocol.requests import Bus, Create, Id, Request, SizeBytes

# How often, and how much, a disk may be read or written in a second; 0: without limit.
Iops = Annotated[int, Meta(ge=0, le=10_000_000)]
BytesPerSecond = Annotated[int, Meta(ge=0, le=1024**4)]
LOWEST_BYTES_S = 64 * 1024


class VolumeStatus(StrEnum):
    """How far a volume is."""

    NOT_MADE = "not_made"  # it gets a place when it is first attached
    CREATING = "creating"
    READY = "ready"  # attached or not
    ATTACHING = "attaching"
    DETACHING = "detaching"
    CHANGING = "changing"  # its size or its limits
    SNAPSHOTTING = "snapshotting"  # a snapshot is being taken
    REVERTING = "reverting"  # it goes back to a snapshot
    MERGING = "merging"  # it is given what a deleted snapshot had
    MOVING = "moving"  # to another storage or host
    DELETED = "deleted"  # in the recycle bin
    EXPUNGING = "expunging"


class Volume(Resource, kw_only=True, frozen=True):
    """A disk. The guest finds it as /dev/disk/by-id/virtio-<serial>.

    Limits are for one second, reading and writing apart; 0 is none. `used_bytes` is what it took
    on its host when that was last looked at, None if it never was. `snapshot_id` is the snapshot
    that it stands on.
    """

    vm_id: str | None  # the machine that it is attached to
    vm_name: str = ""
    kind: str  # "root" or "data"
    primary_storage_id: str | None  # None while it is not made yet
    host_id: str | None
    host_name: str = ""
    size_bytes: int
    used_bytes: int | None = None
    status: VolumeStatus
    serial: str = ""
    bus: str = "virtio"  # "virtio" or "virtio_scsi"
    read_iops: int = 0
    write_iops: int = 0
    read_bytes_s: int = 0
    write_bytes_s: int = 0
    owner_id: str = ""
    deleted_at: datetime | None = None
    snapshot_id: str | None = None
    snapshot_count: int = 0


class CdDrive(msgspec.Struct, kw_only=True, frozen=True):
    """A CD drive of a machine with a disc in it, which may just be coming or going."""

    slot: int
    image_id: str
    image_name: str = ""
    is_changing: bool = False


def serial_of(volume_id: str) -> str:
    """What guests know a volume by: the end of its id, where ids differ, in the 20 characters
    that a virtio disk has for it.
    """
    return volume_id.replace("-", "")[-20:]


class VolumeCreate(Create, kw_only=True, frozen=True):
    """Make a data disk: at once on a host or for a machine, else when it is first attached.

    With `snapshot_id` it gets the content of a snapshot, on the same host; with `image_id` that of
    an image of the kind `data`, as a copy of its own. Both may be larger then.
    """

    size_bytes: SizeBytes | None = None  # needed unless a snapshot or an image says it
    snapshot_id: Id | None = None
    image_id: Id | None = None
    vm_id: Id | None = None  # attach it to this machine
    host_id: Id | None = None  # for administrators
    primary_storage_id: Id | None = None  # for administrators; on local storage with a host
    owner_id: Id | None = None  # the account that gets it; administrators may name another
    bus: Bus = "virtio"
    read_iops: Iops = 0
    write_iops: Iops = 0
    read_bytes_s: BytesPerSecond = 0
    write_bytes_s: BytesPerSecond = 0


class VolumeAttach(Request, kw_only=True, frozen=True):
    """Give the volume to this machine, also while it runs; on another bus, if one is given."""

    vm_id: Id
    bus: Bus | None = None


class VolumeResize(Request, kw_only=True, frozen=True):
    """Make the volume larger, also while its machine runs; volumes never shrink."""

    size_bytes: SizeBytes


class VolumeSetLimits(Request, kw_only=True, frozen=True):
    """Change the limits of a volume, also while its machine runs; fields left out stay."""

    read_iops: Iops | UnsetType = UNSET
    write_iops: Iops | UnsetType = UNSET
    read_bytes_s: BytesPerSecond | UnsetType = UNSET
    write_bytes_s: BytesPerSecond | UnsetType = UNSET
