"""Runs a daemon where no init takes care of orphans: collects every process it leaves behind.

libvirtd waits for each QEMU that it ends to be gone, and QEMU, being a daemon, is nobody's child.
Under an init that does not collect such processes at once, every start of a VM would stall.

Usage: python -m installer.reaper COMMAND [ARGUMENT…]
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from types import FrameType

# <linux/prctl.h>
_PR_SET_CHILD_SUBREAPER = 36


def main(command: list[str]) -> int:
    """Run `command`, reap orphans until it ends, and return its exit code."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "this process cannot become a reaper")
    daemon = subprocess.Popen(command).pid

    def forward(number: int, _frame: FrameType | None) -> None:
        os.kill(daemon, number)

    signal.signal(signal.SIGTERM, forward)
    signal.signal(signal.SIGINT, forward)
    while True:
        pid, status = os.wait()
        if pid == daemon:
            return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
