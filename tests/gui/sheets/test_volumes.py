"""Volumes in the client: made, attached, grown, limited, detached, and thrown away."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from appliance.protocol import resources as r
from appliance.protocol.errors import Conflict
from desktop.main_window.window import MainWindow
from desktop.pages.sheets.form_sheet import FormSheet
from desktop.pages.sheets.volumes import machines_for
from desktop.pages.vm_disks import DisksTab
from tests.gui.samples import make_id
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar, Shown, trigger
from tests.gui.sheets.test_changing import sheet_of
from tests.gui.sheets.test_creating import press

GiB = 1024**3
DATA = make_id(900_070)


def sample(window: MainWindow) -> r.Volume:
    volume = window.cache.get("volume", DATA)
    assert volume is not None
    return volume


def changed(window: MainWindow, **changes: Any) -> r.Volume:
    """The sample's volume, otherwise."""
    one = msgspec.structs.replace(sample(window), **changes)
    window.cache.put("volume", [one])
    return one


def reasons(window: MainWindow) -> dict[str, str]:
    """Why the actions on the sample's volume do not fit."""
    window.go("volume", DATA)
    page: Any = window.page("volume")
    volume = sample(window)
    return {one.name: one.reason(volume) for one in page.actions_declared}


def running(window: MainWindow) -> r.Vm:
    return next(vm for vm in window.cache.all("vm") if vm.state is r.VmState.RUNNING)


def test_a_volume_is_made(
    window: MainWindow, shown: Shown, registrar: Registrar, qtbot: QtBot
) -> None:
    sheet: Any = shown("volume")
    sheet.form.size_field.setValue(30)
    assert "anyun volume create" in sheet.footer.equivalent.text()
    assert not clipped(sheet)
    take(sheet, "volume-create")
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    ((operation, body),) = registrar.changes()
    assert (operation, body["name"], body["size_bytes"]) == ("volume.create", "data-2", 30 * GiB)


