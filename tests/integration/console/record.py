"""Records what a real QEMU says in each encoding, for the replay test."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import numpy as np

from desktop.console.rfb.constants import Encoding
from tests.integration.console.guest import KEY_ECHO, running
from tests.integration.console.test_real_qemu import Viewer, until_same


async def record(target: Path) -> None:
    """Write the records into `target`."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), KEY_ECHO) as guest,
    ):
        warm = await Viewer.open(guest.vnc)
        picture = await until_same(warm, guest)  # the guest has done its painting
        await warm.stream.close()
        for encoding in (Encoding.TIGHT, Encoding.ZLIB, Encoding.HEXTILE):
            viewer = await Viewer.open(guest.vnc, encoding)
            await until_same(viewer, guest)
            await viewer.stream.close()
            (target / f"{encoding.name.lower()}.rfb").write_bytes(viewer.said)
        np.savez_compressed(target / "screen.npz", pixels=picture)


if __name__ == "__main__":
    asyncio.run(record(Path(sys.argv[1])))
