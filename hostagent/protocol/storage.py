"""Parameters and results of commands about directories, volumes and images."""

import msgspec


class CheckPathParams(msgspec.Struct, kw_only=True, frozen=True):
    """Test a directory: make it if need be, and really write into it.

    Without `keep`, directories that had to be made for the test are removed again.
    """

    path: str
    keep: bool = True


class CheckPathResult(msgspec.Struct, kw_only=True, frozen=True):
    """Sizes of the file system that holds the directory."""

    total_bytes: int
    available_bytes: int
    file_system: str = ""
    supports_direct_io: bool = True


class ReleaseParams(msgspec.Struct, kw_only=True, frozen=True):
    """Give a storage's directory back: our own empty folders in it go, anything else stays."""

    path: str


class StorageRef(msgspec.Struct, kw_only=True, frozen=True):
    """A primary storage as hosts are told of it; what is secret about it is told elsewhere.

    `kind` names the driver. `path` is the directory of storages that have one: the host's own for
    `local`, one that all hosts see for `shared`, where it is mounted for `nfs`. `source` is what
    is reached over the network: `server:/export` for `nfs`, the pool for `ceph`.
    """

    storage_id: str
    kind: str = "local"
    path: str = ""
    source: str = ""


class StorageSpec(msgspec.Struct, kw_only=True, frozen=True):
    """All that a host needs to reach a storage. `key` is secret: it is never logged.

    `options` are for mounting; `monitors` are addresses of a Ceph cluster, with or without port.
    """

    storage: StorageRef
    options: str = ""
    monitors: list[str] = []
    user: str = ""
    key: str = ""


class PrepareParams(msgspec.Struct, kw_only=True, frozen=True):
    """Find out whether this host can use a storage. `is_new`: no host has used it before."""

    spec: StorageSpec
    is_new: bool = False


class LeaveParams(msgspec.Struct, kw_only=True, frozen=True):
    """Give a storage back. `is_gone`: no host has it any more, so that our empty folders go."""

    storage: StorageRef
    is_gone: bool = False


class StorageDocument(msgspec.Struct, kw_only=True, frozen=True):
    """All primary storages of a host."""

    storages: list[StorageSpec]


class StorageStatus(msgspec.Struct, kw_only=True, frozen=True):
    """How a host reaches a storage; `code` and `reason` say why it does not."""

    storage_id: str
    is_connected: bool
    code: str = ""
    reason: str = ""
    total_bytes: int = 0
    available_bytes: int = 0


class StorageReport(msgspec.Struct, kw_only=True, frozen=True):
    """How a host reaches each of its storages."""

    storages: list[StorageStatus]


class CachedImage(msgspec.Struct, kw_only=True, frozen=True):
    """An image in the cache of a primary storage."""

    image_id: str
    storage: StorageRef


class VolumeRef(msgspec.Struct, kw_only=True, frozen=True):
    """A volume on a primary storage. `head` names that of its files which is written to: in
    directories `volumes/<volume_id>.qcow2` if it is empty, `volumes/<volume_id>.<head>.qcow2` else.

    `fallback` is the head as long as there is no file called `head`: while a job makes or merges
    one, this tells without doubt which of the two is the newest, whatever died on the way.
    """

    volume_id: str
    storage: StorageRef
    head: str = ""
    fallback: str | None = None


class CreateOverlayParams(msgspec.Struct, kw_only=True, frozen=True):
    """Make a volume as an overlay on the cached image of the same primary storage."""

    volume: VolumeRef
    image_id: str
    size_bytes: int


class CopyImageParams(msgspec.Struct, kw_only=True, frozen=True):
    """Make a volume with the content of the cached image, which it does not need any more then."""

    volume: VolumeRef
    image_id: str
    size_bytes: int


class CreateEmptyParams(msgspec.Struct, kw_only=True, frozen=True):
    """Make an empty volume that takes space only as it is written to."""

    volume: VolumeRef
    size_bytes: int


class ResizeParams(msgspec.Struct, kw_only=True, frozen=True):
    """Make a volume that no machine has open as large as `size_bytes`; it never shrinks."""

    volume: VolumeRef
    size_bytes: int


