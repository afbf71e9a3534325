"""The sheet that changes a network's name and what it tells its machines."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from appliance.protocol.resources import HostRoute
from desktop.main_window.window import MainWindow
from desktop.pages.sheets.form_sheet import FormSheet
from desktop.pages.sheets.network_edit import parse_routes, route_lines
from tests.gui.samples import make_id
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar, trigger
from tests.gui.sheets.test_changing import sheet_of
from tests.gui.sheets.test_creating import press

NETWORK = make_id(900_030)
ROUTE = HostRoute(destination="10.20.0.0/16", next_hop="10.0.0.5")


def test_what_is_read_is_what_is_written() -> None:
    route = {"destination": "10.20.0.0/16", "next_hop": "10.0.0.5"}
    assert parse_routes(route_lines([ROUTE]) + "\n\n") == [route]
    assert parse_routes("10.20.0.0/16   10.0.0.5\n10.20.0.0/16 → 10.0.0.5") == [route, route]
    for bad in ("10.20.0.0/16", "10.20.0.0/16 via", "a b c"):
        with pytest.raises(ValueError, match=bad):
            parse_routes(bad)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_shows_what_is_and_sends_what_shall_be(
    window: MainWindow, registrar: Registrar, qtbot: QtBot, look: Any, language: str
) -> None:
    look(language, "light")
    (network,) = window.cache.all("network")
    changed = msgspec.structs.replace(network, dns=["192.0.2.53"], host_routes=[ROUTE])
    window.cache.put("network", [changed])
    trigger(window, "network", "rename", NETWORK)
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    form = sheet.form
    assert (form.name.text(), form.dns.text()) == (network.name, "192.0.2.53")
    assert form.routes.toPlainText() == "10.20.0.0/16 via 10.0.0.5"
    form.dns.setText("192.0.2.53, 192.0.2.54")
    form.routes.setPlainText("")
    assert "--route none" in sheet.footer.equivalent.text()
    assert clipped(sheet) == []
    take(sheet, f"sheet-network-{language}")
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    ((operation, sent),) = registrar.changes()
    assert operation == "network.update"
    assert sent["dns"] == ["192.0.2.53", "192.0.2.54"]
    assert sent["host_routes"] == []
    assert (sent["name"], sent["domain"]) == (network.name, network.domain)


def test_what_does_not_fit_is_told_at_once(window: MainWindow, qtbot: QtBot) -> None:
    trigger(window, "network", "rename", NETWORK)
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    sheet.form.routes.setPlainText("10.20.0.0/16")
    assert "10.20.0.0/16" in sheet.form.fields["host_routes"].note()
    assert not sheet.footer.go.isEnabled()
    sheet.form.routes.setPlainText("")
    sheet.form.dns.setText("127.0.0.1")
    sheet.form.touched()
    assert sheet.form.fields["dns"].note()
    assert not sheet.footer.go.isEnabled()
