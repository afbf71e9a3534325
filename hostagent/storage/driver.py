"""What a primary storage can do for volumes, whatever it is made of.

There is one driver for each kind of storage (`hostagent/storage/drivers.py`). A driver knows how
its storage keeps volumes and cached images, and nothing of machines or of the service's database.
All its verbs may be repeated: the second time finds the work done and answers the same.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hostagent.protocol.link import CommandFailed
from hostagent.protocol.storage import CheckPathResult, StorageRef, VolumeInfo, VolumeRef

# Told of what is done of a long work: so much, of so much, of that unit.
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a kind of storage can do.

    `is_shared`: all hosts see the same volumes. `has_files`: a volume is a chain of qcow2 files
    in a directory, so snapshots and copies are made of files; else the storage makes them itself.
    """

    is_shared: bool
    has_files: bool


@dataclass(frozen=True, kw_only=True)
class NetworkSource:
    """A disk that QEMU reaches over the network by itself: `name` on one of `hosts`.

    `hosts` are pairs of name and port; `secret_id` is libvirt's secret with the key of `user`.
    """

    protocol: str
    hosts: tuple[tuple[str, int], ...]
    user: str = ""
    secret_id: str = ""


@dataclass(frozen=True)
class DiskSource:
    """Where libvirt finds a disk, and how it must be opened (`cache` is a libvirt cache mode).

    `path` is its file, or its name on the storage if `network` says where that is.
    """

    path: str
    cache: str
    format: str = "qcow2"
    network: NetworkSource | None = None


class Driver(ABC):
    """One storage, as this host reaches it. All verbs raise CommandFailed."""

    capabilities: Capabilities

    def __init__(self, storage: StorageRef) -> None:
        self.storage = storage

    @abstractmethod
    async def check(self, *, is_new: bool = False) -> CheckPathResult:
        """Have the storage ready on this host, and really write to it; returns its sizes.

        One that several hosts see must be known to be that storage, unless it `is_new`.
        """

    @abstractmethod
    async def release(self, *, is_gone: bool = False) -> None:
        """Leave the storage. If it `is_gone` for all hosts, our own empty folders in it go."""

    @abstractmethod
    async def see_anew(self) -> None:
        """Raises unless what lies on the storage can be seen now. From here on this host sees what
        others have made or deleted there before.
        """

    @abstractmethod
    async def create_empty(self, volume: VolumeRef, size_bytes: int) -> VolumeInfo:
        """Make an empty volume that takes space only as it is written to."""

    @abstractmethod
    async def create_overlay(self, volume: VolumeRef, image_id: str, size_bytes: int) -> VolumeInfo:
        """Make a volume with the content of a cached image, which it shares."""

    @abstractmethod
    async def copy_image(
        self, volume: VolumeRef, image_id: str, size_bytes: int, report: Progress
    ) -> VolumeInfo:
        """Make a volume with the content of a cached image that stands on nothing."""

    @abstractmethod
    async def resize(self, volume: VolumeRef, size_bytes: int) -> VolumeInfo:
        """Make a volume larger that no machine has open; it never shrinks."""

    @abstractmethod
    async def delete(self, volume: VolumeRef) -> None:
        """Delete a volume with all that belongs to it."""

    @abstractmethod
    async def is_retired(self, volume: VolumeRef) -> bool:
        """Whether the volume has lost its name to `retire`; raises if it is neither there under
        its name nor under the other one, because nothing can be known then.
        """

    @abstractmethod
    async def retire(self, volume: VolumeRef) -> None:
        """Take the name by which a volume was opened for good; what is left is deleted with the
        volume.
        """

    @abstractmethod
    async def info(self, volume: VolumeRef) -> VolumeInfo:
        """How large a volume is, and what it takes; also while a machine has it open."""

    @abstractmethod
    async def has_image(self, image_id: str, *, is_iso: bool = False) -> bool:
        """Whether the image is in the cache."""

    @abstractmethod
    async def cache_image(self, image_id: str, source: Path, report: Progress) -> None:
        """Have the image in the file `source` in the cache, whole or not at all: a disk as qcow2,
        a disc (`.iso`) as it is.
        """

    @abstractmethod
    async def drop_image(self, image_id: str) -> None:
        """Delete an image from the cache; nothing may stand on it any more."""

    @abstractmethod
    async def disc_of(self, image_id: str) -> DiskSource:
        """Where libvirt finds a cached disc; raises if it is not in the cache."""

    @abstractmethod
    async def source_of(self, volume: VolumeRef) -> DiskSource:
        """Where libvirt finds the volume that shall be opened; raises if it is missing."""

    @abstractmethod
    def path_of(self, volume: VolumeRef) -> str:
        """The `path` of a volume's source, whether it exists or not: machines know it by that."""

    @abstractmethod
    async def await_closed(self, volume: VolumeRef) -> None:
        """Raises if another QEMU has the volume open, on whatever host, and QEMU itself would not
        refuse to open it. Files have locks, so QEMU does.
        """

    def qemu_words(self, volume: VolumeRef) -> list[str]:
        """How qemu-img is told to read the volume; storages without files say it in their way."""
        return ["-f", "qcow2", self.path_of(volume)]


def refuse_shrinking(found: VolumeInfo, size_bytes: int) -> None:
    """Raises CommandFailed if a volume is larger than it shall be: its end would be lost."""
    if found.size_bytes > size_bytes:
        raise CommandFailed(
            "volume.would_shrink", f"{found.path} has {found.size_bytes} bytes, not {size_bytes}"
        )
