"""The paths between hosts on the screen: a matrix, or the pairs that fail; and what to look at."""

from __future__ import annotations

import msgspec
import pytest

from appliance.cli.paths import MATRIX_HOSTS_MAX, show_paths
from appliance.cli.terminal import Terminal
from appliance.protocol.errors import Conflict, to_body
from appliance.protocol.paths import NetworkPaths, Path, PathHost


def found(count: int, **bad: int) -> NetworkPaths:
    """`a_b=0`: from host a to host b frames of so many bytes arrive."""
    names = [f"h{number}" for number in range(count)]
    sizes = {tuple(key.split("_")): size for key, size in bad.items()}
    paths = []
    for a in names:
        for b in names:
            size = sizes.get((a, b), 1500)
            if a != b:
                path = Path(
                    from_host_id=a, from_host_name=a, to_host_id=b, to_host_name=b,
                    state="works" if size == 1500 else "small" if size else "silent",
                    max_bytes=size, round_trip_us=420 if size else None,
                )  # fmt: skip
                paths.append(path)
    hosts = [PathHost(host_id=name, host_name=name, limit_bytes=1500) for name in names]
    told = [to_body(Conflict("path.cut_off", name="h1", wire="eth0"))] if bad else []
    return NetworkPaths(wire="eth0", mtu=1500, hosts=hosts, paths=paths, findings=told)


def test_a_matrix_has_a_row_for_who_sends(capsys: pytest.CaptureFixture[str]) -> None:
    show_paths(Terminal(), found(3, h0_h1=0, h2_h0=1404))
    captured = capsys.readouterr()
    rows = {line.split()[0]: line for line in captured.out.splitlines() if line.strip()}
    assert "nothing" in rows["h0"]
    assert "0.4 ms" in rows["h1"]
    assert "≤ 1404 B" in rows["h2"]
    assert "h1 reaches no other host" in captured.err
    assert "switch port" in captured.err


def test_of_many_hosts_the_pairs_that_fail_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    count = MATRIX_HOSTS_MAX + 1
    show_paths(Terminal(language="zh"), found(count, h3_h4=0))
    lines = [line for line in capsys.readouterr().out.splitlines() if "h3" in line or "h5" in line]
    assert len(lines) == 1
    assert "不通" in lines[0]
    show_paths(Terminal(), found(count))
    captured = capsys.readouterr()
    assert "h3" not in captured.out
    assert f"All {count * (count - 1)} paths work." in captured.err


def test_json_is_what_the_service_says(capsys: pytest.CaptureFixture[str]) -> None:
    one = found(2)
    show_paths(Terminal(as_json=True), one)
    assert msgspec.json.decode(capsys.readouterr().out, type=NetworkPaths) == one
    show_paths(Terminal(quiet=True), one)
    assert capsys.readouterr().out == ""
