"""Pools of Ceph clusters: volumes are RBD images, made by clones from snapshots of cached images.

Ceph's own programs are used (see rbd(8), rados(8)), with a configuration and a keyring in a folder
that only root reads: the key is on no command line. QEMU gets it from libvirt's secret.
"""

from __future__ import annotations

import asyncio
import base64
import socket
import time
from pathlib import Path
from typing import Any

import msgspec

from hostagent.protocol.link import CommandFailed
from hostagent.protocol.storage import (
    CheckPathResult,
    StorageRef,
    StorageSpec,
    VolumeInfo,
    VolumeRef,
)
from hostagent.storage import qemu_img
from hostagent.storage.driver import (
    Capabilities,
    DiskSource,
    Driver,
    NetworkSource,
    Progress,
    refuse_shrinking,
)
from hostagent.storage.paths import checked_id
from hostagent.storage.specs import folder_of, forget_spec, keep_spec, spec_of, write_private
from hostagent.storage.tools import DidNotAnswer, Outcome, run

WITHIN_S = 30.0
OPERATION_TIMEOUT_S = 10
DELETE_WITHIN_S = 1800.0
GIVEN_UP_WITHIN_S = 40.0  # rados_watch_timeout is 30 s
LOOK_EVERY_S = 1.0
MARK = "anyun-storage"
BASE = "base"  # the snapshot of a cached image that disks are cloned from
FEATURES = "layering,exclusive-lock,object-map,fast-diff,deep-flatten"
PORT = 6789
NOT_FOUND, BUSY, EXISTS = 2, 16, 17  # exit statuses are errno
KiB = 1024


