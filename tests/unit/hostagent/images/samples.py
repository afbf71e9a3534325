"""Images of all kinds, made by the tools that people use, and the commands that take them."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

from hostagent.images.finish import finish
from hostagent.protocol.link import CallContext, CommandFailed
from hostagent.protocol.storage import FinishParams, ImageInfo, ImagePlace
from hostagent.storage.paths import incoming_path

MiB = 1024**2
IMAGE = "01a206dc-e382-7311-a163-2d756d9b5f5d"
DISK_BYTES = 8 * MiB
OVF = """<?xml version="1.0"?>{extra}
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:vmw="http://www.vmware.com/schema/ovf">
  <References><File ovf:id="f1" ovf:href="{href}" {file}/></References>
  <DiskSection><Disk ovf:diskId="d1" ovf:fileRef="f1" ovf:capacity="8388608"/></DiskSection>
  <VirtualSystem ovf:id="x">
    <OperatingSystemSection ovf:id="{os}"><Description>{system}</Description>
    </OperatingSystemSection>
    <VirtualHardwareSection>
      <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="{firmware}"/>
      <vmw:Config vmw:key="bootOptions.efiSecureBootEnabled" vmw:value="{secure}"/>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>"""


def run(*words: str | Path) -> None:
    """Run a tool."""
    subprocess.run([str(word) for word in words], check=True, capture_output=True)


def raw_disk(path: Path, size_bytes: int = DISK_BYTES) -> Path:
    """A disk with a boot sector of Linux and some content."""
    boot = bytearray(512)
    boot[:8], boot[510:] = b"bootcode", b"\x55\xaa"
    boot[446 + 4] = 0x83
    with path.open("wb") as file:
        file.write(boot)
        file.seek(MiB)
        file.write(os.urandom(MiB))
        file.truncate(size_bytes)
    return path


def converted(raw: Path, kind: str, *options: str) -> Path:
    """The same disk in another format."""
    path = raw.with_suffix(f".{kind}{len(options)}")
    run("qemu-img", "convert", "-f", "raw", "-O", kind, *options, raw, path)
    return path


def iso(path: Path, volume: bytes, boot_sector: bytes = b"") -> Path:
    """The beginning of a CD: the first volume descriptor of ECMA-119 is in sector 16."""
    content = bytearray(2 * MiB)
    content[: len(boot_sector)] = boot_sector
    content[32768:32775] = b"\x01CD001\x01"
    content[32768 + 40 : 32768 + 72] = volume.ljust(32)
    path.write_bytes(content)
    return path


def description(**words: str) -> bytes:
    """What an OVF says."""
    told = {"extra": "", "href": "disk.vmdk", "file": "", "os": "96", "system": "Debian"}
    told |= {"firmware": "bios", "secure": "false"}
    return OVF.format(**(told | words)).encode()


def archive(path: Path, *members: tuple[tarfile.TarInfo | str, bytes]) -> Path:
    """A tar of these members."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in members:
            member = tarfile.TarInfo(name) if isinstance(name, str) else name
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


async def take(path: Path, store: Path, kind: str = "auto", sha256: str = "") -> ImageInfo:
    """Have the agent take a file as an image."""
    place = ImagePlace(image_id=IMAGE, store_path=str(store))
    incoming = incoming_path(place)
    incoming.parent.mkdir(parents=True, exist_ok=True)
    os.link(path, incoming)
    try:
        return await finish(
            FinishParams(place=place, kind=kind, sha256=sha256),
            CallContext(None, lambda *_: None),  # pyright: ignore[reportArgumentType] not used
        )
    finally:
        incoming.unlink(missing_ok=True)


async def refused(path: Path, store: Path, kind: str = "auto") -> tuple[str, str]:
    """Code and reason with which the agent refuses a file; nothing of it may be left."""
    try:
        info = await take(path, store, kind)
    except CommandFailed as error:
        left = [item for item in store.rglob("*") if item.is_file()]
        assert not left, left
        return error.code, str(error.params.get("reason", ""))
    raise AssertionError(f"taken: {info}")
