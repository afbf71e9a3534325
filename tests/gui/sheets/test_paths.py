"""The paths between hosts in the client: a matrix to be read, and what to look at."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from appliance.protocol.errors import Conflict, Unavailable, to_body
from appliance.protocol.paths import NetworkPaths, Path, PathHost, PathState
from desktop.main_window.window import MainWindow
from desktop.pages.sheets.paths import PathSheet, WireFields
from tests.gui.samples import make_id, small_cloud
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar, trigger
from tests.gui.sheets.test_changing import sheet_of

COUNT = 20


def found(count: int = COUNT) -> NetworkPaths:
    """Host 4 is cut off, frames to host 7 are small, and from 2 to 3 nothing arrives."""
    hosts = [
        PathHost(host_id=make_id(5000 + n), host_name=f"node-{n + 1}", limit_bytes=1500)
        for n in range(count)
    ]
    absent = PathHost(host_id=make_id(5999), host_name="node-away")
    paths = []
    for a, source in enumerate(hosts):
        for b, target in enumerate(hosts):
            if a == b:
                continue
            state: PathState = "works"
            if 3 in (a, b) or (a, b) == (1, 2):
                state = "silent"
            elif b == 6:
                state = "small"
            path = Path(
                from_host_id=source.host_id,
                from_host_name=source.host_name,
                to_host_id=target.host_id,
                to_host_name=target.host_name,
                state=state,
                max_bytes={"works": 1500, "small": 1404, "silent": 0}[state],
                round_trip_us=310 + 20 * a + b if state == "works" else None,
            )
            paths.append(path)
    wire = "eth1, VLAN 42"
    findings = [
        to_body(Unavailable("host.not_connected", name="node-away")),
        to_body(Conflict("path.cut_off", name="node-4", wire=wire)),
        to_body(Conflict("path.silent", count=1, pairs="node-2 → node-3", wire=wire)),
    ]
    return NetworkPaths(wire=wire, mtu=1500, hosts=[*hosts, absent], paths=paths, findings=findings)


def physical(fill: Any) -> str:
    """A cloud whose network is on a NIC; its id."""
    cloud = small_cloud()
    network = msgspec.structs.replace(
        cloud["network"][0], kind="physical", physical_interface="eth1"
    )
    fill(cloud | {"network": [network]})
    return network.id


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("zh", "dark")])
def test_twenty_hosts_are_read_at_a_glance(
    window: MainWindow, registrar: Registrar, qtbot: QtBot, look: Any, language: str, scheme: str
) -> None:
    look(language, scheme)
    registrar.answers["cluster.probe_paths"] = found()
    (cluster,) = window.cache.all("cluster")
    trigger(window, "cluster", "paths", cluster.id)
    sheet = sheet_of(window, PathSheet, qtbot)
    assert registrar.asked == [] or registrar.asked[-1][0] != "cluster.probe_paths", "not by itself"
    fields = sheet.findChild(WireFields)
    assert fields is not None
    fields.nic.setCurrentText("eth1")
    fields.vlan.setValue(42)
    qtbot.mouseClick(sheet.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: sheet.matrix.paths.rowCount() == COUNT)
    assert registrar.asked[-1] == (
        "cluster.probe_paths",
        {"id": cluster.id, "physical_interface": "eth1", "vlan_id": 42, "mtu": 1500},
    )
    assert len(sheet.findings) == 6
    sheet.matrix.setCurrentIndex(sheet.matrix.paths.index(0, 6))
    assert "1404" in sheet.told.text()
    for _ in range(5):
        QApplication.processEvents()
    take(sheet, f"sheet-paths-{language}-{scheme}")
    assert clipped(sheet) == []


def test_cells_say_in_words_what_they_show(
    window: MainWindow, registrar: Registrar, qtbot: QtBot, look: Any
) -> None:
    look("en", "light")
    registrar.answers["cluster.probe_paths"] = found(8)
    (cluster,) = window.cache.all("cluster")
    trigger(window, "cluster", "paths", cluster.id)
    sheet = sheet_of(window, PathSheet, qtbot)
    sheet.probe()
    qtbot.waitUntil(lambda: sheet.matrix.paths.rowCount() == 8)
    model = sheet.matrix.paths
    assert [model.index(0, n).data() for n in range(8)] == [
        None, "0.3", "0.3", "none", "0.3", "0.3", "1404", "0.3",
    ]  # fmt: skip
    words = model.index(1, 2).data(Qt.ItemDataRole.AccessibleTextRole)
    assert words == "node-2 → node-3: nothing arrives."
    vertical = model.headerData(3, Qt.Orientation.Vertical)
    assert (vertical, model.headerData(3, Qt.Orientation.Horizontal)) == ("4  node-4", "4")
    assert "42 of 56" not in sheet.summary.text()
    assert "of 56" in sheet.summary.text()


def test_a_network_is_probed_as_the_window_opens(
    window: MainWindow, registrar: Registrar, qtbot: QtBot, fill: Any
) -> None:
    registrar.refusals["network.probe"] = Unavailable("host.not_connected", name="node-1")
    network_id = physical(fill)
    trigger(window, "network", "paths", network_id)
    sheet = sheet_of(window, PathSheet, qtbot)
    qtbot.waitUntil(lambda: bool(sheet.error.text()))
    assert ("network.probe", {"id": network_id}) in registrar.asked
    del registrar.refusals["network.probe"]
    registrar.answers["network.probe"] = found(3)
    qtbot.mouseClick(sheet.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: sheet.matrix.paths.rowCount() == 3)
    assert sheet.error.text() == ""
