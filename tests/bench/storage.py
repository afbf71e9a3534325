"""bench storage: what storage costs beside the plainest way to do the same.

upload_ratio: the throughput of an upload from the client to the image store's disk, beside a plain
copy of the same bytes over TLS to a trivial server. create_ratio: machines of one image from create
to running, beside qemu-img and libvirt alone. snapshot_s: a live snapshot of a disk that stands on
one then, and on ten, beside libvirt's own. All in turns in the same run. The last line is one JSON
object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import trustme

from appliance.client.uploads import ImageUploader
from tests.bench import libvirt, plain_copy, snapshots
from tests.lab.cloud import LabCloud
from tests.system.conftest import Cloud, set_up

MiB = 1024**2
ROUNDS = 3

Part = Callable[[Cloud, argparse.Namespace], Awaitable[dict[str, Any]]]


async def upload_ratio(cloud: Cloud, options: argparse.Namespace) -> dict[str, Any]:
    """Uploads and plain copies of the same file in turns."""
    size_bytes = options.upload_mib * MiB
    with tempfile.TemporaryDirectory(dir=cloud.lab.folder) as folder:
        source = Path(folder) / "disk.raw"
        _fill(source, size_bytes)
        server, port = _plain_server(Path(folder))
        uploads, copies = [], []
        try:
            for number in range(options.rounds):
                copies.append(await _timed(plain_copy.send(port, source)))
                uploads.append(await _one_upload(cloud, source, number))
                print(
                    f"upload {size_bytes / MiB / uploads[-1]:.0f} MiB/s, "
                    f"plain copy {size_bytes / MiB / copies[-1]:.0f} MiB/s",
                    flush=True,
                )
        finally:
            server.kill()
            server.wait()
    upload_s, copy_s = statistics.median(uploads), statistics.median(copies)
    return {
        "upload_ratio": round(copy_s / upload_s, 3),
        "upload_mib_s": round(size_bytes / MiB / upload_s, 1),
        "plain_copy_mib_s": round(size_bytes / MiB / copy_s, 1),
    }


async def create_ratio(cloud: Cloud, options: argparse.Namespace) -> dict[str, Any]:
    """Machines at once, through the API and by libvirt alone, as `bench libvirt` does it."""
    found = await libvirt.compare(cloud, options.count, options.rounds)
    return {f"create_{name}": value for name, value in found.items()}


async def snapshot_s(cloud: Cloud, options: argparse.Namespace) -> dict[str, Any]:
    """Live snapshots at growing depth."""
    return await snapshots.measure(cloud, options.rounds)


PARTS: dict[str, Part] = {
    "upload": upload_ratio,
    "create": create_ratio,
    "snapshot": snapshot_s,
}


async def _one_upload(cloud: Cloud, source: Path, number: int) -> float:
    """Seconds until all bytes are on the disk of the image store; what follows is not counted."""
    call = cloud.client.call
    (store,) = (await call("image_store.list")).items
    accepted = await call(
        "image.create",
        name=f"upload-{number}",
        image_store_id=store.id,
        source="upload",
        size_bytes=source.stat().st_size,
    )
    uploader = ImageUploader(cloud.client, accepted.resource_ids[0], source)
    seconds = await _timed(uploader.run())
    await call("job.cancel", id=accepted.jobs[0].id)
    return seconds


async def _timed(work: Awaitable[Any]) -> float:
    begun = time.monotonic()
    await work
    return time.monotonic() - begun


def _fill(path: Path, size_bytes: int) -> None:
    """A disk with a boot sector that nobody can make smaller."""
    with path.open("wb") as file:
        file.write(bytes(510) + b"\x55\xaa" + os.urandom(MiB - 512))
        for _ in range(size_bytes // MiB - 1):
            file.write(os.urandom(MiB))


def _plain_server(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    certificate = folder / "server.pem"
    trustme.CA().issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
        str(certificate)
    )
    words = ["-m", "tests.bench.plain_copy", "serve", str(certificate), str(folder / "copy")]
    server = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE)
    assert server.stdout is not None
    return server, int(server.stdout.readline())


async def _measure(options: argparse.Namespace) -> dict[str, Any]:
    machine = f"{platform.machine()} {os.cpu_count()} cpus"
    found: dict[str, Any] = {"name": "storage", "machine": machine}
    async with LabCloud(5) as lab:
        cloud = await set_up(lab)
        try:
            for name in options.part or PARTS:
                print(f"part {name} …", flush=True)
                found |= await PARTS[name](cloud, options)
        finally:
            await cloud.client.close()
    return found


def main() -> None:
    """Measure, and print the figures as JSON in the last line."""
    parser = argparse.ArgumentParser(prog="build.py bench storage", description=__doc__)
    parser.add_argument("--part", action="append", choices=PARTS, help="only this part")
    parser.add_argument("--count", type=int, default=20, help="machines at once")
    parser.add_argument("--upload-mib", type=int, default=512, help="size of the file")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    print(json.dumps(asyncio.run(_measure(parser.parse_args()))))


if __name__ == "__main__":
    main()
