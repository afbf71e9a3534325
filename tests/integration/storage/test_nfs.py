"""The NFS driver on a real server, in a guest whose kernel has server and client."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from installer import debian, prepare
from installer.images import debs
from tests.lab.guest.run import run

RUN_WITHIN_S = 300.0
pytestmark = pytest.mark.timeout(RUN_WITHIN_S + 60)
SERVER = "nfs-kernel-server"
CHECKS = "tests/integration/storage/nfs_checks.py"


def test_disks_on_a_server(tmp_path: Path) -> None:
    """Its programs are unpacked for the guest alone: nothing is installed or started here."""
    if os.geteuid() != 0:
        pytest.skip("needs root for mounts of its own")
    programs = tmp_path / "run" / "guest" / "nfs"
    programs.mkdir(parents=True)
    debian.update_if_needed([SERVER], prepare.log_file())
    debs.unpack(debs.download([SERVER], tmp_path / "debs"), programs)
    options = ["-v", "-x", "-p", "no:cacheprovider", "--timeout=120"]
    result = run(
        tmp_path / "run",
        [sys.executable, "-m", "pytest", *options, CHECKS],
        timeout_s=RUN_WITHIN_S,
    )
    assert result.exit_code == 0, result.output
    assert " 3 passed" in result.output, result.output
