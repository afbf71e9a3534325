"""The sheet that changes the ranges of a network."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from appliance.protocol.errors import Conflict
from appliance.protocol.resources import AddressRange, Network
from desktop.main_window.window import MainWindow
from desktop.pages.sheets.form_sheet import FormSheet
from desktop.pages.sheets.ranges import parse_spans, span_lines
from tests.gui.samples import make_id
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar, trigger
from tests.gui.sheets.test_changing import sheet_of
from tests.gui.sheets.test_creating import press

NETWORK = make_id(900_030)


def held(first: str, last: str) -> AddressRange:
    return AddressRange(id=make_id(7), first=first, last=last)


@pytest.fixture
def network(window: MainWindow) -> Network:
    """The sample's network, with something reserved and an order of its own."""
    (network,) = window.cache.all("network")
    changed = msgspec.structs.replace(
        network, reserved=[held("10.0.0.50", "10.0.0.59")], allocation="random"
    )
    window.cache.put("network", [changed])
    return changed


def test_what_is_read_is_what_is_written() -> None:
    spans = [held("10.0.0.10", "10.0.0.19"), held("10.0.0.30", "10.0.0.30")]
    assert parse_spans(span_lines(spans) + "\n\n 10.0.0.64/26 \n10.0.0.70-10.0.0.71") == [
        {"first": "10.0.0.10", "last": "10.0.0.19"},
        {"first": "10.0.0.30", "last": ""},
        {"first": "10.0.0.64/26", "last": ""},
        {"first": "10.0.0.70", "last": "10.0.0.71"},
    ]
    for bad in ("x", "10.0.0.1-", "-10.0.0.1", "10.0.0.1 10.0.0.2", "10.0.0.65/26", "1-2-3"):
        with pytest.raises(ValueError, match=bad):
            parse_spans(f"10.0.0.1\n{bad}")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_shows_what_is_and_sends_what_shall_be(
    window: MainWindow,
    network: Network,
    registrar: Registrar,
    qtbot: QtBot,
    look: Any,
    language: str,
) -> None:
    look(language, "light")
    trigger(window, "network", "ranges", NETWORK)
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    form = sheet.form
    assert form.ranges.toPlainText() == span_lines(network.ranges)
    assert form.reserved.toPlainText() == "10.0.0.50 – 10.0.0.59"
    assert form.allocation.currentData() == "random"
    form.reserved.setPlainText("10.0.0.60/30")
    form.allocation.setCurrentIndex(2)
    assert "anyun network set-ranges" in sheet.footer.equivalent.text()
    assert clipped(sheet) == []
    take(sheet, f"sheet-ranges-{language}")
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    assert registrar.changes() == [
        (
            "network.set_ranges",
            {
                "id": NETWORK,
                "ranges": [{"first": one.first, "last": one.last} for one in network.ranges],
                "reserved": [{"first": "10.0.0.60/30", "last": ""}],
                "allocation": "least_recent",
            },
        )
    ]


def test_a_line_that_is_no_range_is_told_at_once(
    window: MainWindow, network: Network, qtbot: QtBot
) -> None:
    trigger(window, "network", "ranges", NETWORK)
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    sheet.form.ranges.setPlainText("10.0.0.10-10.0.0.x")
    assert "10.0.0.x" in sheet.form.fields["ranges"].note()
    assert not sheet.footer.go.isEnabled()
    sheet.form.ranges.setPlainText("")
    assert sheet.form.fields["ranges"].note()
    assert not sheet.footer.go.isEnabled()
    sheet.form.ranges.setPlainText("10.0.0.10-10.0.0.90")
    assert sheet.footer.go.isEnabled()


def test_a_refusal_names_who_has_the_addresses(
    window: MainWindow, network: Network, registrar: Registrar, qtbot: QtBot
) -> None:
    registrar.refusals["network.set_ranges"] = Conflict(
        "network.range_used", field="ranges", count=1, users="10.0.0.12 (web)"
    )
    trigger(window, "network", "ranges", NETWORK)
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    press(sheet)
    qtbot.waitUntil(lambda: "10.0.0.12 (web)" in sheet.form.fields["ranges"].note())
