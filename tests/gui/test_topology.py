"""The topology page: it is drawn, lit, opened and zoomed, also with two hundred machines."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from appliance.protocol import resources as r
from desktop.main_window.window import MainWindow
from desktop.net.bridge import Bridge
from desktop.net.cache import Cache
from desktop.net.client_ref import ClientRef
from desktop.settings import Settings
from desktop.widgets.topology_view import ZOOM_MAX, TopologyView
from tests.gui.samples import make_id, make_vm, small_cloud
from tests.gui.screens import is_blank, take


@pytest.fixture
def window(
    qtbot: QtBot, bridge: Bridge, ref: ClientRef, cache: Cache, settings: Settings
) -> MainWindow:
    made = MainWindow(bridge, ref, cache, settings, "admin")
    qtbot.addWidget(made)
    made.resize(1280, 800)
    for kind, items in small_cloud().items():
        cache.put(kind, items)
    made.go("topology")
    made.show()
    return made


def view_of(window: MainWindow) -> TopologyView:
    page: Any = window.current_page()
    return page.view


def vms_shown(view: TopologyView) -> set[str]:
    return {ref for kind, ref in view.picture.boxes if kind == "vm"}


def test_it_follows_the_live_copy(window: MainWindow, qtbot: QtBot) -> None:
    view = view_of(window)
    qtbot.waitUntil(lambda: len(vms_shown(view)) == 13)
    window.cache.put("vm", [make_vm(99, r.VmState.RUNNING)])
    qtbot.waitUntil(lambda: make_id(99) in vms_shown(view))
    window.cache.put("vm", [make_vm(99, r.VmState.DESTROYED)])
    qtbot.waitUntil(lambda: make_id(99) not in vms_shown(view))


def test_what_is_clicked_is_lit_and_a_double_click_opens_it(
    window: MainWindow, qtbot: QtBot
) -> None:
    view = view_of(window)
    qtbot.waitUntil(lambda: bool(vms_shown(view)))
    box = view.picture.boxes["vm", make_id(1)]
    where = view.mapFromScene(box.x + box.width / 2, box.y + box.height / 2)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert view.chosen == box.key
    assert view.lit is not None
    assert box.key in view.lit
    assert ("vm", make_id(2)) not in view.lit
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert (view.chosen, view.is_lit(("vm", make_id(2)))) == (None, True)
    QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    page: Any = window.current_page()
    assert page.kind == "vm"


def test_zoom_stays_within_reason(window: MainWindow, qtbot: QtBot) -> None:
    view = view_of(window)
    qtbot.waitUntil(lambda: bool(vms_shown(view)))
    for _ in range(40):
        QTest.keyClick(view, Qt.Key.Key_Plus)
    assert view.transform().m11() == pytest.approx(ZOOM_MAX)
    QTest.keyClick(view, Qt.Key.Key_0)
    assert view.transform().m11() <= 1
    visible = view.mapToScene(view.viewport().rect()).boundingRect()
    assert visible.contains(view.sceneRect().center())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_two_hundred_machines_can_be_told_apart(
    window: MainWindow, qtbot: QtBot, look: Any, scheme: str
) -> None:
    look("en", scheme)
    cache = window.cache
    (host,) = cache.all("host")
    (network,) = cache.all("network")
    hosts = [msgspec.structs.replace(host, id=make_id(500 + n), name=f"node-{n}") for n in range(5)]
    networks = [
        msgspec.structs.replace(network, id=make_id(700 + n), name=f"net-{n}") for n in range(3)
    ]
    cache.put("host", hosts)
    cache.put("network", networks)
    states = [r.VmState.RUNNING, r.VmState.RUNNING, r.VmState.STOPPED, r.VmState.ERROR]
    vms = []
    for number in range(200):
        vm = make_vm(number + 1, states[number % len(states)])
        nics = [msgspec.structs.replace(nic, network_id=networks[number % 3].id) for nic in vm.nics]
        vms.append(msgspec.structs.replace(vm, host_id=hosts[number % 5].id, nics=nics))
    cache.put("vm", vms)
    view = view_of(window)
    qtbot.waitUntil(lambda: len(vms_shown(view)) == 200)
    view.fit()
    view.choose(("network", networks[1].id))
    assert not is_blank(take(window, f"topology-200-{scheme}"))
    assert view.lit is not None
    assert len([key for key in view.lit if key[0] == "vm"]) == 67
