"""KVM is trusted only after a guest has booted; the verdict is kept until something changes.

A program in QEMU's place does what QEMU does on machines that are not at hand.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hostagent import probe
from hostagent.probe import Verdict, verdict

BOOTS = f"echo early; echo {probe.MARKER.decode()}"
HANGS = "echo early; exec sleep 600"
REFUSES = "echo 'failed to initialize kvm' >&2; exit 1"

Stand = Callable[[str], Path]


@pytest.fixture
def guest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Kernel and initrd on a machine that has the device."""
    device = tmp_path / "kvm"
    device.touch()
    monkeypatch.setattr(probe, "DEVICE", device)
    for name in ("kernel", "initrd"):
        (tmp_path / name).write_text(name)
    return tmp_path / "kernel", tmp_path / "initrd"


@pytest.fixture
def qemu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stand:
    """Puts a program in QEMU's place; it notes each start in the file that is returned."""
    folder, starts = tmp_path / "bin", tmp_path / "starts"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def stand(script: str) -> Path:
        program = folder / "qemu-system-x86_64"
        program.write_text(f'#!/bin/sh\necho "$$ $*" >> {starts}\n{script}\n')
        program.chmod(0o755)
        return starts

    return stand


def count(starts: Path) -> int:
    return len(starts.read_text().splitlines())


async def test_a_guest_that_boots_makes_kvm_trusted(
    guest: tuple[Path, Path], qemu: Stand, tmp_path: Path
) -> None:
    starts = qemu(BOOTS)
    before = time.time()
    found = await verdict(*guest, tmp_path / "keep", "7.2")
    assert (found.accelerator, found.reason) == ("kvm", "booted")
    assert before <= found.probed_at <= time.time()
    command = starts.read_text()
    assert "-accel kvm" in command
    assert all(str(path) in command for path in guest)


async def test_a_guest_that_hangs_is_ended_and_kvm_not_used(
    guest: tuple[Path, Path], qemu: Stand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "BOOT_WITHIN_S", 0.5)
    starts = qemu(HANGS)
    found = await verdict(*guest, tmp_path / "keep", "7.2")
    assert (found.accelerator, found.reason) == ("tcg", "hangs")
    pid = starts.read_text().split()[0]
    assert not Path(f"/proc/{pid}").exists()


async def test_a_device_that_qemu_cannot_use(
    guest: tuple[Path, Path], qemu: Stand, tmp_path: Path
) -> None:
    qemu(REFUSES)
    found = await verdict(*guest, tmp_path / "keep", "7.2")
    assert (found.accelerator, found.reason) == ("tcg", "refused")


async def test_the_real_qemu_refuses_what_is_no_kernel(
    guest: tuple[Path, Path], tmp_path: Path
) -> None:
    found = await verdict(*guest, tmp_path / "keep", "7.2")
    assert (found.accelerator, found.reason) == ("tcg", "refused")


async def test_giving_up_leaves_no_guest_behind(
    guest: tuple[Path, Path], qemu: Stand, tmp_path: Path
) -> None:
    starts = qemu(HANGS)
    probing = asyncio.create_task(verdict(*guest, tmp_path / "keep", "7.2"))
    async with asyncio.timeout(10):
        while not starts.exists() or not starts.read_text():
            await asyncio.sleep(0.01)
    probing.cancel()
    await asyncio.gather(probing, return_exceptions=True)
    pid = starts.read_text().split()[0]
    assert not Path(f"/proc/{pid}").exists()
    assert not (tmp_path / "keep").exists()


@pytest.mark.parametrize("script", [BOOTS, REFUSES])
async def test_a_verdict_is_kept_while_nothing_changes(
    guest: tuple[Path, Path], qemu: Stand, tmp_path: Path, script: str
) -> None:
    starts = qemu(script)
    first = await verdict(*guest, tmp_path / "keep", "7.2")
    assert await verdict(*guest, tmp_path / "keep", "7.2") == first
    assert count(starts) == 1
    again = await verdict(*guest, tmp_path / "keep", "7.2", again=True)
    assert (again.reason, count(starts)) == (first.reason, 2)


async def test_a_changed_qemu_or_kernel_is_probed_anew(
    guest: tuple[Path, Path], qemu: Stand, tmp_path: Path
) -> None:
    keep = tmp_path / "keep"
    starts = qemu(REFUSES)
    await verdict(*guest, keep, "7.2")
    qemu(BOOTS)
    assert (await verdict(*guest, keep, "7.2")).reason == "refused"
    assert (await verdict(*guest, keep, "8.0")).reason == "booted"
    for number, path in enumerate(guest):
        path.write_text("another")
        await verdict(*guest, keep, "8.0")
        assert count(starts) == 3 + number


@pytest.mark.parametrize("content", [b"", b"{", b'{"accelerator": 1}', b"\xff"])
async def test_a_kept_verdict_that_cannot_be_read_is_no_verdict(
    guest: tuple[Path, Path], qemu: Stand, tmp_path: Path, content: bytes
) -> None:
    keep = tmp_path / "keep"
    keep.write_bytes(content)
    qemu(BOOTS)
    assert (await verdict(*guest, keep, "7.2")).reason == "booted"


async def test_what_makes_a_probe_impossible_is_said(
    guest: tuple[Path, Path], qemu: Stand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    qemu("exit 7")
    keep = tmp_path / "keep"
    for kernel, initrd in ((None, guest[1]), (guest[0], None), (tmp_path / "no", guest[1])):
        found = await verdict(kernel, initrd, keep, "7.2")
        assert found == Verdict(accelerator="tcg", reason="no_probe_kernel")
    monkeypatch.setattr(probe.os, "access", lambda *_: False)
    assert (await verdict(*guest, keep, "7.2")).reason == "no_access"
    probe.DEVICE.unlink()
    assert (await verdict(*guest, keep, "7.2")).reason == "no_device"
    assert not keep.exists()
