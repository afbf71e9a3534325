"""The plan of a host's maintenance in the client, and what is asked for."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from appliance.protocol import resources as r
from appliance.protocol.errors import Conflict
from appliance.protocol.hosts import (
    HostState,
    MaintenancePlan,
    MaintenanceReason,
    MaintenanceWarning,
    PlannedMachine,
)
from desktop.main_window.window import MainWindow
from desktop.pages.sheets.maintenance import MaintenanceSheet
from tests.gui.samples import make_id
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar, trigger
from tests.gui.sheets.test_changing import sheet_of

HOST = make_id(900_003)
GiB = 1024**3


def machine(number: int, action: Any, *reasons: MaintenanceReason, host: str = "") -> Any:
    return PlannedMachine(
        vm_id=make_id(number),
        vm_name=f"web-{number}",
        state="running",
        cpu_count=2,
        memory_bytes=4 * GiB,
        action=action,
        host_name=host,
        reasons=list(reasons),
    )


def plan(*machines: PlannedMachine, policy: Any = "migrate_or_stop") -> MaintenancePlan:
    return MaintenancePlan(
        host_id=HOST,
        host_name="node-a",
        state=HostState.ENABLED,
        policy=policy,
        machines=list(machines),
        warnings=[MaintenanceWarning(code="maintenance.image_store", params={"name": "images"})],
    )


STUCK = MaintenanceReason(code="maintenance.only_host")
PLAN = plan(machine(1, "migrate", host="node-b"), machine(2, "stop", STUCK))


def opened(window: MainWindow, registrar: Registrar, qtbot: QtBot, found: Any) -> Any:
    registrar.answers["host.maintenance_plan"] = found
    trigger(window, "host", "enter_maintenance", HOST)
    sheet: Any = sheet_of(window, MaintenanceSheet, qtbot)
    qtbot.waitUntil(lambda: sheet.model.rowCount() == len(found.machines))
    return sheet


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_machine_is_shown_with_what_becomes_of_it(
    window: MainWindow, registrar: Registrar, qtbot: QtBot, look: Any, language: str
) -> None:
    look(language, "light")
    sheet = opened(window, registrar, qtbot, PLAN)
    lines = sheet.model.resources()
    shown = [[column.text(line) for column in sheet.model.columns] for line in lines]
    assert [row[0] for row in shown] == ["web-1", "web-2"]
    assert shown[0][3].endswith("→ node-b")
    assert shown[1][4]
    assert "images" in sheet.warnings.text()
    assert "1" in sheet.footer.plan.text()
    assert "host enter-maintenance" in sheet.footer.equivalent.text()
    assert clipped(sheet) == []
    take(sheet, f"sheet-maintenance-{language}")
    sheet.parallel.setValue(4)
    sheet.footer.go.click()
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    asked = {"id": HOST, "policy": "migrate_or_stop", "parallel": 4, "timeout_s": 60}
    assert registrar.changes() == [("host.enter_maintenance", asked)]


def test_what_cannot_leave_keeps_the_button_off(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    sheet = opened(window, registrar, qtbot, PLAN)
    registrar.answers["host.maintenance_plan"] = plan(machine(2, "stays", STUCK), policy="migrate")
    sheet.policy.setCurrentIndex(1)
    qtbot.waitUntil(lambda: sheet.model.rowCount() == 1)
    assert not sheet.footer.go.isEnabled()
    registrar.answers["host.maintenance_plan"] = plan(machine(2, "stop"), policy="stop")
    sheet.policy.setCurrentIndex(2)
    qtbot.waitUntil(sheet.footer.go.isEnabled)
    registrar.refusals["host.enter_maintenance"] = Conflict("host.in_maintenance", name="node-a")
    sheet.footer.go.click()
    qtbot.waitUntil(sheet.footer.error.isVisible)
    assert "node-a" in sheet.footer.error.text()


def test_actions_fit_the_state(window: MainWindow, registrar: Registrar, qtbot: QtBot) -> None:
    page: Any = window.page("host")
    (host,) = window.cache.all("host")
    fits = {
        r.HostState.ENABLED: {"disable", "enter_maintenance"},
        r.HostState.DISABLED: {"enable", "enter_maintenance"},
        r.HostState.PRE_MAINTENANCE: set(),
        r.HostState.MAINTENANCE: {"leave_maintenance"},
    }
    actions = {one.name: one for one in page.actions_declared}
    for state, wanted in fits.items():
        changed = msgspec.structs.replace(host, state=state)
        names = ("enable", "disable", "enter_maintenance", "leave_maintenance")
        assert {name for name in names if not actions[name].reason(changed)} == wanted
    window.cache.put("host", [msgspec.structs.replace(host, state=r.HostState.MAINTENANCE)])
    trigger(window, "host", "leave_maintenance", HOST)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    assert registrar.changes() == [("host.leave_maintenance", {"id": HOST})]


def test_what_follows_a_reboot_is_said_of_a_machine(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    trigger(window, "vm", "off_after_boot", make_id(1))
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    asked = {"id": make_id(1), "on_host_boot": "leave_off"}
    assert registrar.changes() == [("vm.set_recovery", asked)]
