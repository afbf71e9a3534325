"""The network state of a host in the client."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from appliance.protocol.errors import Conflict, Unavailable
from appliance.protocol.host_network import HostNetwork, HostNetworkState, NicDrops
from desktop.main_window.window import MainWindow
from desktop.pages.sheets.host_network import HostNetworkSheet
from tests.gui.samples import make_id
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar, trigger
from tests.gui.sheets.test_changing import sheet_of

FOUND = HostNetwork(
    generation=12,
    waiting_for="",
    errors=[],
    networks=[
        HostNetworkState(
            network_id=make_id(900_030),
            network_name="private",
            bridge="anyb0123456789",
            is_healthy=True,
            drift=[],
        ),
        HostNetworkState(
            network_id=make_id(900_031),
            network_name="office",
            bridge="anyb9876543210",
            is_healthy=False,
            drift=["dhcp", "physical_interface"],
        ),
    ],
    drops=[
        NicDrops(
            nic_id=make_id(70),
            vm_id=make_id(1),
            vm_name="web-1",
            address="10.0.0.3",
            spoofed_packets=12,
            spoofed_bytes=900,
            refused_packets=3400,
            refused_bytes=204_000,
            limited_packets=57,
            limited_bytes=86_000,
        )
    ],
)


def host_of(window: MainWindow) -> str:
    (host,) = window.cache.all("host")
    return host.id


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_amiss_and_what_was_thrown_away_is_shown(
    window: MainWindow, registrar: Registrar, qtbot: QtBot, look: Any, language: str
) -> None:
    look(language, "light")
    registrar.answers["host.network"] = FOUND
    trigger(window, "host", "network", host_of(window))
    sheet = sheet_of(window, HostNetworkSheet, qtbot)
    qtbot.waitUntil(lambda: sheet.networks.rowCount() == 2)
    assert registrar.asked[-1] == ("host.network", {"id": host_of(window)})
    assert sheet.drops.rowCount() == 1
    shown = sheet.drops.index(0, 3).data()
    assert shown.replace(",", "") == "3400"
    assert sheet.drops.index(0, 4).data() == "57"
    for _ in range(5):
        QApplication.processEvents()
    take(sheet, f"sheet-host-network-{language}")
    assert clipped(sheet) == []


def test_what_the_host_refuses_stands_above_all(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    refused = msgspec.structs.replace(FOUND, waiting_for="network eth1: link eth1 is gone")
    registrar.answers["host.network"] = refused
    trigger(window, "host", "network", host_of(window))
    sheet = sheet_of(window, HostNetworkSheet, qtbot)
    qtbot.waitUntil(lambda: "eth1 is gone" in sheet.summary.text())
    registrar.refusals["host.retry_network"] = Conflict(
        "network.rolled_back", name="node-a", interface="eth1", seconds=10
    )
    qtbot.mouseClick(sheet.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "eth1" in sheet.error.text())
    del registrar.refusals["host.retry_network"]
    registrar.answers["host.retry_network"] = FOUND
    qtbot.mouseClick(sheet.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not sheet.again.isVisible())
    assert (sheet.error.text(), "newest settings do not" in sheet.summary.text()) == ("", False)


def test_a_host_that_does_not_answer_is_said(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    registrar.refusals["host.network"] = Unavailable("host.not_connected", name="host-1")
    trigger(window, "host", "network", host_of(window))
    sheet = sheet_of(window, HostNetworkSheet, qtbot)
    qtbot.waitUntil(lambda: bool(sheet.error.text()))
    assert sheet.networks.rowCount() == 0
