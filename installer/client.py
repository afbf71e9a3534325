"""`build.py run` where no appliance can be: the desktop client alone."""

from __future__ import annotations

import subprocess
import sys

from installer import debian, prepare
from installer.progress import note


def run_client() -> int:
    """Install and open the client; returns its exit code."""
    note(f"Left out here: management service, host agent and virtual machines ({_reason()}).")
    note("The client needs an appliance elsewhere: give it that one's address.")
    if sys.platform == "linux" and debian.is_debian():
        lacking = debian.missing(debian.DESKTOP)
        if lacking:
            note(f"If the client does not open, as root: apt-get install {' '.join(lacking)}")
    environment = prepare.environment(["desktop"])
    command = [environment.python, "-m", "desktop"]
    return subprocess.run(command, cwd=prepare.ROOT, check=False).returncode


def _reason() -> str:
    if sys.platform != "linux":
        return "they need Linux"
    if not debian.is_debian():
        return "they need Debian 12 or 13"
    return "they need root: sudo python3 build.py run"
