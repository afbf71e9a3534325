"""The page of virtual machines: live changes, filters, actions by state, copying, export."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import qasync
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from appliance.protocol import resources as r
from appliance.protocol.guests import GuestInfo
from appliance.protocol.operations import OPERATIONS, Accepted, Kind
from desktop.main_window.window import MainWindow
from desktop.net.bridge import Bridge
from desktop.net.cache import Cache
from desktop.net.client_ref import ClientRef
from desktop.pages.vm_create import CreateVmDialog
from desktop.pages.vms import VmPage
from desktop.settings import Settings
from desktop.widgets.confirm import ConfirmForGood
from desktop.widgets.notice import Toast
from tests.gui.samples import make_id, make_job, make_vm, small_cloud

Fill = Callable[[dict[str, list[Any]]], None]


class RecordingClient:
    """Notes the operations that pages call."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    async def call(self, operation: str, /, **fields: Any) -> Any:
        """Note a change; calls come from the network thread."""
        if operation == "vm.guest_info":
            return GuestInfo(is_answering=False)
        if OPERATIONS[operation].kind is Kind.READ:
            return None
        self.calls.append((operation, fields))
        if operation == "vm.bulk":
            return Accepted(jobs=[make_job(77, r.JobState.RUNNING)], resource_ids=[])
        return None

    async def screenshot(self, vm_id: str) -> bytes:
        """No picture."""
        return b""


@pytest.fixture
def client(ref: ClientRef) -> RecordingClient:
    made: Any = RecordingClient()
    ref.set(made)
    return made


@pytest.fixture
def window(
    qtbot: QtBot,
    look: object,
    bridge: Bridge,
    ref: ClientRef,
    cache: Cache,
    settings: Settings,
    client: RecordingClient,
    fill: Fill,
) -> MainWindow:
    made = MainWindow(bridge, ref, cache, settings, "admin")
    qtbot.addWidget(made)
    fill(small_cloud())
    made.go("vm")
    made.show()
    return made


@pytest.fixture
def page(window: MainWindow) -> VmPage:
    found = window.page("vm")
    assert isinstance(found, VmPage)
    return found


@pytest.fixture
def loop(qapp: QApplication) -> Any:
    """The GUI's asyncio loop, for slots that start coroutines."""
    made = qasync.QEventLoop(qapp, already_running=True)
    asyncio.set_event_loop(made)
    yield made
    asyncio.set_event_loop(None)
    # qasync notes a loop that is "already running" as this thread's own, for good.
    asyncio.events._set_running_loop(None)


def shown(page: VmPage) -> list[str]:
    return [one.name for one in page.model.resources()]


def choose(page: VmPage, *numbers: int) -> None:
    page.table.clearSelection()
    for number in numbers:
        index = page.model.index(page.model.row_of(make_id(number)), 0)
        flags = page.table.selectionModel().SelectionFlag
        page.table.selectionModel().select(index, flags.Select | flags.Rows)


def test_sorted_by_name_with_numbers_in_order(page: VmPage) -> None:
    assert shown(page)[:3] == ["web-1", "web-2", "web-3"]
    assert shown(page)[-1] == "web-13"


def test_changes_keep_selection_and_place(page: VmPage, cache: Cache, qtbot: QtBot) -> None:
    page.table.select(make_id(3))
    place = page.table.verticalScrollBar().value()
    cache.put("vm", [make_vm(3, r.VmState.STOPPED), make_vm(99)])
    assert [one.name for one in page.selection()] == ["web-3"]
    assert page.selection()[0].state is r.VmState.STOPPED
    assert page.table.verticalScrollBar().value() == place
    assert "web-99" in shown(page)


def test_a_rebuild_keeps_the_selection(page: VmPage) -> None:
    choose(page, 3, 4)
    page.filter.setText("web")
    page.apply_filter()
    assert {one.name for one in page.selection()} == {"web-3", "web-4"}


def test_filter_and_chip(page: VmPage) -> None:
    page.filter.setText("10.0.0.5")
    page.apply_filter()
    assert shown(page) == ["web-3"]
    page.clear_filters()
    page.chips[0][0].choose(["stopped"])
    assert shown(page) == ["web-9", "web-10"]
    page.open_resource(make_id(1))
    assert [one.name for one in page.selection()] == ["web-1"]


def test_actions_that_do_not_fit_say_why(page: VmPage) -> None:
    page.table.select(make_id(1))
    assert page.qactions["stop"].isEnabled()
    start = page.qactions["start"]
    assert not start.isEnabled()
    assert "web-1" in start.toolTip()
    assert "Running" in start.toolTip()
    choose(page, 1, 2)
    assert "single" in page.qactions["rename"].toolTip()
    page.table.clearSelection()
    assert not page.qactions["stop"].isEnabled()


def test_bulk_action_runs_on_those_that_fit(
    page: VmPage, client: RecordingClient, loop: object, qtbot: QtBot
) -> None:
    choose(page, 1, 2, 9)
    page.qactions["stop"].trigger()
    ids = {"action": "stop", "ids": [make_id(1), make_id(2)]}
    qtbot.waitUntil(lambda: client.calls == [("vm.bulk", ids)])


