"""Machines found on a host that this cloud does not know, and taking one over."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.protocol.requests import NICS_MAX, Description, Id, Name, NewNic, Request

MacText = Annotated[str, Meta(pattern="^[0-9a-f]{2}(:[0-9a-f]{2}){5}$")]


class UnknownDisk(msgspec.Struct, kw_only=True, frozen=True):
    """A disk of an unknown machine. `backing` is the file that it stands on; `problem` a code of
    why it cannot be taken, empty if it can. One that `is_copied` is copied when it is taken: it
    is no plain qcow2 file.
    """

    path: str
    target: str
    bus: str
    format: str
    size_bytes: int
    used_bytes: int
    backing: str = ""
    is_copied: bool = False
    problem: str = ""


class UnknownNic(msgspec.Struct, kw_only=True, frozen=True):
    """A NIC of an unknown machine, and what it is plugged into on its host."""

    mac: str
    source: str
    model: str = ""


class UnknownVm(msgspec.Struct, kw_only=True, frozen=True):
    """A domain on a host that is no machine of this cloud; `id` is libvirt's.

    With `was_ours` it has the mark of a machine of this cloud, or of another one: such are found
    when the database was lost, or after a host has changed its cloud. `problems` are codes of why
    it cannot be taken over now.
    """

    id: str
    name: str
    state: str
    was_ours: bool
    cpu_count: int
    memory_bytes: int
    disks: list[UnknownDisk]
    nics: list[UnknownNic]
    problems: list[str]
    firmware: str = "bios"  # or uefi, uefi_secure


class UnknownVms(msgspec.Struct, kw_only=True, frozen=True):
    """What was found on a host, running first."""

    items: list[UnknownVm]


class AdoptedNic(NewNic, kw_only=True, frozen=True):
    """A NIC in a network of ours; with `mac` it keeps the address that its guest knows it by."""

    mac: MacText | None = None


class HostAdoptVm(Request, kw_only=True, frozen=True):
    """Take over an unknown machine that is off.

    `machine` is its id, which it keeps. Its disks become volumes of a local primary storage of the
    host; without `name` it is called as before.
    """

    machine: Id
    name: Name | None = None
    description: Description = ""
    primary_storage_id: Id
    nics: Annotated[list[AdoptedNic], Meta(min_length=1, max_length=NICS_MAX)]
    owner_id: Id | None = None
