"""The address map of a network in the client."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from appliance.protocol.address_map import AddressMap, AddressUse, FreeSpan
from appliance.protocol.errors import NotFound
from desktop.main_window.window import MainWindow
from desktop.pages.sheets.address_map import AddressSheet
from tests.gui.samples import make_id
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar, trigger
from tests.gui.sheets.test_changing import sheet_of

NETWORK = make_id(900_030)
FOUND = AddressMap(
    items=[
        AddressUse(address="10.0.0.1", use="gateway"),
        AddressUse(
            address="10.0.0.12",
            use="vm",
            vm_id=make_id(10),
            vm_name="web-10",
            mac="0a:00:00:00:00:0a",
        ),
        AddressUse(address="10.0.0.254", use="dhcp"),
    ],
    free=[
        FreeSpan(first="10.0.0.10", last="10.0.0.11", count=2),
        FreeSpan(first="10.0.0.13", last="10.0.0.13", count=1),
    ],
)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_map_says_whose_address_is_whose(
    window: MainWindow, registrar: Registrar, qtbot: QtBot, look: Any, language: str
) -> None:
    look(language, "light")
    registrar.answers["network.addresses"] = FOUND
    trigger(window, "network", "addresses", NETWORK)
    sheet = sheet_of(window, AddressSheet, qtbot)
    qtbot.waitUntil(lambda: sheet.model.rowCount() == 3)
    assert registrar.asked[-1] == ("network.addresses", {"id": NETWORK})
    assert "10.0.0.10 – 10.0.0.11, 10.0.0.13" in sheet.free.text()
    assert "3" in sheet.free.text()
    for _ in range(5):
        QApplication.processEvents()
    take(sheet, f"sheet-addresses-{language}")
    assert clipped(sheet) == []
    sheet.table.opened.emit(sheet.model.resource(1))
    page: Any = window.current_page()
    assert page.kind == "vm"


def test_an_error_is_shown_in_the_sheet(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    registrar.refusals["network.addresses"] = NotFound(
        "resource.not_found", kind="network", id=NETWORK
    )
    trigger(window, "network", "addresses", NETWORK)
    sheet = sheet_of(window, AddressSheet, qtbot)
    qtbot.waitUntil(lambda: bool(sheet.error.text()))
    assert sheet.model.rowCount() == 0