class CephDriver(Driver):
    """`source` is the pool."""

    capabilities = Capabilities(is_shared=True, has_files=False)

    async def check(self, *, is_new: bool = False) -> CheckPathResult:
        """Find the mark in the pool, or set it, and really write beside it."""
        await self._check_mark(is_new=is_new)
        probe = f"anyun-probe-{socket.gethostname()}"
        await self._rados("put", probe, "-", given=b"\0" * 4096)
        return await self._sizes()

    async def release(self, *, is_gone: bool = False) -> None:
        """The mark goes with the storage; what the host was told is forgotten."""
        if is_gone and await self._mark() == self.storage.storage_id:
            await self._rados("rm", f"anyun-probe-{socket.gethostname()}", bears=(NOT_FOUND,))
            await self._rados("rm", MARK, bears=(NOT_FOUND,))
        forget_spec(self.storage)

    async def see_anew(self) -> None:
        """All clients of a cluster see the same."""

    async def create_empty(self, volume: VolumeRef, size_bytes: int) -> VolumeInfo:
        """Make an image; it takes space only as it is written to."""
        size = ("--size", f"{size_bytes}B", "--image-feature", FEATURES)
        await self._rbd("create", *size, self._spec_of(volume), bears=(EXISTS,))
        return await self.info(volume)

    async def create_overlay(self, volume: VolumeRef, image_id: str, size_bytes: int) -> VolumeInfo:
        """Clone the cached image, and grow the clone."""
        await self._refuse_not_cached(image_id)
        base = f"{self._image(image_id)}@{BASE}"
        await self._rbd("clone", base, self._spec_of(volume), bears=(EXISTS,))
        found = await self.info(volume)
        return found if found.size_bytes >= size_bytes else await self._grow(volume, size_bytes)

    async def copy_image(
        self, volume: VolumeRef, image_id: str, size_bytes: int, report: Progress
    ) -> VolumeInfo:
        """A clone that is given all that it shares with the image."""
        await self.create_overlay(volume, image_id, size_bytes)
        spec = self._spec_of(volume)
        if "parent" in await self._json("info", spec):
            await self._rbd("flatten", "--no-progress", spec, within_s=DELETE_WITHIN_S)
        return await self.info(volume)

    async def resize(self, volume: VolumeRef, size_bytes: int) -> VolumeInfo:
        """Grow it, unless somebody has it open."""
        found = await self.info(volume)
        refuse_shrinking(found, size_bytes)
        if found.size_bytes == size_bytes:
            return found
        status = await self._json("status", self._spec_of(volume))
        if status["watchers"]:
            raise CommandFailed("volume.in_use", f"{found.path} is open", path=found.path, vm="")
        return await self._grow(volume, size_bytes)

    async def delete(self, volume: VolumeRef) -> None:
        """Delete it with its snapshots; Ceph refuses what somebody has open."""
        for spec in (self._spec_of(volume), self._retired(volume)):
            await self._delete(spec)

    async def _delete(self, spec: str) -> None:
        await self._rbd("snap", "purge", "--no-progress", spec, bears=(NOT_FOUND,))
        outcome = await self._rbd(
            "rm", "--no-progress", spec, bears=(NOT_FOUND, BUSY), within_s=DELETE_WITHIN_S
        )
        if outcome.status == BUSY:
            raise CommandFailed("volume.in_use", f"{spec} is open", path=spec, vm="")

    async def is_retired(self, volume: VolumeRef) -> bool:
        """By which name its image is there."""
        if (await self._rbd("info", self._spec_of(volume), bears=(NOT_FOUND,))).status == 0:
            return False
        retired = self._retired(volume)
        if (await self._rbd("info", retired, bears=(NOT_FOUND,))).status == NOT_FOUND:
            await self.info(volume)
        return True

    async def retire(self, volume: VolumeRef) -> None:
        """Rename its image."""
        if not await self.is_retired(volume):
            await self._rbd("rename", self._spec_of(volume), self._retired(volume))

    async def info(self, volume: VolumeRef) -> VolumeInfo:
        """What Ceph says of it."""
        spec = self._spec_of(volume)
        outcome = await self._rbd("info", "--format", "json", spec, bears=(NOT_FOUND,))
        if outcome.status == NOT_FOUND:
            raise CommandFailed("volume.missing", f"{spec} does not exist", path=spec)
        size_bytes = msgspec.json.decode(outcome.output)["size"]
        usage = await self._json("du", spec)
        used = next((one for one in usage["images"] if "snapshot" not in one), {"used_size": 0})
        return VolumeInfo(path=spec, size_bytes=size_bytes, used_bytes=used["used_size"])

    async def has_image(self, image_id: str, *, is_iso: bool = False) -> bool:
        """Whether it is there with its snapshot: without it, it is not whole."""
        outcome = await self._rbd(
            "snap", "ls", "--format", "json", self._image(image_id), bears=(NOT_FOUND,)
        )
        if outcome.status == NOT_FOUND:
            return False
        return any(snap["name"] == BASE for snap in msgspec.json.decode(outcome.output))

    async def cache_image(self, image_id: str, source: Path, report: Progress) -> None:
        """Copy its content; the snapshot at the end says that it is whole."""
        image = self._image(image_id)
        await self._rbd("rm", "--no-progress", image, bears=(NOT_FOUND,), within_s=DELETE_WITHIN_S)
        kind = "raw" if source.suffix == ".iso" else "qcow2"
        try:
            await qemu_img.run(
                ["convert", "-p", "-f", kind, "-O", "raw", str(source), self._for_qemu(image)],
                timeout_s=qemu_img.CONVERT_TIMEOUT_S,
                on_percent=lambda percent: report(int(percent), 100, "percent"),
            )
        except qemu_img.QemuImgFailed as error:
            raise qemu_img.failed(error) from error
        await self._rbd("snap", "create", "--no-progress", f"{image}@{BASE}", bears=(EXISTS,))
        await self._rbd("snap", "protect", f"{image}@{BASE}", bears=(BUSY,))

    async def drop_image(self, image_id: str) -> None:
        """Delete it; Ceph refuses while disks stand on it."""
        image = self._image(image_id)
        gone = (NOT_FOUND,)
        if await self.has_image(image_id):
            await self._rbd("snap", "unprotect", f"{image}@{BASE}", bears=(NOT_FOUND, 22))
            await self._rbd("snap", "rm", "--no-progress", f"{image}@{BASE}", bears=gone)
        await self._rbd("rm", "--no-progress", image, bears=gone, within_s=DELETE_WITHIN_S)

    async def source_of(self, volume: VolumeRef) -> DiskSource:
        """Where QEMU reaches it by itself."""
        await self.info(volume)
        return self._source(self._spec_of(volume))

    async def disc_of(self, image_id: str) -> DiskSource:
        """An image of the pool, as the cache keeps discs raw: all hosts read the same one."""
        await self._refuse_not_cached(image_id)
        return self._source(self._image(image_id))

    def _source(self, name: str) -> DiskSource:
        spec = spec_of(self.storage)
        network = NetworkSource(
            protocol="rbd",
            hosts=tuple(_address(text) for text in spec.monitors),
            user=spec.user,
            secret_id=self.storage.storage_id,
        )
        return DiskSource(name, "writeback", format="raw", network=network)

    async def await_closed(self, volume: VolumeRef) -> None:
        """QEMU opens what others have open, so whoever watches an image is asked for. A client
        that was killed is given up by Ceph after half a minute.
        """
        spec = self._spec_of(volume)
        deadline = time.monotonic() + GIVEN_UP_WITHIN_S
        while (await self._json("status", spec))["watchers"]:
            if time.monotonic() > deadline:
                raise CommandFailed("volume.in_use", f"{spec} is open", path=spec, vm="")
            await asyncio.sleep(LOOK_EVERY_S)

    def path_of(self, volume: VolumeRef) -> str:
        """Pool and name."""
        return self._spec_of(volume)

    def qemu_words(self, volume: VolumeRef) -> list[str]:
        """How qemu-img is told to read the volume."""
        return ["-f", "raw", self._for_qemu(self._spec_of(volume))]

    # Ceph's programs

    async def _refuse_not_cached(self, image_id: str) -> None:
        if not await self.has_image(image_id):
            name = _image_name(image_id)
            raise CommandFailed("image.not_cached", f"{name} does not exist", path=name)

    def _for_qemu(self, name: str) -> str:
        user = spec_of(self.storage).user
        login = f":id={user}" if user else ""
        return f"rbd:{name}:conf={folder_of(self.storage)}/ceph.conf{login}"

    def _spec_of(self, volume: VolumeRef) -> str:
        return f"{self.storage.source}/volume-{checked_id(volume.volume_id)}"

    def _retired(self, volume: VolumeRef) -> str:
        return f"{self._spec_of(volume)}.retired"

    def _image(self, image_id: str) -> str:
        return f"{self.storage.source}/{_image_name(image_id)}"

    async def _grow(self, volume: VolumeRef, size_bytes: int) -> VolumeInfo:
        size = ("--size", f"{size_bytes}B")
        await self._rbd("resize", "--no-progress", *size, self._spec_of(volume))
        return await self.info(volume)

    async def _sizes(self) -> CheckPathResult:
        outcome = await self._rados("df", "--format", "json")
        found = msgspec.json.decode(outcome.output)
        total, available = int(found["total_space"]) * KiB, int(found["total_avail"]) * KiB
        return CheckPathResult(total_bytes=total, available_bytes=available, file_system="ceph")

    async def _check_mark(self, *, is_new: bool) -> None:
        found = await self._mark()
        if found is None and is_new:
            await self._rados("put", MARK, "-", given=self.storage.storage_id.encode())
            return
        if found is None:
            raise CommandFailed(
                "storage.not_shared", f"{self.storage.source} has no mark", path=self.storage.source
            )
        if found != self.storage.storage_id:
            raise CommandFailed(
                "storage.other",
                f"{self.storage.source} is {found}",
                path=self.storage.source,
                id=found,
            )

    async def _mark(self) -> str | None:
        outcome = await self._rados("get", MARK, "-", bears=(1, NOT_FOUND))
        if outcome.status == 0:
            return outcome.output.decode("ascii", errors="replace").strip()
        if "No such file" in outcome.complaint:
            return None
        raise self._failed(outcome)

    async def _json(self, verb: str, spec: str) -> Any:
        return msgspec.json.decode((await self._rbd(verb, "--format", "json", spec)).output)

    async def _rbd(
        self, *arguments: str, bears: tuple[int, ...] = (), within_s: float = WITHIN_S
    ) -> Outcome:
        return await self._run("rbd", [*self._login(), *arguments], bears, within_s, b"")

    async def _rados(
        self, *arguments: str, bears: tuple[int, ...] = (), given: bytes = b""
    ) -> Outcome:
        login = [*self._login(), "--pool", self.storage.source]
        return await self._run("rados", [*login, *arguments], bears, WITHIN_S, given)

    def _login(self) -> list[str]:
        user = spec_of(self.storage).user
        conf = ["--conf", str(folder_of(self.storage) / "ceph.conf")]
        return [*conf, "--id", user] if user else conf

    async def _run(
        self,
        program: str,
        arguments: list[str],
        bears: tuple[int, ...],
        within_s: float,
        given: bytes,
    ) -> Outcome:
        try:
            outcome = await run(program, arguments, within_s=within_s, given=given)
        except DidNotAnswer as error:
            raise CommandFailed("storage.hangs", str(error), path=self.storage.source) from error
        except FileNotFoundError as error:
            raise CommandFailed(
                "storage.no_client", f"{program} is not installed", program=program
            ) from error
        if outcome.status not in (0, *bears):
            raise self._failed(outcome)
        return outcome

    def _failed(self, outcome: Outcome) -> CommandFailed:
        if "timed out" in outcome.complaint:
            place = self.storage.source
            return CommandFailed("storage.hangs", f"{place} does not answer", path=place)
        reason = (outcome.complaint.splitlines() or [f"exit status {outcome.status}"])[-1]
        return CommandFailed("storage.ceph", reason, path=self.storage.source, reason=reason)


