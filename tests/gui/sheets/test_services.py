"""The sheet that says what a network does for its machines."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from appliance.protocol.networks import NetworkService
from desktop.main_window.window import MainWindow
from desktop.pages.sheets.form_sheet import FormSheet
from tests.gui.samples import make_id
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar, trigger
from tests.gui.sheets.test_changing import sheet_of
from tests.gui.sheets.test_creating import press

NETWORK = make_id(900_030)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_boxes_say_what_is_offered_and_are_sent(
    window: MainWindow, registrar: Registrar, qtbot: QtBot, look: Any, language: str
) -> None:
    look(language, "light")
    (network,) = window.cache.all("network")
    services = [NetworkService(service="dhcp"), NetworkService(service="dns")]
    window.cache.put("network", [msgspec.structs.replace(network, kind="nat", services=services)])
    trigger(window, "network", "services", NETWORK)
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    boxes = sheet.form.boxes
    assert [name for name, box in boxes.items() if box.isChecked()] == ["dhcp", "dns"]
    assert "snat" in boxes
    boxes["dns"].click()
    boxes["metadata"].click()
    assert "--service dhcp --service metadata" in sheet.footer.equivalent.text()
    assert clipped(sheet) == []
    take(sheet, f"sheet-services-{language}")
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    assert registrar.changes() == [
        ("network.set_services", {"id": NETWORK, "services": ["dhcp", "metadata"]})
    ]


def test_a_network_on_a_nic_has_no_gateway_to_offer(window: MainWindow, qtbot: QtBot) -> None:
    (network,) = window.cache.all("network")
    window.cache.put("network", [msgspec.structs.replace(network, kind="physical")])
    trigger(window, "network", "services", NETWORK)
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    assert not {"snat", "elastic_ip"} & set(sheet.form.boxes)
