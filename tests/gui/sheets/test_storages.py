"""Primary storages of all kinds, how hosts reach them, and their clusters, in the client."""

from __future__ import annotations

from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from desktop.main_window.window import MainWindow
from desktop.pages.sheets.form_sheet import FormSheet
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar, Shown, trigger
from tests.gui.sheets.test_changing import DELETED, sheet_of
from tests.gui.sheets.test_creating import is_gone, only_change, press

ALL = {"path", "export", "options", "pool", "monitors", "user", "key"}


def choose(sheet: Any, kind: str) -> None:
    sheet.form.kind.setCurrentIndex(sheet.form.kind.findData(kind))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_kind_asks_for_what_it_needs(shown: Shown, look: Any, language: str) -> None:
    look(language, "light")
    sheet: Any = shown("primary_storage")
    needed = {
        "local": {"path"},
        "shared": {"path"},
        "nfs": {"export", "options"},
        "ceph": {"pool", "monitors", "user", "key"},
    }
    for kind, fields in needed.items():
        choose(sheet, kind)
        assert {key for key in ALL if not sheet.form.fields[key].isHidden()} == fields
        take(sheet, f"sheet-storage-{kind}-{language}")
        assert clipped(sheet) == []


def test_a_ceph_pool_is_told_by_its_cluster(
    shown: Shown, registrar: Registrar, qtbot: QtBot
) -> None:
    sheet: Any = shown("primary_storage")
    choose(sheet, "ceph")
    assert not sheet.form.review()
    for name, text in (
        ("pool", "vms"),
        ("monitors", "192.0.2.1, 192.0.2.2:6789"),
        ("user", "anyun"),
        ("key", "QUFBQQ=="),
    ):
        getattr(sheet.form, name).setText(text)
    sheet.form.touched()
    press(sheet)
    qtbot.waitUntil(lambda: is_gone(sheet))
    _, body = only_change(registrar)
    assert (body["kind"], body["source"], body["user"]) == ("ceph", "vms", "anyun")
    assert body["monitors"] == ["192.0.2.1", "192.0.2.2:6789"]
    assert "path" not in body


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_storage_goes_into_maintenance(
    window: MainWindow, registrar: Registrar, qtbot: QtBot, look: Any, language: str
) -> None:
    look(language, "light")
    ref = DELETED["primary_storage"]
    trigger(window, "primary_storage", "maintenance", ref)
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    sheet.form.machines.setCurrentIndex(1)
    sheet.form.timeout.setValue(90)
    sheet.form.touched()
    take(sheet, f"sheet-storage-maintenance-{language}")
    assert clipped(sheet) == []
    press(sheet)
    asked = {"id": ref, "stop_machines": True, "timeout_s": 90}
    changes = [("primary_storage.enter_maintenance", asked)]
    qtbot.waitUntil(lambda: registrar.changes() == changes)