def learn(spec: StorageSpec) -> None:
    """Keep how to reach a cluster, for Ceph's programs and for qemu-img."""
    folder = keep_spec(spec)
    keyring = folder / "keyring"
    method = "cephx" if spec.user else "none"
    timeouts = [
        f"{name} = {OPERATION_TIMEOUT_S}"
        for name in ("rados_osd_op_timeout", "rados_mon_op_timeout", "client_mount_timeout")
    ]
    lines = [
        "[global]",
        f"mon_host = {','.join(spec.monitors)}",
        f"keyring = {keyring}",
        *(f"auth_{of}_required = {method}" for of in ("cluster", "service", "client")),
        "log_file =",
        "admin_socket =",
        *timeouts,
    ]
    write_private(folder / "ceph.conf", "\n".join([*lines, ""]).encode())
    if spec.user:
        write_private(keyring, f"[client.{spec.user}]\n\tkey = {spec.key}\n".encode())


def secret_xml(storage: StorageRef) -> str:
    """libvirt's secret for a storage, without its value; kept in libvirt's memory alone."""
    ref = checked_id(storage.storage_id)
    return (
        "<secret ephemeral='yes' private='yes'>"
        f"<uuid>{ref}</uuid><usage type='ceph'><name>anyun {ref}</name></usage></secret>"
    )


def secret_value(spec: StorageSpec) -> bytes:
    """Its value: libvirt wants the key's bytes."""
    return base64.b64decode(spec.key)


def _image_name(image_id: str) -> str:
    return f"image-{checked_id(image_id)}"


def _address(text: str) -> tuple[str, int]:
    """Host and port of a monitor."""
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        return host, int(port.lstrip(":") or PORT)
    host, _, port = text.partition(":")
    return host, int(port or PORT)
