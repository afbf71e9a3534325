"""The simulated directories, volumes and images of one host."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path, PurePath

import msgspec

from hostagent.images import recognise as real
from hostagent.protocol import storage as s
from hostagent.protocol.commands import Nothing
from hostagent.protocol.domain import ResizeDiskParams
from hostagent.protocol.link import CallContext, CommandFailed
from hostagent.protocol.streams import StreamBroken
from hostagent.storage.files import SMALLEST_FREE_BYTES
from hostagent.storage.paths import cache_path, image_path, incoming_path
from tests.lab.simulated.contents import shown
from tests.lab.simulated.sharing import (
    check_mark,
    files_on,
    is_shared,
    others_with,
    refuse_broken,
)
from tests.lab.simulated.state import GiB, HostState, SimFile, file_of

HEAD_BYTES, CHUNK_BYTES = 1024, 256 * 1024
FETCHED_BYTES = 64 * 1024**2  # what any address answers with
FETCHED_VIRTUAL_BYTES = 2 * GiB
OVERLAY_BYTES = 196_624  # of a fresh qcow2 overlay


@cache
def sha256_of_zeros(size_bytes: int) -> str:
    """The SHA-256 of a file without content."""
    return hashlib.sha256(bytes(size_bytes)).hexdigest()


class Storage:
    """Files by name and size."""

    def __init__(self, state: HostState) -> None:
        self._state = state
        self._parts: dict[str, bytearray] = {}

    # Directories

    async def check_path(self, params: s.CheckPathParams, _: CallContext) -> s.CheckPathResult:
        """Any directory can be made."""
        if params.keep:
            self._state.folders.add(params.path)
        traits = self._state.traits
        return s.CheckPathResult(
            total_bytes=traits.disk_total_bytes,
            available_bytes=traits.disk_available_bytes,
            file_system="ext4",
        )

    async def release(self, params: s.ReleaseParams, _: CallContext) -> Nothing:
        """Give an empty directory back."""
        below = params.path.rstrip("/") + "/"
        if not any(path.startswith(below) for path in (*self._state.files, *self._state.stores)):
            self._state.folders.discard(params.path)
        return Nothing()

    async def prepare(self, params: s.PrepareParams, _: CallContext) -> s.CheckPathResult:
        """Any storage can be used, if it is the one that it should be."""
        return self._look(params.spec.storage, is_new=params.is_new)

    async def apply(self, document: s.StorageDocument, _: CallContext) -> s.StorageReport:
        """How each storage is."""
        return s.StorageReport(
            storages=[self.status_of(spec.storage) for spec in document.storages]
        )

    async def leave(self, params: s.LeaveParams, _: CallContext) -> Nothing:
        """Give a storage back."""
        storage = params.storage
        if is_shared(storage):
            place = storage.source or storage.path
            if params.is_gone and self._state.shared.marks.get(place) == storage.storage_id:
                del self._state.shared.marks[place]
        elif params.is_gone:
            await self.release(s.ReleaseParams(path=storage.path), _)
        return Nothing()

    def _look(self, storage: s.StorageRef, *, is_new: bool) -> s.CheckPathResult:
        refuse_broken(self._state, storage)
        place = storage.source or storage.path
        if not is_shared(storage):
            self._state.folders.add(storage.path)
        elif is_new and place not in self._state.unshared:
            self._state.shared.marks.setdefault(place, storage.storage_id)
        if is_shared(storage):
            check_mark(self._state, storage)
        traits = self._state.traits
        return s.CheckPathResult(
            total_bytes=traits.disk_total_bytes,
            available_bytes=traits.disk_available_bytes,
            file_system="ext4",
        )

    def status_of(self, storage: s.StorageRef) -> s.StorageStatus:
        """How the host reaches a storage now."""
        ref = storage.storage_id
        try:
            sizes = self._look(storage, is_new=False)
        except CommandFailed as error:
            return s.StorageStatus(
                storage_id=ref, is_connected=False, code=error.code, reason=error.message
            )
        return s.StorageStatus(
            storage_id=ref,
            is_connected=True,
            total_bytes=sizes.total_bytes,
            available_bytes=sizes.available_bytes,
        )

    # Volumes

    async def create_overlay(self, params: s.CreateOverlayParams, _: CallContext) -> s.VolumeInfo:
        """Make a volume, unless it is there."""
        files = files_on(self._state, params.volume.storage)
        path = file_of(self._state, params.volume)
        if path not in files:
            backing = str(cache_path(params.volume.storage, params.image_id))
            if backing not in files:
                raise CommandFailed("image.not_cached", f"{backing} does not exist", path=backing)
            self._need(path, SMALLEST_FREE_BYTES)
            files[path] = SimFile(OVERLAY_BYTES, params.size_bytes, backing=backing)
            self._state.note("volume.create_overlay", params.volume.volume_id)
        return await self.info(params.volume, _)

    async def copy_image(self, params: s.CopyImageParams, context: CallContext) -> s.VolumeInfo:
        """Make a volume that stands on nothing, unless it is there."""
        files = files_on(self._state, params.volume.storage)
        path = file_of(self._state, params.volume)
        if path not in files:
            source = str(cache_path(params.volume.storage, params.image_id))
            if source not in files:
                raise CommandFailed("image.not_cached", f"{source} does not exist", path=source)
            self._need(path, files[source].size_bytes)
            context.progress(100, 100, "percent")
            files[path] = SimFile(files[source].size_bytes, params.size_bytes)
            self._state.note("volume.copy_image", params.volume.volume_id)
        return await self.info(params.volume, context)

    async def create_empty(self, params: s.CreateEmptyParams, _: CallContext) -> s.VolumeInfo:
        """Make an empty volume, unless it is there."""
        files = files_on(self._state, params.volume.storage)
        path = file_of(self._state, params.volume)
        if path not in files:
            self._need(path, SMALLEST_FREE_BYTES)
            files[path] = SimFile(OVERLAY_BYTES, params.size_bytes)
            self._state.note("volume.create_empty", params.volume.volume_id)
        return await self.info(params.volume, _)

    async def resize(self, params: s.ResizeParams, _: CallContext) -> s.VolumeInfo:
        """Make a volume larger that no machine has open."""
        if others_with(self._state, "", params.volume):
            raise CommandFailed("storage.qemu_img", 'Failed to get "write" lock')
        return await self._grow(params.volume, params.size_bytes)

    async def resize_disk(self, params: ResizeDiskParams, _: CallContext) -> s.VolumeInfo:
        """Make a volume larger, whether its machine runs or not."""
        return await self._grow(params.disk.volume, params.size_bytes)

    async def _grow(self, volume: s.VolumeRef, size_bytes: int) -> s.VolumeInfo:
        files = files_on(self._state, volume.storage)
        path = file_of(self._state, volume)
        found = files.get(path)
        if found is None:
            raise CommandFailed("volume.missing", f"{path} does not exist", path=path)
        if found.virtual_size_bytes > size_bytes:
            self._state.anomalies.append(f"{path} was to shrink")
            raise CommandFailed("volume.would_shrink", f"{path} is larger")
        if found.virtual_size_bytes < size_bytes:
            files[path] = replace(found, virtual_size_bytes=size_bytes)
            self._state.note("volume.grow", volume.volume_id)
        return s.VolumeInfo(path=path, size_bytes=size_bytes, used_bytes=found.size_bytes)

    async def delete_volume(self, volume: s.VolumeRef, _: CallContext) -> Nothing:
        """Delete a volume with its snapshots; does nothing if it is gone."""
        files = files_on(self._state, volume.storage)
        begin = f"{PurePath(file_of(self._state, volume)).parent}/{volume.volume_id}."
        mine = [path for path in files if path.startswith(begin)]
        for path in mine:
            del files[path]
        if mine:
            self._state.note("volume.delete", volume.volume_id)
            if others_with(self._state, "", volume):
                self._state.anomalies.append(f"{mine[0]} was deleted under a running machine")
        return Nothing()

    async def info(self, volume: s.VolumeRef, _: CallContext) -> s.VolumeInfo:
        """How large a volume is."""
        path = file_of(self._state, volume)
        found = files_on(self._state, volume.storage).get(path)
        if found is None:
            raise CommandFailed("volume.missing", f"{path} does not exist", path=path)
        size, used = found.virtual_size_bytes, found.size_bytes
        return s.VolumeInfo(path=path, size_bytes=size, used_bytes=used)

    # Images

    async def receive(self, params: s.ReceiveParams, context: CallContext) -> s.Received:
        """Take the next bytes of an image."""
        path = str(incoming_path(params.place))
        self._need(path, max(params.size_bytes, params.left_bytes))
        part = self._parts.get(path, bytearray())
        if params.offset_bytes not in (0, len(part)):
            raise CommandFailed("image.wrong_offset", "elsewhere", received_bytes=len(part))
        part = self._parts[path] = part if params.offset_bytes else bytearray()
        stream = context.peer.stream(params.stream_id)
        try:
            while data := await stream.read():
                part += data
        except StreamBroken as error:
            raise CommandFailed("image.receive_broken", str(error)) from error
        finally:
            stream.close()
            self._state.files[path] = _file_with(bytes(part))
        came, expected = len(part) - params.offset_bytes, params.size_bytes
        if came != expected:
            raise CommandFailed(
                "image.truncated",
                f"{came} of {expected} bytes",
                received_bytes=came,
                expected_bytes=expected,
            )
        return s.Received(size_bytes=len(part))

    async def received(self, place: s.ImagePlace, _: CallContext) -> s.Received:
        """How much of an image has come so far."""
        return s.Received(size_bytes=len(self._parts.get(str(incoming_path(place)), b"")))

    async def fetch_url(self, params: s.FetchUrlParams, context: CallContext) -> Nothing:
        """Any address answers with the same image."""
        path = str(incoming_path(params.place))
        self._need(path, FETCHED_BYTES)
        context.progress(FETCHED_BYTES, FETCHED_BYTES, "bytes")
        digest = sha256_of_zeros(FETCHED_BYTES)
        self._state.files[path] = SimFile(FETCHED_BYTES, FETCHED_VIRTUAL_BYTES, sha256=digest)
        return Nothing()

    async def check_url(self, _: s.CheckUrlParams, __: CallContext) -> s.CheckUrlResult:
        """Any address answers."""
        return s.CheckUrlResult(size_bytes=FETCHED_BYTES)

    async def adopt_file(self, params: s.AdoptFileParams, _: CallContext) -> Nothing:
        """Take an image that really lies on this machine."""
        source = Path(params.path)
        if not source.is_file():
            raise CommandFailed(
                "image.url_failed", "no such file", url=params.path, reason="no file"
            )
        path = str(incoming_path(params.place))
        content = await asyncio.to_thread(source.read_bytes)
        self._need(path, len(content))
        self._state.files[path] = _file_with(content)
        return Nothing()

    async def finish(self, params: s.FinishParams, _: CallContext) -> s.ImageInfo:
        """Check what arrived, and give it its place in the store."""
        place = msgspec.structs.replace(params.place, is_iso=params.kind == "iso")
        incoming, final = str(incoming_path(place)), str(image_path(place))
        arrived = self._state.files.get(incoming)
        if arrived is None:
            if final not in self._state.stores:
                raise CommandFailed("image.missing", f"{incoming} does not exist")
            return _info(self._state.stores[final], params.kind)
        if params.sha256 and arrived.sha256 != params.sha256:
            raise CommandFailed(
                "image.checksum",
                "checksum differs",
                expected=params.sha256,
                found=arrived.sha256,
            )
        found = _inspected(arrived)
        if place.is_iso:  # whatever came is taken for a disc
            found = replace(found, format="iso")
        self._state.stores[final] = found
        del self._state.files[incoming]
        self._parts.pop(incoming, None)
        self._state.note("image.finish", params.place.image_id)
        return _info(found, params.kind)

    async def export_disk(self, params: s.ExportDiskParams, _: CallContext) -> s.ImageInfo:
        """Make an image of a machine's disk, whether it runs or not."""
        return self._exported(params.volume, params.place)

    async def export_volume(self, params: s.ExportVolumeParams, _: CallContext) -> s.ImageInfo:
        """Make an image of a volume that nobody writes to."""
        for domain in self._state.domains.values():
            if domain.is_active and any(d.volume == params.volume for d in domain.spec.disks):
                self._state.anomalies.append(f"{params.volume} was read under a running machine")
        return self._exported(params.volume, params.place)

    def _exported(self, volume: s.VolumeRef, place: s.ImagePlace) -> s.ImageInfo:
        final, source = str(image_path(place)), file_of(self._state, volume)
        if final not in self._state.stores:
            found = self._state.files.get(source)
            if found is None:
                raise CommandFailed("volume.missing", f"{source} does not exist", path=source)
            self._need(final, found.size_bytes)
            virtual = found.virtual_size_bytes
            head = b"QFI\xfb\x00\x00\x00\x03".ljust(24, b"\0") + virtual.to_bytes(8, "big")
            exported = _file_with(head.ljust(found.size_bytes, b"\0"))
            written = shown(self._state.files, source)
            self._state.stores[final] = replace(
                exported, virtual_size_bytes=virtual, written=written
            )
            self._state.note("image.export", place.image_id)
        return _info(self._state.stores[final])

    async def delete_image(self, place: s.ImagePlace, _: CallContext) -> Nothing:
        """Delete an image and whatever of it is on its way."""
        incoming = str(incoming_path(place))
        self._parts.pop(incoming, None)
        self._state.files.pop(incoming, None)
        for is_iso in (False, True):
            kept = msgspec.structs.replace(place, is_iso=is_iso)
            self._state.stores.pop(str(image_path(kept)), None)
        return Nothing()

    async def ensure_cached(self, params: s.EnsureCachedParams, _: CallContext) -> Nothing:
        """Have an image of a store in the cache."""
        files = files_on(self._state, params.storage)
        target = str(cache_path(params.storage, params.image_id, is_iso=params.is_iso))
        if target not in files:
            place = s.ImagePlace(
                image_id=params.image_id, store_path=params.store_path, is_iso=params.is_iso
            )
            source = str(image_path(place))
            image = self._state.stores.get(source)
            if image is None:
                raise CommandFailed("image.missing", f"{source} does not exist")
            self._need(target, image.size_bytes)
            files[target] = image
            self._state.note("image.ensure_cached", params.image_id)
        return Nothing()

    async def describe(self, place: s.ImagePlace, _: CallContext) -> s.StoredImage:
        """Size and checksum of an image."""
        image = self._state.stores.get(str(image_path(place)))
        if image is None:
            raise CommandFailed("image.missing", "it does not exist")
        return s.StoredImage(size_bytes=image.size_bytes, sha256=image.sha256)

    async def send(self, params: s.SendParams, context: CallContext) -> Nothing:
        """Write what the image has, from an offset on."""
        stream = context.peer.stream(params.stream_id)
        try:
            image = self._state.stores.get(str(image_path(params.place)))
            if image is None:
                raise CommandFailed("image.missing", "it does not exist")
            content = image.content or bytes(image.size_bytes)
            for place in range(params.offset_bytes, len(content), CHUNK_BYTES):
                await stream.write(content[place : place + CHUNK_BYTES])
        except StreamBroken as error:
            raise CommandFailed("image.send_broken", str(error)) from error
        finally:
            stream.close()
        return Nothing()

    async def cache_from(self, params: s.CacheFromParams, context: CallContext) -> Nothing:
        """Take an image; only its size is looked at."""
        stream = context.peer.stream(params.stream_id)
        files, received = files_on(self._state, params.storage), 0
        target = str(cache_path(params.storage, params.image_id, is_iso=params.is_iso))
        try:
            self._need(target, params.size_bytes)
            while data := await stream.read():
                received += len(data)
        except StreamBroken as error:
            raise CommandFailed("image.receive_broken", str(error)) from error
        finally:
            stream.close("no more is taken")
        if received != params.size_bytes:
            raise CommandFailed(
                "image.truncated",
                f"{received} of {params.size_bytes} bytes",
                received_bytes=received,
                expected_bytes=params.size_bytes,
            )
        files[target] = SimFile(received, FETCHED_VIRTUAL_BYTES)
        self._state.note("image.cache_from", params.image_id)
        return Nothing()

    async def drop_cached(self, params: s.CachedImage, _: CallContext) -> Nothing:
        """Delete an image from the cache."""
        for is_iso in (False, True):
            self._drop(str(cache_path(params.storage, params.image_id, is_iso=is_iso)), params)
        return Nothing()

    def _drop(self, path: str, params: s.CachedImage) -> None:
        files = files_on(self._state, params.storage)
        if files.pop(path, None) is not None:
            if any(file.backing == path for file in files.values()):
                self._state.anomalies.append(f"{path} was dropped under a volume")
            self._state.note("image.drop_cached", params.image_id)

    def _need(self, path: str, needed_bytes: int) -> None:
        available_bytes = self._state.traits.disk_available_bytes
        if available_bytes < needed_bytes:
            folder = str(PurePath(path).parent)
            raise CommandFailed(
                "storage.no_space",
                f"{folder}: {needed_bytes} bytes needed, {available_bytes} available",
                path=folder,
                needed_bytes=needed_bytes,
                available_bytes=available_bytes,
            )


