"""Machines that a host has and the cloud does not know, in the client."""

from __future__ import annotations

from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from appliance.protocol.foreign import UnknownDisk, UnknownNic, UnknownVm, UnknownVms
from desktop.main_window.window import MainWindow
from desktop.pages.sheets.form_sheet import FormSheet
from tests.gui.samples import make_id
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar
from tests.gui.sheets.test_changing import sheet_of
from tests.gui.sheets.test_creating import press

HOST, NETWORK, STORAGE = make_id(900_003), make_id(900_030), make_id(900_040)
GiB = 1024**3


def machine(number: int, name: str, *problems: str, **changes: Any) -> UnknownVm:
    values: dict[str, Any] = {
        "id": make_id(number),
        "name": name,
        "state": "running" if "runs" in problems else "stopped",
        "was_ours": False,
        "cpu_count": 2,
        "memory_bytes": 4 * GiB,
        "disks": [
            UnknownDisk(
                path=f"/var/lib/libvirt/images/{name}.img",
                target="hda",
                bus="ide",
                format="raw",
                size_bytes=40 * GiB,
                used_bytes=12 * GiB,
                is_copied=True,
            )
        ],
        "nics": [UnknownNic(mac="52:54:00:12:34:56", source="br0")],
        "problems": list(problems),
        "firmware": "uefi",
    }
    return UnknownVm(**(values | changes))


FOUND = UnknownVms(
    items=[machine(801, "mail", "runs"), machine(802, "old-erp"), machine(803, "web", "saved")]
)


def tab_of(window: MainWindow, registrar: Registrar, qtbot: QtBot) -> Any:
    registrar.answers["host.unknown_vms"] = FOUND
    window.show()
    window.go("host", HOST)
    page: Any = window.page("host")
    page.open_resource(HOST)
    page.detail.tabs.choose(1)
    qtbot.waitUntil(lambda: page.detail.unknown.model.rowCount() == len(FOUND.items))
    return page.detail.unknown


@pytest.mark.parametrize("language", ["en", "zh"])
def test_they_are_listed_and_one_that_is_off_is_taken_over(
    window: MainWindow, registrar: Registrar, qtbot: QtBot, look: Any, language: str
) -> None:
    look(language, "light")
    tab = tab_of(window, registrar, qtbot)
    tab.table.select(make_id(801))
    assert not tab.take.isEnabled()
    assert tab.take.toolTip()
    take(window, f"page-unknown-{language}")
    tab.table.select(make_id(802))
    tab.take.click()
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    assert sheet.form.name.text() == "old-erp"
    assert clipped(sheet) == []
    take(sheet, f"sheet-adopt-{language}")
    asked_before = sum(1 for name, _ in registrar.asked if name == "host.unknown_vms")
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    ((operation, sent),) = registrar.changes()
    assert operation == "host.adopt_vm"
    assert (sent["id"], sent["machine"], sent["name"]) == (HOST, make_id(802), "old-erp")
    assert sent["primary_storage_id"] == STORAGE
    assert sent["nics"] == [{"network_id": NETWORK, "mac": "52:54:00:12:34:56"}]
    qtbot.waitUntil(
        lambda: sum(1 for name, _ in registrar.asked if name == "host.unknown_vms") > asked_before
    )


def test_a_machine_needs_a_nic(window: MainWindow, registrar: Registrar, qtbot: QtBot) -> None:
    tab = tab_of(window, registrar, qtbot)
    tab.table.select(make_id(802))
    tab.take.click()
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    box = sheet.form.fields["nics[0].network_id"].field
    box.setCurrentIndex(box.count() - 1)
    assert not sheet.footer.go.isEnabled()
    assert sheet.form.fields["nics[0].network_id"].note()