def test_destroy_is_done_at_once_and_can_be_undone(
    page: VmPage, window: MainWindow, client: RecordingClient, loop: object, qtbot: QtBot
) -> None:
    page.table.select(make_id(1))
    page.table.setFocus()
    page.qactions["destroy"].trigger()
    qtbot.waitUntil(lambda: client.calls == [("vm.destroy", {"id": make_id(1)})])
    qtbot.waitUntil(lambda: bool(window.findChildren(Toast)))
    toast = window.findChildren(Toast)[0]
    assert "web-1" in toast.accessibleName()
    assert toast.action_button is not None
    toast.action_button.click()
    qtbot.waitUntil(lambda: client.calls[-1] == ("vm.recover", {"id": make_id(1)}))


def test_expunge_wants_the_name(
    window: MainWindow, client: RecordingClient, loop: object, qtbot: QtBot
) -> None:
    window.go("recycle_bin")
    page: Any = window.page("recycle_bin")
    page.table.select(make_id(14))
    page.qactions["expunge"].trigger()
    qtbot.waitUntil(lambda: bool(window.findChildren(ConfirmForGood)))
    dialog = window.findChildren(ConfirmForGood)[0]
    qtbot.keyClicks(dialog.field, "web-1")
    assert not dialog.button.isEnabled()
    qtbot.keyClicks(dialog.field, "4")
    qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: client.calls == [("vm.expunge", {"id": make_id(14)})])


def test_the_dialog_for_new_machines_leaves_the_window_free(
    page: VmPage, window: MainWindow
) -> None:
    page.start_creating()
    (dialog,) = window.findChildren(CreateVmDialog)
    assert dialog.isVisible()
    assert not dialog.isModal()
    page.table.select(make_id(2))  # the page behind it can be used
    assert [one.name for one in page.selection()] == ["web-2"]
    page.start_creating()
    assert window.findChildren(CreateVmDialog) == [dialog]
    dialog.close()
    page.start_creating()
    again = [one for one in window.findChildren(CreateVmDialog) if one.isVisible()]
    assert len(again) == 1
    assert again[0] is not dialog
    again[0].close()


def test_menu_has_the_actions_in_the_order_of_the_bar(page: VmPage) -> None:
    page.table.select(make_id(1))
    menu: QMenu = page.table.make_menu()
    titles = [one.text() for one in menu.actions() if not one.isSeparator()]
    declared = [one.title for one in page.actions_declared]
    assert titles[: len(declared)] == declared
    assert titles[len(declared) :] == ["Copy cell", "Copy row"]


def test_copy(page: VmPage, qtbot: QtBot) -> None:
    page.table.select(make_id(1))
    page.table.copy_cell()
    assert QApplication.clipboard().text() == "web-1"
    qtbot.keyClick(page.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text().split("\t")[:3] == ["web-1", "Running", "10.0.0.3"]


def test_export(page: VmPage, cache: Cache, tmp_path: Path) -> None:
    cache.put("vm", [make_vm(20, name="=cmd()")])
    page.table.export_csv(tmp_path / "vms.csv")
    lines = (tmp_path / "vms.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("Name,State,Address")
    assert len(lines) == 15
    assert any(line.startswith("'=cmd()") for line in lines)


def test_hidden_columns_are_remembered(page: VmPage, settings: Settings) -> None:
    menu = page.table.columns_menu()
    menu.actions()[2].setChecked(False)
    again = VmPage(page.shell)
    assert again.table.isColumnHidden(2)
    again.deleteLater()


def test_summary_and_detail_follow(page: VmPage, cache: Cache) -> None:
    assert page.summary().startswith("1 starting · 8 running · 2 stopped")
    page.table.select(make_id(1))
    cache.put("vm", [make_vm(1, name="renamed")])
    assert page.detail.resource.name == "renamed"


def test_first_step_of_an_empty_cloud(window: MainWindow, fill: Fill, page: VmPage) -> None:
    cloud = small_cloud()
    cloud["vm"] = []
    fill(cloud)
    assert page.is_empty_page_shown()
    window.go("overview")
    overview: Any = window.page("overview")
    overview.refresh()
    assert overview.first_step.isVisible()


def test_pages_of_a_long_list_are_shown(page: VmPage, cache: Cache, qtbot: QtBot) -> None:
    cache.put("vm", [make_vm(number) for number in range(1000, 3000)])
    cache.put("vm", [make_vm(number) for number in range(3000, 5000)])
    cache.put("vm", [make_vm(1500, r.VmState.STOPPED)])
    qtbot.waitUntil(lambda: page.model.total() == 4013)
    row = page.model.row_of(make_id(1500))
    assert page.model.resource(row).state is r.VmState.STOPPED


def test_what_was_destroyed_is_in_the_recycle_bin(
    window: MainWindow, page: VmPage, cache: Cache
) -> None:
    vm = page.model.resources()[0]
    before = cache.count("vm")
    cache.put("vm", [msgspec.structs.replace(vm, state=r.VmState.DESTROYED, host_id=None)])
    assert vm.name not in shown(page)
    assert cache.count("vm") == before - 1
    window.go("recycle_bin")
    bin_page: Any = window.page("recycle_bin")
    assert vm.name in [one.name for one in bin_page.model.resources()]
    cache.put("vm", [vm])
    assert vm.name in shown(page)
    assert cache.count("vm") == before
