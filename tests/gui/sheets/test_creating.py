"""Making offerings, images, networks and storages from the pages that list them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from appliance.protocol.errors import Conflict, ErrorBody, Unavailable
from appliance.protocol.operations import OPERATIONS
from desktop.main_window.window import MainWindow
from desktop.net.bridge import Bridge
from desktop.net.cache import Cache
from desktop.pages.sheets.form_sheet import FormSheet
from desktop.pages.sheets.transfer import TransferSheet
from tests.gui.samples import infrastructure, make_id
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar, Shown

CREATED = {
    "instance_offering": "instance_offering.create",
    "affinity_group": "affinity_group.create",
    "security_group": "security_group.create",
    "group": "group.create",
    "image": "image.create",
    "network": "network.create",
    "primary_storage": "primary_storage.create",
    "image_store": "image_store.create",
}


def press(sheet: FormSheet) -> None:
    """Do it."""
    assert sheet.footer.go.isEnabled()
    QTest.mouseClick(sheet.footer.go, Qt.MouseButton.LeftButton)


def is_gone(sheet: FormSheet) -> bool:
    """Whether a sheet has been left."""
    return not shiboken6.isValid(sheet) or not sheet.isVisible()


def only_change(registrar: Registrar) -> tuple[str, dict[str, Any]]:
    """The one thing that was asked for."""
    (found,) = registrar.changes()
    return found


@pytest.mark.parametrize("kind", CREATED)
def test_what_is_proposed_is_a_whole_request(
    shown: Shown, registrar: Registrar, qtbot: QtBot, kind: str
) -> None:
    sheet = shown(kind)
    if kind == "image":
        form: Any = sheet.form
        form.url.setText("https://images.example/small.qcow2")
        form.touched()
    QTest.keyClick(sheet.form.fields["name"].field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    operation, body = only_change(registrar)
    assert operation == CREATED[kind]
    msgspec.convert(body, OPERATIONS[operation].request)
    qtbot.waitUntil(lambda: is_gone(sheet))


@pytest.mark.parametrize("kind", CREATED)
def test_the_sheet_leaves_the_window_free_and_escape_leaves_it(
    shown: Shown, window: MainWindow, registrar: Registrar, kind: str
) -> None:
    sheet = shown(kind)
    assert not sheet.isModal()
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    assert not sheet.isVisible()
    assert registrar.changes() == []


def test_a_second_asking_brings_the_sheet_to_front(shown: Shown) -> None:
    assert shown("network") is shown("network")


def test_an_offering_is_made_as_typed(shown: Shown, registrar: Registrar, qtbot: QtBot) -> None:
    sheet = shown("instance_offering")
    form: Any = sheet.form
    form.name.setText("large")
    form.cpus.setValue(8)
    form.memory.setValue(16 * 1024)
    assert "anyun instance-offering create" in sheet.footer.equivalent.text()
    assert "--cpu-count 8" in sheet.footer.equivalent.text()
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    _, body = only_change(registrar)
    assert (body["name"], body["cpu_count"], body["memory_bytes"]) == ("large", 8, 16 * 1024**3)


def test_a_blank_name_holds_the_button_back(shown: Shown) -> None:
    sheet = shown("instance_offering")
    form: Any = sheet.form
    form.name.clear()
    form.touched()
    assert not sheet.footer.go.isEnabled()
    assert form.name.accessibleDescription() == "Give a name."


def test_a_network_is_proposed_that_overlaps_none(shown: Shown, cache: Cache) -> None:
    known = infrastructure()["network"][0]
    taken = msgspec.structs.replace(known, id=make_id(5), name="network-1", cidr="192.168.0.0/17")
    cache.put("network", [taken])
    form: Any = shown("network").form
    assert form.cidr.text() == "192.168.128.0/24"
    assert form.name.text() == "network-2"
    assert form.dns.text() == "9.9.9.9"


def test_a_physical_network_offers_the_cards_of_the_cluster(
    shown: Shown, registrar: Registrar, qtbot: QtBot
) -> None:
    sheet = shown("network")
    form: Any = sheet.form
    form.kinds.button(form.offered.index("physical")).click()
    assert form.nic.currentData() == "eno1"
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    _, body = only_change(registrar)
    assert (body["kind"], body["physical_interface"]) == ("physical", "eno1")
    assert body["cluster_id"] == make_id(900_002)


def test_what_a_host_finds_is_told_while_typing_and_forbids_making(
    shown: Shown, registrar: Registrar, qtbot: QtBot
) -> None:
    registrar.found["host.check_path"] = ErrorBody(
        code="path.not_writable", field="path", params={"path": "/srv", "reason": "Read-only"}
    )
    sheet = shown("primary_storage")
    form: Any = sheet.form
    qtbot.waitUntil(lambda: "Read-only" in form.path.accessibleDescription())
    press(sheet)
    qtbot.waitUntil(lambda: bool(sheet.error.text()))
    assert registrar.changes() == []
    registrar.found.clear()
    form.path.setText("/srv/disks")
    form.touched()
    qtbot.waitUntil(lambda: "7 GiB" in form.fields["path"].note())
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))


@pytest.mark.parametrize(
    "refusal",
    [
        Conflict("path.taken", field="path", path="/srv", name="images-1"),
        Unavailable("host.not_connected", name="node-a"),
        ConnectionResetError(104, "Connection reset by peer"),
    ],
)
def test_a_refusal_is_shown_in_place_and_it_can_be_tried_again(
    shown: Shown, registrar: Registrar, qtbot: QtBot, refusal: Any
) -> None:
    registrar.refusals["image_store.create"] = refusal
    sheet = shown("image_store")
    press(sheet)
    qtbot.waitUntil(lambda: bool(sheet.error.text()))
    assert sheet.isVisible()
    registrar.refusals.clear()
    press(sheet)
    qtbot.waitUntil(lambda: is_gone(sheet))
    first, second = registrar.changes()
    assert first == second  # with the same id: nothing is made twice


def test_several_clusters_are_offered(shown: Shown, cache: Cache) -> None:
    assert not shown("network").choices["cluster_id"].isVisible()
    cluster = infrastructure()["cluster"][0]
    cache.put("cluster", [msgspec.structs.replace(cluster, id=make_id(6), name="Cluster-2")])
    shown("network").close()
    sheet = shown("network")
    box = sheet.choices["cluster_id"]
    assert box.isVisible()
    box.setCurrentIndex(1)
    assert sheet.body()["cluster_id"] == make_id(6)
    form: Any = sheet.form
    assert form.nic.count() == 0  # no host is in there


def test_without_an_image_store_it_says_what_to_make_first(
    shown: Shown, fill: Callable[..., None]
) -> None:
    cloud = infrastructure()
    cloud["image_store"] = []
    fill(cloud)
    sheet = shown("image")
    assert not sheet.footer.go.isEnabled()
    assert "first" in sheet.choices["image_store_id"].accessibleDescription()


def test_a_file_is_sent_with_progress(
    shown: Shown, registrar: Registrar, qtbot: QtBot, bridge: Bridge, tmp_path: Path
) -> None:
    file = tmp_path / "disk.qcow2"
    file.write_bytes(b"QFI\xfb" + b"\0" * 4092)
    gate = registrar.gate = asyncio.Event()
    sheet = shown("image")
    form: Any = sheet.form
    form.choose_source("upload")
    form.file.setText(str(file))
    form.touched()
    assert f"anyun image upload {file}" in sheet.footer.equivalent.text()
    window = sheet.shell.window
    press(sheet)
    moving = transfer_of(window, qtbot)
    qtbot.waitUntil(lambda: moving.bar.value() == 25)
    moving.close()  # hides: the file is sent all the same
    assert not moving.isVisible()

    async def open_gate() -> None:
        gate.set()

    gone: list[bool] = []
    moving.destroyed.connect(lambda *_: gone.append(True))
    bridge.submit(open_gate()).result(timeout=5)
    qtbot.waitUntil(lambda: bool(gone))
    _, body = only_change(registrar)
    assert (body["source"], body["size_bytes"]) == ("upload", 4096)
    assert registrar.sent == [(body["id"], file)]


def transfer_of(window: Any, qtbot: QtBot) -> TransferSheet:
    """The sheet of the one file that is on its way."""
    qtbot.waitUntil(lambda: bool(window.findChildren(TransferSheet)))
    return window.findChildren(TransferSheet)[0]


def test_an_upload_that_fails_brings_the_sheet_back(
    shown: Shown, registrar: Registrar, qtbot: QtBot, bridge: Bridge, tmp_path: Path
) -> None:
    file = tmp_path / "disk.qcow2"
    file.write_bytes(b"QFI\xfb" + b"\0" * 4092)
    gate = registrar.gate = asyncio.Event()
    registrar.refusals["upload"] = ConnectionResetError(104, "Connection reset by peer")
    sheet = shown("image")
    form: Any = sheet.form
    form.choose_source("upload")
    form.file.setText(str(file))
    form.touched()
    window = sheet.shell.window
    press(sheet)
    moving = transfer_of(window, qtbot)
    moving.close()  # hides
    assert not moving.isVisible()

    async def open_gate() -> None:
        gate.set()

    bridge.submit(open_gate()).result(timeout=5)
    qtbot.waitUntil(moving.isVisible)
    assert moving.error.text()
    registrar.refusals.clear()
    moving.pause.click()
    qtbot.waitUntil(lambda: bool(registrar.sent))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", CREATED)
def test_sheets_have_no_clipped_text(
    shown: Shown, look: Callable[[str, str], None], language: str, kind: str
) -> None:
    look(language, "light" if language == "en" else "dark")
    sheet = shown(kind)
    sheet.footer.api.setChecked(True)
    for _ in range(5):
        QApplication.processEvents()
    take(sheet, f"sheet-{kind}-{language}")
    assert clipped(sheet) == []


def test_a_group_is_made_as_chosen(shown: Shown, registrar: Registrar, qtbot: QtBot) -> None:
    sheet = shown("affinity_group")
    form: Any = sheet.form
    form.name.setText("database")
    form.policy.setCurrentIndex(form.policy.findData("affinity"))
    form.required.setChecked(True)
    assert "anyun affinity-group create" in sheet.footer.equivalent.text()
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    _, body = only_change(registrar)
    assert (body["name"], body["policy"], body["is_required"]) == ("database", "affinity", True)