class VolumeInfo(msgspec.Struct, kw_only=True, frozen=True):
    """A volume as it is: what the guest sees, and what it takes on the disk."""

    path: str
    size_bytes: int
    used_bytes: int


class ImagePlace(msgspec.Struct, kw_only=True, frozen=True):
    """An image: the file `<store_path>/images/<image_id>.qcow2`, or `.iso` for a disc."""

    image_id: str
    store_path: str
    is_iso: bool = False


class ReceiveParams(msgspec.Struct, kw_only=True, frozen=True):
    """Take `size_bytes` of an image from a stream and add them to the `offset_bytes` that are
    there; answered when all have arrived and are on the disk. What came of a stream that breaks
    off stays. With offset 0 the image begins anew. `left_bytes` are still to come with this.
    """

    place: ImagePlace
    size_bytes: int
    stream_id: int
    offset_bytes: int = 0
    left_bytes: int = 0


class Received(msgspec.Struct, kw_only=True, frozen=True):
    """How much of an image is there, before it is finished."""

    size_bytes: int


class SendParams(msgspec.Struct, kw_only=True, frozen=True):
    """Send the file of an image into a stream, from an offset on; answered when all is sent."""

    place: ImagePlace
    stream_id: int
    offset_bytes: int = 0


class FetchUrlParams(msgspec.Struct, kw_only=True, frozen=True):
    """Fetch an image over HTTP or HTTPS."""

    place: ImagePlace
    url: str
    limit_bytes: int


class CheckUrlParams(msgspec.Struct, kw_only=True, frozen=True):
    """Does this address answer with something that could be an image?"""

    url: str


class CheckUrlResult(msgspec.Struct, kw_only=True, frozen=True):
    """What the address offers; size 0 when the server does not tell."""

    size_bytes: int = 0


class AdoptFileParams(msgspec.Struct, kw_only=True, frozen=True):
    """Copy an image from a file of this machine."""

    place: ImagePlace
    path: str


class FinishParams(msgspec.Struct, kw_only=True, frozen=True):
    """Check what was received (and its SHA-256 if given), convert it, put it in place.

    `kind` is what it shall be: root, data or iso; auto leaves it to the content.
    """

    place: ImagePlace
    sha256: str = ""
    kind: str = "auto"


class ImageInfo(msgspec.Struct, kw_only=True, frozen=True):
    """An image that is in place. `format` is what was received; a disc is kept as it is, anything
    else as qcow2. `sha256` is of what was received, `stored_sha256` of what is kept.

    `platform` (linux, windows) and `firmware` (bios, uefi, uefi_secure) are guesses, empty where
    there is nothing to go by.
    """

    format: str
    size_bytes: int
    virtual_size_bytes: int
    sha256: str
    kind: str = "root"
    platform: str = ""
    firmware: str = ""
    stored_sha256: str = ""


class ExportVolumeParams(msgspec.Struct, kw_only=True, frozen=True):
    """Make an image out of a volume that nobody writes to, with all that it stands on: one qcow2
    file that refers to no other.
    """

    volume: VolumeRef
    place: ImagePlace


class ExportDiskParams(msgspec.Struct, kw_only=True, frozen=True):
    """Make an image out of a disk of a machine, as it is at one instant if the machine runs."""

    vm_id: str
    volume: VolumeRef
    place: ImagePlace


class EnsureCachedParams(msgspec.Struct, kw_only=True, frozen=True):
    """Have an image of a store on this host in the cache of a primary storage."""

    image_id: str
    store_path: str
    storage: StorageRef
    is_iso: bool = False


class StoredImage(msgspec.Struct, kw_only=True, frozen=True):
    """The file of an image in its store, as it is now."""

    size_bytes: int
    sha256: str


class CacheFromParams(msgspec.Struct, kw_only=True, frozen=True):
    """Take an image from a stream into the cache of a primary storage."""

    image_id: str
    storage: StorageRef
    is_iso: bool = False
    size_bytes: int
    sha256: str
    stream_id: int
