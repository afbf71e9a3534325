"""Editing and deleting from the lists: consequences first, refusals in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from appliance.protocol import resources as r
from appliance.protocol import results
from appliance.protocol.errors import Conflict
from desktop.main_window.window import MainWindow
from desktop.net.cache import Cache
from desktop.pages.sheets.deleting import DeleteSheet
from desktop.pages.sheets.form_sheet import FormSheet
from tests.gui.samples import NOW, make_id
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar, trigger

DELETED = {
    "instance_offering": make_id(900_020),
    "affinity_group": make_id(900_025),
    "image": make_id(900_010),
    "network": make_id(900_030),
    "primary_storage": make_id(900_040),
    "image_store": make_id(900_050),
}
# Networks, clusters and hosts have sheets of their own (test_network_edit.py, test_host_limits.py).
EDITED = {kind: ref for kind, ref in DELETED.items() if kind != "network"} | {
    "zone": make_id(900_001),
    "vm": make_id(1),
}

# What saving confirms along with name and description.
BESIDE = {"image": {"kind": "root", "platform": "linux", "firmware": "bios"}}


def sheet_of(window: MainWindow, kind: type[Any], qtbot: QtBot) -> Any:
    """The one sheet of a class that is open."""
    qtbot.waitUntil(lambda: any(one.isVisible() for one in window.findChildren(kind)))
    (found,) = [one for one in window.findChildren(kind) if one.isVisible()]
    return found


def words(sheet: DeleteSheet) -> str:
    """All that it says."""
    return "\n".join(label.text() for label in sheet.findChildren(QLabel) if label.isVisible())


def is_gone(sheet: Any) -> bool:
    """Whether a sheet has been left."""
    return not shiboken6.isValid(sheet) or not sheet.isVisible()


@pytest.mark.parametrize("kind", EDITED)
def test_name_and_description_are_changed(
    window: MainWindow, registrar: Registrar, qtbot: QtBot, kind: str
) -> None:
    trigger(window, kind, "rename", EDITED[kind])
    sheet = sheet_of(window, FormSheet, qtbot)
    assert not sheet.isModal()
    sheet.form.name.setText("other")
    sheet.form.description.setText("words")
    sheet.form.touched()
    assert f"update {EDITED[kind]} --name other" in sheet.footer.equivalent.text()
    QTest.keyClick(sheet.form.name, Qt.Key.Key_Return)
    asked = {"id": EDITED[kind], "name": "other", "description": "words"} | BESIDE.get(kind, {})
    qtbot.waitUntil(lambda: registrar.changes() == [(f"{kind}.update", asked)])
    qtbot.waitUntil(lambda: is_gone(sheet))


def test_a_refused_name_is_told_in_place(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    registrar.refusals["image.update"] = Conflict(
        "request.bad_value", field="name", name="name", value="x", reason="too long"
    )
    trigger(window, "image", "rename", EDITED["image"])
    sheet = sheet_of(window, FormSheet, qtbot)
    QTest.keyClick(sheet.form.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(sheet.error.text()))
    assert sheet.form.name.accessibleDescription()
    assert sheet.isVisible()


@pytest.mark.parametrize("kind", DELETED)
def test_deleting_wants_the_name_and_asks_the_service(
    window: MainWindow, registrar: Registrar, cache: Cache, qtbot: QtBot, kind: str
) -> None:
    trigger(window, kind, "delete", DELETED[kind])
    sheet = sheet_of(window, DeleteSheet, qtbot)
    assert not sheet.button.isEnabled()
    QTest.keyClick(sheet.field, Qt.Key.Key_Return)
    assert registrar.changes() == []
    sheet.field.setText(cache.name(kind, DELETED[kind]))
    QTest.keyClick(sheet.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: registrar.changes() == [(f"{kind}.delete", {"id": DELETED[kind]})])
    qtbot.waitUntil(lambda: is_gone(sheet))


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("instance_offering", "Virtual machines that keep their size: 14."),
        ("image", "Virtual machines that keep their disks: 14."),
        ("network", "In the way: virtual machines that use it: 14."),
        ("primary_storage", "In the way: disks that are on it: 14."),
        ("image_store", "In the way: images that are in it: 1."),
    ],
)
def test_consequences_are_told_before(
    window: MainWindow, qtbot: QtBot, kind: str, sentence: str
) -> None:
    trigger(window, kind, "delete", DELETED[kind])
    said = words(sheet_of(window, DeleteSheet, qtbot))
    assert sentence in said
    can_come_back = kind == "image"  # from the recycle bin
    assert ("Nobody can bring it back." in said) is not can_come_back
    assert ("It can be brought back" in said) is can_come_back


def consequence(number: int, kind: str, effect: Any, name: str) -> results.Consequence:
    """What happens to something else."""
    ref = make_id(300_000 + number)
    return results.Consequence(
        id=ref, kind=kind, name=name, effect=effect, depth=1, because_kind="x", because_id=ref
    )


def test_the_service_says_what_happens_to_others(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    registrar.preview = [
        *(consequence(n, "vm", "refuses", f"db-{n}") for n in range(1, 6)),
        consequence(9, "volume", "deleted", "root"),
    ]
    trigger(window, "network", "delete", DELETED["network"])
    sheet = sheet_of(window, DeleteSheet, qtbot)
    qtbot.waitUntil(lambda: "db-1" in words(sheet))
    said = words(sheet)
    assert "•  In the way (virtual machine): db-1, db-2, db-3 and 2 more." in said
    assert "•  Deleted as well (volume): root." in said
    assert "•  Nobody can bring it back." in said
    assert "In the way: virtual machines" not in said
    QApplication.processEvents()
    assert clipped(sheet) == []


def test_a_refusal_is_shown_in_place_and_it_can_be_tried_again(
    window: MainWindow, registrar: Registrar, cache: Cache, qtbot: QtBot
) -> None:
    registrar.refusals["network.delete"] = Conflict(
        "resource.in_use", name="private", count=14, users="vm"
    )
    trigger(window, "network", "delete", DELETED["network"])
    sheet = sheet_of(window, DeleteSheet, qtbot)
    sheet.field.setText("private")
    sheet.button.click()
    qtbot.waitUntil(lambda: "14" in sheet.error.text())
    assert sheet.isVisible()
    assert sheet.button.isEnabled()
    registrar.refusals.clear()
    sheet.button.click()
    qtbot.waitUntil(lambda: is_gone(sheet))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_sheets_have_no_clipped_text(
    window: MainWindow,
    registrar: Registrar,
    qtbot: QtBot,
    look: Callable[[str, str], None],
    language: str,
) -> None:
    look(language, "dark" if language == "en" else "light")
    registrar.refusals["network.delete"] = Conflict(
        "resource.in_use", name="private", count=14, users="vm"
    )
    trigger(window, "network", "delete", DELETED["network"])
    sheet = sheet_of(window, DeleteSheet, qtbot)
    sheet.field.setText("private")
    sheet.button.click()
    qtbot.waitUntil(lambda: bool(sheet.error.text()))
    for _ in range(5):
        QApplication.processEvents()
    take(sheet, f"sheet-delete-{language}")
    assert clipped(sheet) == []
    trigger(window, "vm", "rename", make_id(1))
    edit = sheet_of(window, FormSheet, qtbot)
    take(edit, f"sheet-edit-{language}")
    assert clipped(edit) == []


def test_a_machine_is_put_into_a_group(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    cache = window.cache
    (vm,) = [one for one in cache.all("vm") if one.id == make_id(1)]
    (group,) = cache.all("affinity_group")
    cache.put("affinity_group", [msgspec.structs.replace(group, owner_id=vm.owner_id)])
    trigger(window, "vm", "affinity", vm.id)
    sheet = sheet_of(window, FormSheet, qtbot)
    assert sheet.form.group.currentData() == ""
    sheet.form.group.setCurrentIndex(1)
    take(sheet, "affinity-member")
    assert clipped(sheet) == []
    QTest.mouseClick(sheet.footer.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    expected = ("vm.set_affinity_group", {"id": vm.id, "affinity_group_id": group.id})
    assert registrar.changes() == [expected]


def test_images_come_back_from_the_recycle_bin_or_go_for_good(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    cache = window.cache
    (image,) = cache.all("image")
    before = cache.count("image")
    gone = msgspec.structs.replace(
        image, id=make_id(900_011), status=r.ImageStatus.DELETED, deleted_at=NOW
    )
    cache.put("image", [gone])
    assert cache.count("image") == before
    trigger(window, "image_bin", "recover", gone.id)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    assert registrar.changes() == [("image.recover", {"id": gone.id})]
    trigger(window, "image_bin", "delete", gone.id)
    sheet = sheet_of(window, DeleteSheet, qtbot)
    assert "Nobody can bring it back." in words(sheet)
    sheet.field.setText(gone.name)
    QTest.mouseClick(sheet.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(registrar.changes()) == 2)
    assert registrar.changes()[1] == ("image.expunge", {"id": gone.id})
