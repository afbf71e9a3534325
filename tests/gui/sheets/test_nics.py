"""The NICs of a machine in its detail: what is shown, done, and why something cannot be done."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from appliance.protocol import resources as r
from appliance.protocol.errors import Conflict
from appliance.protocol.operations import OPERATIONS
from desktop.main_window.window import MainWindow
from desktop.pages.sheets.form_sheet import FormSheet
from desktop.pages.vm_nics import NicsTab, limit_words
from tests.gui.samples import make_id, make_vm
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar
from tests.gui.sheets.test_changing import sheet_of
from tests.gui.sheets.test_creating import only_change, press

PRIVATE, SIDE, BACKUP = make_id(900_030), make_id(900_031), make_id(900_032)
FIRST, SECOND = make_id(800_900), make_id(800_901)


def machine(window: MainWindow, **changes: Any) -> r.Vm:
    """A machine with two NICs; the cloud has three networks."""
    (private,) = window.cache.all("network")
    names = {SIDE: "storage", BACKUP: "backup"}
    more = [msgspec.structs.replace(private, id=ref, name=name) for ref, name in names.items()]
    window.cache.put("network", [private, *more])
    group = window.cache.all("security_group")[0]
    vm = make_vm(1)
    first = msgspec.structs.replace(
        vm.nics[0],
        id=FIRST,
        elastic_address="203.0.113.20",
        security_group_ids=[group.id],
        inbound_bits_per_s=10_000_000,
    )
    second = msgspec.structs.replace(
        vm.nics[0],
        id=SECOND,
        network_id=SIDE,
        network_name="storage",
        address="10.9.0.7",
        mac="0a:00:00:00:00:07",
        is_default=False,
        anti_spoofing=False,
        outbound_bits_per_s=1_500_000_000,
    )
    values = {"nics": [first, second], "owner_id": group.owner_id} | changes
    vm = msgspec.structs.replace(vm, **values)
    window.cache.put("vm", [vm])
    return vm


def tab(window: MainWindow, vm: r.Vm) -> NicsTab:
    window.go("vm", vm.id)
    page: Any = window.page("vm")
    detail = page.detail
    detail.tabs.choose(detail.pages.indexOf(detail.nics))
    assert detail.nics.isVisible()
    return detail.nics


def row(nics: NicsTab, number: int) -> list[str]:
    return [str(nics.model.index(number, column).data()) for column in range(9)]


def reason(nics: NicsTab, action: str) -> str:
    """Why an action is disabled; empty if it is not."""
    qaction = nics.qactions[action]
    return "" if qaction.isEnabled() else qaction.toolTip().partition("\n")[2]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_nic_is_a_line_with_all_it_has(window: MainWindow, look: Any, language: str) -> None:
    look(language, "light")
    nics = tab(window, machine(window))
    shown = sorted([row(nics, 0), row(nics, 1)])
    assert [line[0] for line in shown] == ["private", "storage"]
    assert [line[3] for line in shown] == ["203.0.113.20", "–"]
    assert [line[7:] for line in shown] == [["10 Mbit/s", "–"], ["–", "1.5 Gbit/s"]]
    window.resize(1440, 900)
    page: Any = window.page("vm")
    page._splitter.setSizes([300, 420])
    for _ in range(5):
        QApplication.processEvents()
    take(window, f"vm-nics-{language}")
    assert clipped(nics) == []


def test_what_fits_is_offered_and_the_rest_says_why_not(window: MainWindow) -> None:
    vm = machine(window)
    nics = tab(window, vm)
    assert nics.table.select(FIRST)
    assert reason(nics, "default")
    assert reason(nics, "detach")
    assert not reason(nics, "limits")
    assert nics.table.select(SECOND)
    assert not reason(nics, "default")
    assert not reason(nics, "detach")
    assert reason(nics, "let_spoof")
    assert not reason(nics, "hold")
    assert nics.attach.isEnabled()
    window.cache.put("vm", [msgspec.structs.replace(vm, state=r.VmState.PAUSED)])
    (chosen,) = nics.table.selected()
    assert chosen.id == SECOND
    assert reason(nics, "detach")
    window.cache.put("vm", [msgspec.structs.replace(vm, state=r.VmState.STARTING)])
    assert not nics.attach.isEnabled()
    assert nics.attach.toolTip()
    three = [*vm.nics, msgspec.structs.replace(vm.nics[1], id=make_id(5), network_id=BACKUP)]
    window.cache.put("vm", [msgspec.structs.replace(vm, nics=three)])
    assert nics.model.rowCount() == 3
    assert not nics.attach.isEnabled()


@pytest.mark.parametrize(
    ("action", "operation", "fields"),
    [
        ("default", "vm.set_default_nic", {}),
        ("detach", "vm.detach_nic", {}),
        ("hold", "vm.set_anti_spoofing", {"is_enabled": True}),
    ],
)
def test_actions_are_about_the_chosen_nic(
    window: MainWindow,
    registrar: Registrar,
    qtbot: QtBot,
    action: str,
    operation: str,
    fields: dict[str, Any],
) -> None:
    vm = machine(window)
    nics = tab(window, vm)
    nics.table.select(SECOND)
    nics.qactions[action].trigger()
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    assert registrar.changes() == [(operation, {"id": vm.id, "nic_id": SECOND} | fields)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_nic_is_attached_with_limits(
    window: MainWindow, registrar: Registrar, qtbot: QtBot, look: Any, language: str
) -> None:
    look(language, "light")
    vm = machine(window)
    tab(window, vm).attach.click()
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    form = sheet.form
    assert [form.network.itemData(place) for place in range(form.network.count())] == [BACKUP]
    inbound = form.fields["inbound_bits_per_s"]
    for text in ("fast", "1K", "2T"):
        inbound.field.clear()
        QTest.keyClicks(inbound.field, text)
        assert inbound.note()
        assert not sheet.footer.go.isEnabled()
    inbound.field.clear()
    QTest.keyClicks(inbound.field, "10M")
    QTest.keyClicks(form.address, "10.8.0.9")
    assert "anyun vm attach-nic" in sheet.footer.equivalent.text()
    take(sheet, f"vm-attach-nic-{language}")
    assert not clipped(sheet)
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    operation, body = only_change(registrar)
    assert operation == "vm.attach_nic"
    assert body == {
        "id": vm.id,
        "network_id": BACKUP,
        "address": "10.8.0.9",
        "inbound_bits_per_s": 10_000_000,
    }


def test_a_refused_address_is_said_beside_it(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    registrar.refusals["vm.attach_nic"] = Conflict(
        "network.address_taken", field="address", address="10.8.0.9"
    )
    tab(window, machine(window)).attach.click()
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    press(sheet)
    qtbot.waitUntil(lambda: "10.8.0.9" in sheet.form.fields["address"].note())


def test_limits_of_a_nic_are_changed_and_lifted(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    vm = machine(window)
    nics = tab(window, vm)
    nics.table.select(SECOND)
    nics.qactions["limits"].trigger()
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    outbound = sheet.form.fields["outbound_bits_per_s"].field
    assert outbound.text() == "1.5G"
    outbound.clear()
    QTest.keyClicks(sheet.form.fields["inbound_bits_per_s"].field, "64K")
    take(sheet, "vm-nic-limits")
    assert not clipped(sheet)
    assert "--outbound-bits-per-s none" in sheet.footer.equivalent.text()
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    operation, body = only_change(registrar)
    assert operation == "vm.set_nic_limits"
    request = msgspec.convert(
        {key: value for key, value in body.items() if key != "id"}, OPERATIONS[operation].request
    )
    assert (request.nic_id, request.inbound_bits_per_s, request.outbound_bits_per_s) == (
        SECOND,
        64_000,
        None,
    )


def test_groups_are_those_of_the_chosen_nic(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    vm = machine(window)
    nics = tab(window, vm)
    nics.table.select(SECOND)
    nics.qactions["groups"].trigger()
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    assert not any(box.isChecked() for box in sheet.form.boxes.values())
    group_id = vm.nics[0].security_group_ids[0]
    sheet.form.boxes[group_id].setChecked(True)
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    _, body = only_change(registrar)
    assert body == {"id": vm.id, "nic_id": SECOND, "security_group_ids": [group_id]}


@pytest.mark.parametrize(
    ("bits_per_s", "words"),
    [(None, "–"), (64_000, "64 Kbit/s"), (10**9, "1 Gbit/s"), (1_234_567, "1234.567 Kbit/s")],
)
def test_limits_in_words(bits_per_s: int | None, words: str) -> None:
    assert limit_words(bits_per_s) == words