def _info(image: SimFile, asked: str = "auto") -> s.ImageInfo:
    return s.ImageInfo(
        format=image.format,
        size_bytes=image.size_bytes,
        virtual_size_bytes=image.virtual_size_bytes,
        sha256=image.sha256,
        stored_sha256=image.sha256,
        kind="iso" if image.format == "iso" else "data" if asked == "data" else "root",
    )


def _file_with(content: bytes) -> SimFile:
    return SimFile(len(content), sha256=hashlib.sha256(content).hexdigest(), content=content)


def _inspected(arrived: SimFile) -> SimFile:
    """What the image is, by the same first bytes as on a real host."""
    head = arrived.content[:HEAD_BYTES]
    if not head or arrived.virtual_size_bytes:
        return arrived  # fetched, or made here: known already
    kind = _format_of(head)
    virtual = int.from_bytes(head[24:32], "big") if kind == "qcow2" else arrived.size_bytes
    return replace(arrived, virtual_size_bytes=virtual, format=kind)


def _format_of(head: bytes) -> str:
    for magic, kind in real.MAGIC.items():
        if head.startswith(magic):
            return kind
    if head[real.VDI_MAGIC_OFFSET :][: len(real.VDI_MAGIC)] == real.VDI_MAGIC:
        return "vdi"
    if head[real.BOOT_SIGNATURE_OFFSET :][:2] == real.BOOT_SIGNATURE:
        return "raw"
    reason = "neither a known format nor a disk with a boot sector"
    raise CommandFailed("image.not_an_image", reason, reason=reason)
