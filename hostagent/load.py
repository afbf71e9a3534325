"""Measures how busy this machine is.

Figures and their meaning: Linux, Documentation/filesystems/proc.rst, /proc/stat and /proc/meminfo.
"""

from __future__ import annotations

import os
from pathlib import Path

from hostagent.protocol.load import FileSystemUse, LoadReport

# Asking a file system whose server is away may take for ever, so those are left out.
LOCAL_FILE_SYSTEMS = frozenset({"ext4", "ext3", "xfs", "btrfs", "zfs", "f2fs"})
IDLE, IO_WAIT, GUEST = 3, 4, 8  # places in the first line of /proc/stat


class LoadMeter:
    """Parameters: `proc` is where the kernel tells of itself.

    CPU use is measured from one call of `measure` to the next.
    """

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._proc = proc
        self._busy, self._total = self._cpu_times()

    def measure(self) -> LoadReport:
        """How busy the machine is; reads files of the kernel only, so it does not block."""
        busy, total = self._cpu_times()
        passed = total - self._total
        share = (busy - self._busy) / passed if passed > 0 else 0.0
        self._busy, self._total = busy, total
        memory = self._memory()
        return LoadReport(
            cpu_share=round(min(1.0, max(0.0, share)), 3),
            load_1=round(os.getloadavg()[0], 2),
            memory_total_bytes=memory["MemTotal"],
            memory_used_bytes=memory["MemTotal"] - memory.get("MemAvailable", memory["MemFree"]),
            file_systems=self._file_systems(),
        )

    def _cpu_times(self) -> tuple[int, int]:
        """Busy and total time of all CPUs since the start, in ticks."""
        words = (self._proc / "stat").read_text(encoding="ascii").split("\n", 1)[0].split()
        times = [int(word) for word in words[1 : 1 + GUEST]]  # guests are within user and nice
        total = sum(times)
        return total - times[IDLE] - times[IO_WAIT], total

    def _memory(self) -> dict[str, int]:
        """The lines of /proc/meminfo, in bytes."""
        found = {}
        for line in (self._proc / "meminfo").read_text(encoding="ascii").splitlines():
            name, _, value = line.partition(":")
            found[name] = int(value.split()[0]) * 1024
        return found

    def _file_systems(self) -> list[FileSystemUse]:
        found: dict[str, FileSystemUse] = {}
        for line in (self._proc / "mounts").read_text(encoding="utf-8").splitlines():
            device, path, kind, *_ = line.split()
            if kind not in LOCAL_FILE_SYSTEMS or device in found:
                continue
            try:
                stat = os.statvfs(path)
            except OSError:  # a mount that is not seen from here
                continue
            found[device] = FileSystemUse(
                path=path,
                total_bytes=stat.f_blocks * stat.f_frsize,
                available_bytes=stat.f_bavail * stat.f_frsize,
            )
        return list(found.values())
