"""Pixels and mouse are exact at every scale factor of the user's screen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("factor", ["1", "1.25", "1.5", "2"])
def test_exact_at_this_scale(factor: str) -> None:
    # Qt takes the factor once, at its start: so each one has a process of its own.
    environment = {**os.environ, "QT_SCALE_FACTOR": factor, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.gui.console.scale_probe", factor],
        cwd=Path(__file__).parents[3],
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, done.stdout + done.stderr
