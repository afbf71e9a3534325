"""The benchmarks on simulated hosts run at tiny sizes, and their last line is what it should be."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.lab.simulated.service import ROOT

TINY = {
    "create": ["--vms", "1,4", "--hosts", "3"],
    "recover": ["--jobs", "40", "--hosts", "3", "--run-s", "0.2", "--delay", "0.2"],
    "api": [
        *("--count", "200", "--hosts", "1", "--rounds", "1", "--seconds", "0.3"),
        *("--lists", "3", "--submits", "20"),
        *("--subscribers", "5", "--changes-per-s", "20", "--feed-seconds", "0.5"),
    ],
}
FIGURES = {
    "create": {"rows", "rss_idle_mb", "rss_mb", "read_p99_ms"},
    "recover": {"serving_s", "jobs", "lost", "doubled", "ledger_equal"},
    "api": {"get_per_s", "get_ratio", "submit_per_s", "submit_ratio", "list_p99_ms"}
    | {"feed_lost", "feed_lag_p99_ms"},
}
RIGHT = {
    "create": {"anomalies": 0, "ledger_equal": True},
    "recover": {"lost": 0, "doubled": 0, "ledger_equal": True, "strays": 0},
    "api": {"feed_lost": 0},
}


@pytest.mark.parametrize("name", TINY)
def test_it_runs(name: str) -> None:
    result = _run(name)
    assert result["name"] == name
    assert FIGURES[name] <= result.keys()
    assert {key: result[key] for key in RIGHT[name]} == RIGHT[name]


def _run(name: str) -> dict[str, Any]:
    ended = subprocess.run(
        [sys.executable, "-m", f"tests.bench.{name}", *TINY[name]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
    return json.loads(ended.stdout.splitlines()[-1])
