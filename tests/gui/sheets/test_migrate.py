"""The sheet that moves a machine, and what is said while it moves."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from pytestqt.qtbot import QtBot

from appliance.protocol import resources as r
from appliance.protocol.errors import Unavailable
from appliance.protocol.migration import (
    MigrationCandidate,
    MigrationCandidates,
    MigrationReason,
)
from desktop.main_window.window import MainWindow
from desktop.pages.sheets.migrate import MigrateSheet
from desktop.widgets.job_texts import job_words
from tests.gui.samples import make_job
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar, trigger
from tests.gui.sheets.test_changing import sheet_of
from tests.gui.sheets.test_security import VM

GiB = 1024**3
MiB = 1024**2


def host(name: str, *reasons: str) -> MigrationCandidate:
    return MigrationCandidate(
        host_id=f"id-{name}",
        host_name=name,
        reasons=[MigrationReason(code=code) for code in reasons],
        cpu_free=24,
        memory_free_bytes=48 * GiB,
        disk_free_bytes=900 * GiB,
    )


FOUND = MigrationCandidates(
    items=[host("node-b"), host("node-c"), host("node-d", "memory", "affinity_group")],
    reasons=[],
    disk_bytes=40 * GiB,
)


def opened(window: MainWindow, registrar: Registrar, qtbot: QtBot, found: Any) -> Any:
    registrar.answers["vm.migration_candidates"] = found
    trigger(window, "vm", "migrate", VM)
    sheet: Any = sheet_of(window, MigrateSheet, qtbot)
    qtbot.waitUntil(lambda: sheet.migration.places.rowCount() == len(found.items))
    return sheet


@pytest.mark.parametrize("language", ["en", "zh"])
def test_hosts_are_shown_with_what_stands_against_them(
    window: MainWindow, registrar: Registrar, qtbot: QtBot, look: Any, language: str
) -> None:
    look(language, "light")
    sheet = opened(window, registrar, qtbot, FOUND)
    model = sheet.migration.table.model()
    names = [model.index(row, 0).data() for row in range(model.rowCount())]
    assert names == ["node-b", "node-c", "node-d"]
    assert sheet.footer.go.isEnabled(), "the best is chosen"
    assert "40" in sheet.migration.facts.text()
    sheet.migration.fold.open()
    sheet.migration.post_copy.setChecked(True)
    assert sheet.migration.risk.isVisible()
    assert clipped(sheet) == []
    take(sheet, f"sheet-migrate-{language}")
    assert sheet.migration.table.select("id-node-d")
    assert not sheet.footer.go.isEnabled()
    if language == "en":
        assert "too little memory is free" in sheet.migration.problem.text()


def test_what_is_asked_for(window: MainWindow, registrar: Registrar, qtbot: QtBot) -> None:
    sheet = opened(window, registrar, qtbot, FOUND)
    sheet.migration.table.select("id-node-c")
    sheet.migration.limit.setText("many")
    sheet.migration.touched()
    assert not sheet.footer.go.isEnabled()
    sheet.migration.limit.setText("100")
    sheet.migration.touched()
    sheet.migration.auto_converge.setChecked(False)
    sheet.footer.go.click()
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    assert registrar.changes() == [
        (
            "vm.migrate",
            {
                "id": VM,
                "host_id": "id-node-c",
                "auto_converge": False,
                "bandwidth_bytes_s": 100 * MiB,
            },
        )
    ]


def test_a_machine_that_cannot_move_says_why(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    stuck = replace(FOUND, reasons=[MigrationReason(code="source_away")])
    sheet = opened(window, registrar, qtbot, stuck)
    assert not sheet.footer.go.isEnabled()
    assert "not connected" in sheet.migration.problem.text()


def test_a_service_that_is_away_is_told(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    registrar.refusals["vm.migration_candidates"] = Unavailable("host.not_connected", name="node-a")
    trigger(window, "vm", "migrate", VM)
    sheet: Any = sheet_of(window, MigrateSheet, qtbot)
    qtbot.waitUntil(lambda: "node-a" in sheet.error.text())


def test_progress_says_rate_and_expected_downtime() -> None:
    job = make_job(1, r.JobState.RUNNING, operation="vm.migrate")
    step = r.JobStep(name="migrate", state=r.StepState.RUNNING)
    details = {"rate_bytes_s": 250 * MiB, "downtime_ms": 42, "throttle_percent": 20}
    progress = r.Progress(done=GiB, total=4 * GiB, unit="bytes", details=details)
    words = job_words(replace(job, steps=[step], progress=progress))
    assert words == (
        "moving the machine 1 GiB / 4 GiB · 250 MiB/s · will stand still for 42 ms · "
        "slowed down by 20 %"
    )