def test_only_machines_of_its_host_are_offered(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    volume = sample(window)
    here = machines_for(window.cache, volume)
    assert here
    assert all(vm.state in ("running", "paused", "stopped") for vm in here)
    assert machines_for(window.cache, msgspec.structs.replace(volume, host_id="other")) == []
    assert machines_for(window.cache, msgspec.structs.replace(volume, owner_id="other")) == []
    anywhere = msgspec.structs.replace(volume, host_id=None)
    assert machines_for(window.cache, anywhere) == here
    trigger(window, "volume", "attach", DATA)
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    chosen = sheet.form.vm.currentData()
    words = " ".join(label.text() for label in sheet.form.findChildren(QLabel))
    assert "node-a" in words
    assert not clipped(sheet)
    take(sheet, "volume-attach")
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    assert registrar.changes() == [("volume.attach", {"id": DATA, "vm_id": chosen})]


def test_it_grows_and_is_limited(window: MainWindow, registrar: Registrar, qtbot: QtBot) -> None:
    trigger(window, "volume", "grow", DATA)
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    assert sheet.form.size_field.minimum() == 21
    sheet.form.size_field.setValue(40)
    assert not clipped(sheet)
    take(sheet, "volume-grow")
    press(sheet)
    qtbot.waitUntil(lambda: len(registrar.changes()) == 1)
    assert registrar.changes() == [("volume.resize", {"id": DATA, "size_bytes": 40 * GiB})]
    qtbot.waitUntil(lambda: not sheets(window))
    trigger(window, "volume", "limit", DATA)
    sheet = sheet_of(window, FormSheet, qtbot)
    fields = sheet.form.fields_by_name
    assert (fields["read_iops"][0].value(), fields["write_bytes_s"][0].value()) == (500, 20)
    fields["read_iops"][0].setValue(0)
    assert not clipped(sheet)
    take(sheet, "volume-limits")
    press(sheet)
    qtbot.waitUntil(lambda: len(registrar.changes()) == 2)
    limits = {"read_iops": 0, "write_iops": 0, "read_bytes_s": 0, "write_bytes_s": 20 * 1024**2}
    assert registrar.changes()[1] == ("volume.set_limits", {"id": DATA} | limits)


def sheets(window: MainWindow) -> list[FormSheet]:
    return [one for one in window.findChildren(FormSheet) if one.isVisible()]


def test_a_refusal_is_shown_in_place(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    names = {"name": "data-1", "host": "node-a", "vm": "web-1", "other": "node-b"}
    registrar.refusals["volume.attach"] = Conflict("volume.elsewhere", field="vm_id", **names)
    trigger(window, "volume", "attach", DATA)
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    press(sheet)
    qtbot.waitUntil(lambda: "node-b" in sheet.form.fields["vm_id"].note())


def test_actions_say_why_they_do_not_fit(window: MainWindow) -> None:
    found = reasons(window)
    assert {name for name, reason in found.items() if reason} == {"detach"}
    vm = running(window)
    changed(window, vm_id=vm.id, vm_name=vm.name)
    found = reasons(window)
    assert {name for name, reason in found.items() if reason} == {"attach", "delete"}
    assert vm.name in found["attach"]
    paused = msgspec.structs.replace(vm, state=r.VmState.PAUSED)
    window.cache.put("vm", [paused])
    assert {name for name, reason in reasons(window).items() if reason} == {
        *("attach", "delete", "detach")
    }
    changed(window, status=r.VolumeStatus.CHANGING)
    busy = {name for name, reason in reasons(window).items() if reason}
    assert busy == {"attach", "detach", "grow", "limit", "move", "image", "delete"}


def test_it_is_detached(window: MainWindow, registrar: Registrar, qtbot: QtBot) -> None:
    vm = running(window)
    changed(window, vm_id=vm.id, vm_name=vm.name)
    trigger(window, "volume", "detach", DATA)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    assert registrar.changes() == [("volume.detach", {"id": DATA})]


def test_a_machine_shows_its_disks_and_what_can_be_done(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    vm = running(window)
    data = changed(window, vm_id=vm.id, vm_name=vm.name)
    vm = msgspec.structs.replace(vm, volumes=[*vm.volumes, data])
    window.cache.put("vm", [vm])
    window.go("vm", vm.id)
    page: Any = window.page("vm")
    tab: DisksTab = page.detail.disks
    page.detail.pages.setCurrentWidget(tab)
    page.detail.tabs.choose(1)
    window.resize(1280, 800)
    assert {one.id for one in tab.model.resources()} == {volume.id for volume in vm.volumes}
    tab.table.select(vm.volumes[0].id)
    assert not tab.qactions["detach"].isEnabled()
    assert tab.qactions["grow"].isEnabled()
    tab.table.select(DATA)
    assert tab.qactions["detach"].isEnabled()
    take(window, "vm-disks")
    assert not clipped(window)
    tab.qactions["detach"].trigger()
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    assert registrar.changes() == [("volume.detach", {"id": DATA})]
    tab.new_button.click()
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    assert sheet.body()["vm_id"] == vm.id


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_volume_is_made_of_an_image_where_somebody_says(
    window: MainWindow,
    shown: Shown,
    registrar: Registrar,
    qtbot: QtBot,
    look: Any,
    language: str,
) -> None:
    look(language, "light")
    (image, *_) = window.cache.all("image")
    data = {"id": make_id(900_991), "name": "records", "kind": "data"}
    records = msgspec.structs.replace(image, **data, virtual_size_bytes=30 * GiB)
    window.cache.put("image", [records])
    sheet: Any = shown("volume")
    form = sheet.form
    form.image.setCurrentIndex(form.image.findData(records.id))
    assert not sheet.footer.go.isEnabled()
    assert form.fields["image_id"].note()
    host = next(iter(window.cache.all("host")))
    form.place.setCurrentIndex(form.place.findData(f"host_id={host.id}"))
    take(sheet, f"volume-create-image-{language}")
    assert not clipped(sheet)
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    ((operation, body),) = registrar.changes()
    assert operation == "volume.create"
    assert (body["image_id"], body["host_id"]) == (records.id, host.id)
    assert body["size_bytes"] == 30 * GiB
