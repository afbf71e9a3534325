"""How busy a machine is, from what its kernel tells."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hostagent.load import LoadMeter

STAT = "cpu  {user} 0 {system} {idle} {wait} 0 0 0 50 0\ncpu0 1 2 3\n"
MEMORY = "MemTotal: 8192 kB\nMemFree: 1024 kB\nMemAvailable: 6144 kB\nHugePages_Total: 0\n"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "meminfo").write_text(MEMORY)
    (tmp_path / "mounts").write_text(
        f"/dev/a / ext4 rw 0 0\n/dev/a {tmp_path} ext4 rw 0 0\nserver:/x /mnt nfs4 rw 0 0\n"
        "tmpfs /run tmpfs rw 0 0\n/dev/b /not/there ext4 rw 0 0\n"
    )
    tell(tmp_path)
    return tmp_path


def tell(proc: Path, user: int = 100, system: int = 50, idle: int = 800, wait: int = 50) -> None:
    times = {"user": user, "system": system, "idle": idle, "wait": wait}
    (proc / "stat").write_text(STAT.format(**times))


def test_cpu_use_is_that_since_the_last_look(proc: Path) -> None:
    meter = LoadMeter(proc)
    assert meter.measure().cpu_share == 0.0, "no time has passed"
    tell(proc, user=130, idle=860, wait=60)
    assert meter.measure().cpu_share == 0.3
    tell(proc, user=230, idle=860, wait=60)
    assert meter.measure().cpu_share == 1.0


def test_memory_that_could_be_freed_is_not_used(proc: Path) -> None:
    report = LoadMeter(proc).measure()
    assert (report.memory_total_bytes, report.memory_used_bytes) == (8192 * 1024, 2048 * 1024)


def test_only_file_systems_that_cannot_hang_are_asked(proc: Path) -> None:
    (found,) = LoadMeter(proc).measure().file_systems
    stat = os.statvfs("/")
    assert (found.path, found.total_bytes) == ("/", stat.f_blocks * stat.f_frsize)


def test_this_machine() -> None:
    report = LoadMeter().measure()
    assert 0 <= report.cpu_share <= 1
    assert 0 < report.memory_used_bytes < report.memory_total_bytes
