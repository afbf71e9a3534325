"""Does KVM really work? A guest kernel must boot under it: the device's presence says little.

On some machines /dev/kvm opens and a 64-bit guest still hangs early in its boot. The verdict
is kept and asked for again only when kernel, QEMU, CPU or the probe's own kernel have changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import platform
import time
from pathlib import Path

import msgspec
import structlog

MARKER = b"ANYUN-PROBE-OK"
BOOT_WITHIN_S = 25.0
DEVICE = Path("/dev/kvm")

log = structlog.get_logger()


class Verdict(msgspec.Struct, kw_only=True, frozen=True):
    """`accelerator` is "kvm" or "tcg"; `reason` a code: booted, no_device, no_access,
    no_probe_kernel, hangs, refused.
    """

    accelerator: str
    reason: str
    probed_at: float = 0.0
    key: str = ""


async def verdict(
    kernel: Path | None, initrd: Path | None, keep: Path, qemu_version: str, *, again: bool = False
) -> Verdict:
    """The kept verdict if it still holds, else a new one, which is kept in file `keep`."""
    if not DEVICE.exists():
        return Verdict(accelerator="tcg", reason="no_device")
    if not os.access(DEVICE, os.R_OK | os.W_OK):
        return Verdict(accelerator="tcg", reason="no_access")
    if kernel is None or initrd is None or not kernel.exists() or not initrd.exists():
        return Verdict(accelerator="tcg", reason="no_probe_kernel")
    key = await asyncio.to_thread(_key, kernel, initrd, qemu_version)
    if not again and keep.exists():
        with contextlib.suppress(msgspec.MsgspecError):
            kept = msgspec.json.decode(keep.read_bytes(), type=Verdict)
            if kept.key == key:
                return kept
    reason = await _boot(kernel, initrd)
    found = Verdict(
        accelerator="kvm" if reason == "booted" else "tcg",
        reason=reason,
        probed_at=time.time(),
        key=key,
    )
    keep.write_bytes(msgspec.json.encode(found))
    log.info("kvm_probed", accelerator=found.accelerator, reason=reason)
    return found


async def _boot(kernel: Path, initrd: Path) -> str:
    """Boot the probe kernel under KVM; returns the reason code."""
    process = await asyncio.create_subprocess_exec(
        *("qemu-system-x86_64", "-accel", "kvm", "-machine", "q35", "-cpu", "host"),
        *("-m", "256", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
        *("-serial", "stdio", "-kernel", str(kernel), "-initrd", str(initrd)),
        *("-append", "console=ttyS0 quiet anyun.probe panic=-1"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(BOOT_WITHIN_S):
            reason = "booted" if await _sees_marker(process.stdout) else "refused"
            await process.wait()
            return reason
    except TimeoutError:
        return "hangs"
    finally:
        # Not killed if it has ended: the signal would race with asyncio's own wait for it.
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _sees_marker(output: asyncio.StreamReader) -> bool:
    seen = b""
    while chunk := await output.read(4096):
        seen = seen[-len(MARKER) :] + chunk
        if MARKER in seen:
            return True
    return False


def _key(kernel: Path, initrd: Path, qemu_version: str) -> str:
    digest = hashlib.sha256()
    for path in (kernel, initrd):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    cpu = Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("\n\n")[0]
    model = [line for line in cpu.splitlines() if line.startswith(("model name", "stepping"))]
    digest.update(f"{platform.release()} {qemu_version} {model}".encode())
    return digest.hexdigest()
