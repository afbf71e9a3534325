"""Tables have columns for everything that can be listed; values are readable."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import msgspec
import pytest

from appliance.cli.columns import COLUMNS
from appliance.cli.show import readable, show_items, show_list
from appliance.cli.terminal import Terminal
from appliance.protocol import resources as r
from appliance.protocol.operations import OPERATIONS

ZONES = [
    r.Zone(id=f"id-{number}", name=f"zone [{number}]", created_at=datetime.now(UTC))
    for number in range(2)
]


def test_every_list_has_a_table() -> None:
    listed = [get_args(spec.response)[0] for spec in OPERATIONS.values() if spec.verb == "list"]
    assert set(listed) <= set(COLUMNS)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("size_bytes", 1024**3, "1 GiB (1073741824)"),
        ("cpu_count", 2, "2"),
        ("start", True, "yes"),
        ("host_id", None, ""),
        ("dns", ["1.1.1.1", "8.8.8.8"], "1.1.1.1, 8.8.8.8"),
        ("ranges", [{"first": "a", "last": "b"}, {"first": "c"}], "first=a, last=b\nfirst=c"),
    ],
)
def test_values(name: str, value: object, shown: str) -> None:
    assert readable(name, value) == shown


def test_a_table_shows_names_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    show_list(Terminal(), ZONES, total=9)
    captured = capsys.readouterr()
    assert "zone [0]" in captured.out
    assert "Enabled" in captured.out
    assert "2 of 9" in captured.err


def test_headings_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    show_items(Terminal(language="zh"), ZONES)
    assert "名称" in capsys.readouterr().out


def test_json_is_the_resource_itself(capsys: pytest.CaptureFixture[str]) -> None:
    show_items(Terminal(as_json=True), ZONES[:1])
    assert msgspec.json.decode(capsys.readouterr().out, type=r.Zone) == ZONES[0]
    show_list(Terminal(as_json=True), ZONES, total=2)
    assert msgspec.json.decode(capsys.readouterr().out, type=list[r.Zone]) == ZONES


def test_quiet_prints_ids_only(capsys: pytest.CaptureFixture[str]) -> None:
    show_list(Terminal(quiet=True), ZONES, total=9)
    captured = capsys.readouterr()
    assert captured.out == "id-0\nid-1\n"
    assert captured.err == ""
