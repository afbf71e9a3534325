"""The inside of a machine in the client: what its guest tells, and a password for it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from appliance.protocol import resources as r
from appliance.protocol.guests import GuestFileSystem, GuestInfo, GuestNic
from desktop.main_window.window import MainWindow
from desktop.pages.sheets.form_sheet import FormSheet
from desktop.pages.sheets.guest_password import show_password
from desktop.pages.sheets.reimage import show_change_image, show_reimage
from desktop.pages.sheets.start_data import show_start_data
from tests.gui.samples import make_id, make_vm
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar
from tests.gui.sheets.test_changing import sheet_of
from tests.gui.sheets.test_creating import press

GiB = 1024**3
TOLD = GuestInfo(
    is_answering=True,
    hostname="web-1",
    os="Debian GNU/Linux 13 (trixie)",
    kernel="6.12.0-cloud-amd64",
    nics=[
        GuestNic(name="lo", mac="", addresses=["127.0.0.1/8"]),
        GuestNic(name="ens3", mac="0a:00:00:00:00:01", addresses=["10.0.0.12/24", "fd00::c/64"]),
    ],
    file_systems=[
        GuestFileSystem(mount_point="/", kind="ext4", total_bytes=20 * GiB, used_bytes=3 * GiB)
    ],
)


def overview(window: MainWindow, vm: r.Vm) -> Any:
    window.cache.put("vm", [vm])
    window.go("vm", vm.id)
    page: Any = window.page("vm")
    window.resize(1440, 900)
    page._splitter.setSizes([260, 480])
    QApplication.processEvents()
    return page.detail


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_a_guest_tells_is_below_the_facts(
    window: MainWindow, registrar: Registrar, qtbot: QtBot, look: Any, language: str
) -> None:
    look(language, "light")
    registrar.answers["vm.guest_info"] = TOLD
    detail = overview(window, make_vm(1))
    qtbot.waitUntil(detail.guest.isVisible)
    shown = [label.text() for label in detail.guest.facts._values]
    assert TOLD.os in shown
    assert "ens3: 10.0.0.12/24, fd00::c/64" in shown
    take(window, f"vm-guest-{language}")
    assert clipped(detail.guest) == []


def test_a_guest_without_an_agent_says_what_is_missing(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    registrar.answers["vm.guest_info"] = GuestInfo(is_answering=False)
    vm = make_vm(1)
    detail = overview(window, vm)
    qtbot.waitUntil(detail.guest.isVisible)
    assert detail.guest.silence.isVisible()
    assert not detail.guest.facts.isVisible()
    # One that is off is not asked.
    registrar.asked.clear()
    overview(window, make_vm(2, state=r.VmState.STOPPED))
    QApplication.processEvents()
    assert not detail.guest.isVisible()
    assert registrar.asked == []


def test_a_password_is_set_once_it_is_typed_twice(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    vm = make_vm(1)
    window.cache.put("vm", [vm])
    show_password(window.shell, vm)
    sheet = sheet_of(window, FormSheet, qtbot)
    form: Any = sheet.form
    assert form.user.text() == "root"
    assert not sheet.footer.go.isEnabled()
    form.password.setText("correct horse")
    form.again.setText("correct house")
    form.touched()
    assert not sheet.footer.go.isEnabled()
    form.again.setText("correct horse")
    form.touched()
    take(sheet, "guest-password")
    assert clipped(sheet) == []
    # What can be copied as a command or a call does not show it.
    assert "correct horse" not in sheet.footer.equivalent.text()
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    assert registrar.changes() == [
        ("vm.set_password", {"id": vm.id, "user": "root", "password": "correct horse"})
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_start_up_data_is_changed_and_secrets_stay_unseen(
    window: MainWindow, registrar: Registrar, qtbot: QtBot, look: Any, language: str
) -> None:
    look(language, "light")
    vm = make_vm(1, hostname="web", cloud_init="seed", has_user_data=True)
    window.cache.put("vm", [vm])
    show_start_data(window.shell, vm)
    sheet = sheet_of(window, FormSheet, qtbot)
    form: Any = sheet.form
    assert sheet.body() == {
        "id": vm.id,
        "hostname": "web",
        "cloud_init": "seed",
        "ssh_public_key": vm.ssh_public_key,
    }
    form.replace.setChecked(True)
    form.user_data.setPlainText("#!/bin/sh\n")
    form.hostname.setText("db")
    form.touched()
    take(sheet, f"start-data-{language}")
    assert clipped(sheet) == []
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    ((operation, fields),) = registrar.changes()
    assert operation == "vm.update"
    assert (fields["user_data"], fields["hostname"]) == ("#!/bin/sh\n", "db")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_root_disk_is_made_anew_only_if_the_name_is_typed(
    window: MainWindow, registrar: Registrar, qtbot: QtBot, look: Any, language: str
) -> None:
    look(language, "light")
    vm = make_vm(1, state=r.VmState.STOPPED)
    window.cache.put("vm", [vm])
    show_reimage(window.shell, vm)
    sheet = sheet_of(window, FormSheet, qtbot)
    form: Any = sheet.form
    assert not sheet.footer.go.isEnabled()
    form.consent.setText("web")
    form.touched()
    assert not sheet.footer.go.isEnabled()
    form.consent.setText(vm.name)
    form.touched()
    take(sheet, f"reimage-{language}")
    assert clipped(sheet) == []
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    assert registrar.changes() == [("vm.reimage", {"id": vm.id})]


def test_another_image_is_chosen_with_a_size_that_fits(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    vm = make_vm(1, state=r.VmState.STOPPED)
    (image,) = window.cache.all("image")
    large = msgspec.structs.replace(
        image, id=make_id(900_011), name="large", virtual_size_bytes=30 * GiB
    )
    window.cache.put("vm", [vm])
    window.cache.put("image", [image, large])
    show_change_image(window.shell, vm)
    sheet = sheet_of(window, FormSheet, qtbot)
    form: Any = sheet.form
    form.consent.setText(vm.name)
    form.image.setCurrentIndex(form.image.findData(large.id))
    form.size_field.setValue(10)
    assert not sheet.footer.go.isEnabled()
    form.size_field.setValue(0)
    form.touched()
    take(sheet, "change-image")
    assert clipped(sheet) == []
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    assert registrar.changes() == [("vm.change_image", {"id": vm.id, "image_id": large.id})]


def with_disc(window: MainWindow) -> r.Image:
    """A disc among the images."""
    (image, *_) = window.cache.all("image")
    disc = msgspec.structs.replace(image, id=make_id(900_012), name="debian-13.iso", kind="iso")
    window.cache.put("image", [disc])
    return disc


@pytest.mark.parametrize("language", ["en", "zh"])
def test_drives_are_below_the_disks(
    window: MainWindow, registrar: Registrar, qtbot: QtBot, look: Any, language: str
) -> None:
    look(language, "light")
    disc = with_disc(window)
    vm = make_vm(1, cds=[r.CdDrive(slot=0, image_id=disc.id, image_name=disc.name)])
    detail = overview(window, vm)
    detail.tabs.choose(detail.pages.indexOf(detail.disks))
    first, second = detail.disks.drives.rows
    assert first.content.text() == "debian-13.iso"
    assert (first.eject.isVisible(), first.insert.isVisible()) == (True, False)
    assert (second.eject.isVisible(), second.insert.isVisible()) == (False, True)
    take(window, f"vm-drives-{language}")
    assert clipped(detail.disks) == []
    first.force.click()
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    assert registrar.changes() == [("vm.detach_iso", {"id": vm.id, "slot": 0, "force": True})]
    registrar.asked.clear()
    second.insert.click()
    sheet = sheet_of(window, FormSheet, qtbot)
    take(sheet, f"insert-disc-{language}")
    assert clipped(sheet) == []
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    fields = {"id": vm.id, "slot": 1, "image_id": disc.id}
    assert registrar.changes() == [("vm.attach_iso", fields)]
    window.cache.put("vm", [msgspec.structs.replace(vm, state=r.VmState.STARTING)])
    assert not first.eject.isEnabled()
    assert first.eject.toolTip()
