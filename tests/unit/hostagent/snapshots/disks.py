"""What tests write to files of volumes, and read back."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from typing import cast

from msgspec.structs import replace

from hostagent.protocol import snapshots as s
from hostagent.protocol.link import CallContext, Peer
from hostagent.protocol.storage import VolumeRef
from hostagent.storage.paths import node_path

BLOCK_BYTES = 64 * 1024
BLOCKS = 32
SIZE_BYTES = BLOCKS * BLOCK_BYTES
Content = dict[int, int]  # a byte by block; what is not there was never written


async def run(*arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


async def write(volume: VolumeRef, content: Content, node: str | None = None) -> None:
    """Write blocks as a guest would: to the head."""
    path = node_path(volume, volume.head if node is None else node)
    words = [
        word
        for block, byte in content.items()
        for word in ("-c", f"write -P {byte} {block * BLOCK_BYTES} {BLOCK_BYTES}")
    ]
    await run("qemu-io", "-f", "qcow2", *words, str(path))


async def read(volume: VolumeRef, node: str, folder: Path) -> Content:
    """All blocks that are not zero."""
    raw = folder / "content.raw"
    path = str(node_path(volume, node))
    await run("qemu-img", "convert", "-f", "qcow2", "-O", "raw", path, str(raw))
    data = raw.read_bytes()
    found = {}
    for block in range(len(data) // BLOCK_BYTES):
        part = data[block * BLOCK_BYTES : (block + 1) * BLOCK_BYTES]
        assert part == part[:1] * BLOCK_BYTES, f"block {block} of {node!r} is mixed"
        if part[0]:
            found[block] = part[0]
    return found


def context(told: list[tuple[int, int, str]] | None = None) -> CallContext:
    """The context of a command of which nothing but the progress matters."""
    known = [] if told is None else told
    return CallContext(cast("Peer", None), lambda *progress: known.append(progress))


def taken(volume: VolumeRef, head: str) -> s.TakeParams:
    """Freeze the volume's head and go on with another."""
    return s.TakeParams(volumes=[replace(volume, head=head, fallback=volume.head)])
