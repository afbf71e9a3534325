"""The sheet that changes how much VMs may claim of a host, or of a cluster's hosts."""

from __future__ import annotations

from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from desktop.main_window.window import MainWindow
from desktop.pages.sheets.form_sheet import FormSheet
from tests.gui.samples import make_id
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar, trigger
from tests.gui.sheets.test_changing import sheet_of
from tests.gui.sheets.test_creating import press

HOST, CLUSTER = make_id(900_003), make_id(900_002)
GiB = 1024**3


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_the_hosts_own_is_shown_and_what_it_follows_is_left_empty(
    window: MainWindow, registrar: Registrar, qtbot: QtBot, look: Any, language: str
) -> None:
    look(language, "light")
    trigger(window, "host", "rename", HOST)
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    form = sheet.form
    assert (form.cpu.text(), form.memory.text(), form.reserved.text()) == ("4", "", "")
    assert "1" in form.fields["memory_ratio"].aside()
    assert clipped(sheet) == []
    take(sheet, f"sheet-host-{language}")
    form.cpu.clear()
    form.memory.setText("1.5")
    form.reserved.setText("2048")
    form.touched()
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    ((operation, sent),) = registrar.changes()
    assert operation == "host.update"
    assert (sent["cpu_ratio"], sent["memory_ratio"]) == (None, 1.5)
    assert sent["memory_reserved_bytes"] == 2 * GiB
    take(window, f"page-host-{language}")


def test_a_cluster_says_what_its_hosts_follow(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    trigger(window, "cluster", "rename", CLUSTER)
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    sheet.form.cpu.setText("0,5")
    sheet.form.touched()
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    ((operation, sent),) = registrar.changes()
    assert operation == "cluster.update"
    assert (sent["cpu_ratio"], sent["memory_ratio"]) == (0.5, None)


@pytest.mark.parametrize("typed", ["0", "-1", "1001", "much"])
def test_what_is_no_ratio_is_told_at_once(window: MainWindow, qtbot: QtBot, typed: str) -> None:
    trigger(window, "host", "rename", HOST)
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    sheet.form.memory.setText(typed)
    sheet.form.touched()
    assert sheet.form.fields["memory_ratio"].note()
    assert not sheet.footer.go.isEnabled()
