"""Many machines at once: one request and one job; and the recycle bin, where that matters most."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from appliance.protocol import resources as r
from appliance.protocol import results
from appliance.protocol.errors import Conflict
from desktop import texts
from desktop.main_window.window import MainWindow
from desktop.net.cache import Cache
from desktop.pages import vm_bulk
from desktop.pages.recycle_bin import PERIOD, POLICY, RecycleBinPage
from desktop.pages.resource_page import ResourcePage
from desktop.pages.sheets.expunging import ExpungeSheet
from desktop.widgets.notice import Toast
from tests.gui.operations.conftest import Operations, job_id
from tests.gui.samples import NOW, make_id, make_job, make_vm
from tests.gui.screens import clipped, is_blank, take

IDS = [make_id(1), make_id(2)]
BINNED = [make_id(21), make_id(22)]


def rules(policy: str, period_s: int = 86400) -> list[results.Setting]:
    """The settings of the recycle bin."""
    return [
        results.Setting(name=POLICY, kind="text", value=policy, default="delay"),
        results.Setting(name=PERIOD, kind="integer", value=period_s, default=259200, unit="s"),
    ]


def machine_of(cache: Cache) -> r.Vm:
    """The first machine in the bin."""
    found = cache.get("vm", BINNED[0])
    assert isinstance(found, r.Vm)
    return found


def choose(window: MainWindow, key: str, ids: list[str]) -> ResourcePage:
    """Select machines on a page."""
    window.go(key)
    page = window.page(key)
    assert isinstance(page, ResourcePage)
    page.table.clearSelection()
    model = page.table.selectionModel()
    for ref in ids:
        index = page.model.index(page.model.row_of(ref), 0)
        model.select(index, model.SelectionFlag.Select | model.SelectionFlag.Rows)
    return page


@pytest.fixture
def bin_page(window: MainWindow, service: Operations, cache: Cache, qtbot: QtBot) -> RecycleBinPage:
    """The recycle bin with two machines beside the one of the small cloud."""
    service.settings = service.settings or rules("delay")
    gone = r.VmState.DESTROYED
    cache.put("vm", [make_vm(number, gone, destroyed_at=NOW) for number in (21, 22)])
    window.go("recycle_bin")
    page = window.page("recycle_bin")
    assert isinstance(page, RecycleBinPage)
    machine = machine_of(cache)
    qtbot.waitUntil(lambda: page.goes(machine) != "–")
    return page


def sheet_of(window: MainWindow, qtbot: QtBot) -> ExpungeSheet:
    """The sheet that asks."""
    qtbot.waitUntil(lambda: any(one.isVisible() for one in window.findChildren(ExpungeSheet)))
    (found,) = [one for one in window.findChildren(ExpungeSheet) if one.isVisible()]
    return found


@pytest.mark.parametrize(
    ("action", "request_fields"),
    [
        ("stop", {"action": "stop"}),
        ("reboot", {"action": "reboot"}),
        ("pause", {"action": "pause"}),
        ("force_stop", {"action": "stop", "force": True}),
        ("destroy", {"action": "destroy"}),
    ],
)
def test_a_selection_is_one_request(
    window: MainWindow,
    service: Operations,
    qtbot: QtBot,
    action: str,
    request_fields: dict[str, Any],
) -> None:
    choose(window, "vm", IDS).qactions[action].trigger()
    asked = ("vm.bulk", {**request_fields, "ids": IDS})
    qtbot.waitUntil(lambda: service.changes() == [asked])


def test_the_notice_leads_to_the_job(window: MainWindow, service: Operations, qtbot: QtBot) -> None:
    choose(window, "vm", IDS).qactions["stop"].trigger()
    qtbot.waitUntil(lambda: bool(window.findChildren(Toast)))
    toast = window.findChildren(Toast)[0]
    assert "2 virtual machines" in toast.accessibleName()
    assert toast.action_button is not None
    toast.action_button.click()
    page = window.page("job")
    assert isinstance(page, ResourcePage)
    assert [one.id for one in page.selection()] == [job_id(77)]


def test_very_many_go_in_several_requests(
    window: MainWindow, service: Operations, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vm_bulk, "MOST", 2)
    ids = [make_id(number) for number in (1, 2, 3)]
    choose(window, "vm", ids).qactions["stop"].trigger()
    qtbot.waitUntil(lambda: len(service.changes()) == 2)
    assert [fields["ids"] for _, fields in service.changes()] == [ids[:2], ids[2:]]


def test_undo_waits_for_the_job_and_recovers_all(
    window: MainWindow, service: Operations, cache: Cache, qtbot: QtBot
) -> None:
    choose(window, "vm", IDS).qactions["destroy"].trigger()
    qtbot.waitUntil(lambda: bool(window.findChildren(Toast)))
    undo = window.findChildren(Toast)[0].action_button
    assert undo is not None
    undo.click()
    qtbot.waitUntil(lambda: cache.get("job", job_id(77)) is not None)
    assert len(service.changes()) == 1
    asyncio.get_event_loop().call_soon(
        lambda: cache.put("job", [make_job(77, r.JobState.SUCCEEDED, operation="vm.bulk")])
    )
    asked = ("vm.bulk", {"action": "recover", "ids": IDS})
    qtbot.waitUntil(lambda: service.changes()[1:] == [asked])


def test_only_destroyed_machines_are_in_the_bin(bin_page: RecycleBinPage, cache: Cache) -> None:
    ids = {vm.id for vm in bin_page.model.resources()}
    assert ids == {make_id(14), *BINNED}
    cache.put("vm", [make_vm(21, r.VmState.STOPPED)])
    assert bin_page.model.row_of(make_id(21)) < 0
    cache.put("vm", [make_vm(1, r.VmState.DESTROYED, destroyed_at=NOW)])
    assert bin_page.model.row_of(make_id(1)) >= 0


def test_it_says_when_machines_go(
    bin_page: RecycleBinPage, service: Operations, cache: Cache, qtbot: QtBot
) -> None:
    machine = machine_of(cache)
    assert bin_page.goes(machine) == texts.minute(NOW + timedelta(days=1))
    shown = bin_page.model.index(bin_page.model.row_of(BINNED[0]), 3)
    assert shown.data() == texts.minute(NOW + timedelta(days=1))
    for policy, words in (("never", "kept for ever"), ("direct", "not by itself")):
        service.settings = rules(policy)
        bin_page.hide()
        bin_page.show()
        qtbot.waitUntil(lambda words=words: words in bin_page.goes(machine))


def test_several_are_recovered_at_once(
    window: MainWindow, bin_page: RecycleBinPage, service: Operations, qtbot: QtBot
) -> None:
    choose(window, "recycle_bin", BINNED).qactions["recover"].trigger()
    qtbot.waitUntil(
        lambda: service.changes() == [("vm.bulk", {"action": "recover", "ids": BINNED})]
    )


def test_several_are_deleted_for_good_after_typing(
    window: MainWindow, bin_page: RecycleBinPage, service: Operations, qtbot: QtBot
) -> None:
    choose(window, "recycle_bin", BINNED).qactions["expunge"].trigger()
    sheet = sheet_of(window, qtbot)
    assert any("web-21, web-22" in one.text() for one in sheet.findChildren(QLabel))
    QTest.keyClick(sheet.field, Qt.Key.Key_Return)
    assert service.changes() == []
    sheet.field.setText("2 virtual machines")
    QTest.keyClick(sheet.field, Qt.Key.Key_Return)
    qtbot.waitUntil(
        lambda: service.changes() == [("vm.bulk", {"action": "expunge", "ids": BINNED})]
    )


def test_consequences_come_from_the_service_and_refusals_stay_in_place(
    window: MainWindow, bin_page: RecycleBinPage, service: Operations, qtbot: QtBot
) -> None:
    item = results.Consequence(
        kind="volume",
        id=make_id(5),
        name="data-5",
        effect="deleted",
        depth=1,
        because_kind="vm",
        because_id=BINNED[0],
    )
    service.consequences = results.Consequences(items=[item], counts={"volume": 1}, refused=False)
    service.refusals["vm.expunge"] = Conflict("vm.kept_for_ever", name="web-21")
    choose(window, "recycle_bin", BINNED[:1]).qactions["expunge"].trigger()
    sheet = sheet_of(window, qtbot)
    qtbot.waitUntil(lambda: any("data-5" in one.text() for one in sheet.findChildren(QLabel)))
    sheet.field.setText("web-21")
    QTest.keyClick(sheet.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "stays in the recycle bin" in sheet.error.text())
    assert sheet.isVisible()


def test_pictures(
    told: tuple[MainWindow, str], service: Operations, cache: Cache, qtbot: QtBot
) -> None:
    window, language = told
    service.settings = rules("delay")
    gone = r.VmState.DESTROYED
    cache.put("vm", [make_vm(number, gone, destroyed_at=NOW) for number in (21, 22)])
    window.show()
    page = choose(window, "recycle_bin", BINNED[:1])
    assert isinstance(page, RecycleBinPage)
    qtbot.waitUntil(lambda: page.goes(machine_of(cache)) != "–")
    image = take(window, f"recycle-bin-{language}")
    assert not is_blank(image)
    assert clipped(window) == []
