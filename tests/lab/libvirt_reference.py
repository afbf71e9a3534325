"""The bare reference of `bench libvirt`: overlays and domains by libvirt alone, in threads.

Run inside the test host: libvirt_reference.py BASE FOLDER BRIDGE COUNT MEMORY_BYTES. Prints the
seconds from the first disk to the last running domain, then removes everything again.
"""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import libvirt

from hostagent.libvirt.xml import build
from hostagent.protocol.domain import DiskSpec, DomainSpec, NicSpec
from hostagent.protocol.storage import StorageRef, VolumeRef
from hostagent.storage.driver import DiskSource


def create(
    connection: Any, base: Path, folder: Path, bridge: str, memory_bytes: int, n: int
) -> Any:
    """One disk and one running domain."""
    ref = str(uuid.uuid4())
    disk = folder / f"{ref}.qcow2"
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", str(base), str(disk)],
        check=True,
    )
    spec = DomainSpec(
        vm_id=ref,
        name=f"reference-{n}",
        cpu_count=1,
        memory_bytes=memory_bytes,
        accelerator="tcg",
        disks=[
            DiskSpec(
                volume=VolumeRef(volume_id=ref, storage=StorageRef(storage_id="", path=str(folder)))
            )
        ],
        nics=[NicSpec(nic_id=ref, mac=f"0a:ff:00:00:00:{n:02x}", bridge=bridge, tap=f"ref{n}")],
    )
    domain = connection.defineXML(build(spec, [DiskSource(str(disk), "none")]))
    domain.create()
    return domain


def main() -> None:
    """Measure, print the seconds, clean up."""
    base, folder, bridge = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    count, memory_bytes = int(sys.argv[4]), int(sys.argv[5])
    connection = libvirt.open("qemu:///system")
    with ThreadPoolExecutor(count) as pool:
        began = time.monotonic()
        work = [
            pool.submit(create, connection, base, folder, bridge, memory_bytes, n)
            for n in range(count)
        ]
        domains = [item.result() for item in work]
        seconds = time.monotonic() - began
    for domain in domains:
        domain.destroy()
        domain.undefine()
    print(seconds)


if __name__ == "__main__":
    main()
