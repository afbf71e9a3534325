"""Volumes that move from one place to another: to another storage, or to another host's own.

The service says which place counts; hosts only copy, and say when both places hold the same.
"""

from enum import StrEnum

import msgspec

from hostagent.protocol.migration import ListenResult
from hostagent.protocol.storage import VolumeRef


class TransferParams(msgspec.Struct, kw_only=True, frozen=True):
    """Copy a volume that no machine has open to another storage that this host reaches, and
    compare both. What is at the place of `target` is made anew.
    """

    source: VolumeRef
    target: VolumeRef
    size_bytes: int


class MirrorParams(TransferParams, kw_only=True, frozen=True):
    """Copy a disk that a running machine has open, let the machine go on with the copy, and take
    the name of what is left in the old place. A machine that `is_paused` stays so.
    """

    vm_id: str
    is_paused: bool = False


class MoveSide(StrEnum):
    """Where the newest copy of a volume is."""

    SOURCE = "source"
    TARGET = "target"


class SettledMove(msgspec.Struct, kw_only=True, frozen=True):
    """Which copy counts; the other one may be deleted. A machine that runs has that one open."""

    side: MoveSide


class VolumeMoveRef(msgspec.Struct, kw_only=True, frozen=True):
    """Names a move."""

    move_id: str


class VolumeListenParams(msgspec.Struct, kw_only=True, frozen=True):
    """Be ready to fill volumes from one host and from no other; see `ListenParams` of migration
    for addresses and ports.
    """

    migration_id: str
    source_host_id: str
    addresses: list[str]
    ports: tuple[int, int]
    received: list[VolumeRef]


class VolumeSendParams(msgspec.Struct, kw_only=True, frozen=True):
    """Fill the volume of the host that listens with what this one has, and compare both."""

    move_id: str
    way: ListenResult
    volume: VolumeRef
