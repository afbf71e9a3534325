"""The sheet that moves a volume to another storage or host."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from pytestqt.qtbot import QtBot

from appliance.protocol import resources as r
from appliance.protocol.errors import Unavailable
from appliance.protocol.migration import MigrationReason
from appliance.protocol.moves import MoveCandidate, MoveCandidates
from desktop.main_window.window import MainWindow
from desktop.pages.sheets.moving import MoveSheet
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar, trigger
from tests.gui.sheets.test_changing import sheet_of
from tests.gui.sheets.test_volumes import DATA, changed

GiB = 1024**3


def place(kind: str, host: str | None, *reasons: str) -> MoveCandidate:
    return MoveCandidate(
        primary_storage_id=f"id-{kind}",
        primary_storage_name=f"the-{kind}",
        kind=kind,
        host_id=host and f"id-{host}",
        host_name=host or "",
        reasons=[MigrationReason(code=code) for code in reasons],
        free_bytes=900 * GiB,
    )


FOUND = MoveCandidates(
    items=[
        place("nfs", None),
        place("ceph", None),
        place("local", "node-b", "room", "other_disks"),
    ],
    reasons=[],
)


@pytest.fixture
def opened(window: MainWindow, registrar: Registrar, qtbot: QtBot) -> Any:
    def open_sheet(found: MoveCandidates = FOUND) -> Any:
        changed(window, vm_id=None, status=r.VolumeStatus.READY)
        registrar.answers["volume.move_candidates"] = found
        trigger(window, "volume", "move", DATA)
        sheet: Any = sheet_of(window, MoveSheet, qtbot)
        qtbot.waitUntil(lambda: sheet.moving.places.rowCount() == len(found.items))
        return sheet

    return open_sheet


@pytest.mark.parametrize("language", ["en", "zh"])
def test_places_are_shown_with_what_stands_against_them(
    opened: Any, look: Any, language: str
) -> None:
    look(language, "light")
    sheet = opened()
    model = sheet.moving.table.model()
    names = [model.index(row, 0).data() for row in range(model.rowCount())]
    assert names == ["the-nfs", "the-ceph", "the-local (node-b)"]
    assert sheet.footer.go.isEnabled(), "the best is chosen"
    assert clipped(sheet) == []
    take(sheet, f"sheet-move-{language}")
    assert sheet.moving.table.select("id-local:id-node-b")
    assert not sheet.footer.go.isEnabled()
    if language == "en":
        assert "too little space" in sheet.moving.problem.text()


def test_what_is_asked_for(opened: Any, registrar: Registrar, qtbot: QtBot) -> None:
    local = replace(FOUND, items=[*FOUND.items[:2], place("local", "node-c")])
    sheet = opened(local)
    sheet.moving.table.select("id-local:id-node-c")
    sheet.footer.go.click()
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    asked = {"id": DATA, "primary_storage_id": "id-local", "host_id": "id-node-c"}
    assert registrar.changes() == [("volume.move", asked)]


def test_a_volume_that_cannot_move_says_why(opened: Any) -> None:
    why = MigrationReason(code="snapshots", params={"count": 3})
    sheet = opened(replace(FOUND, reasons=[why]))
    assert not sheet.footer.go.isEnabled()
    assert "3 snapshots" in sheet.moving.problem.text()


def test_a_service_that_is_away_is_told(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    changed(window, vm_id=None, status=r.VolumeStatus.READY)
    registrar.refusals["volume.move_candidates"] = Unavailable("host.not_connected", name="node-a")
    trigger(window, "volume", "move", DATA)
    sheet: Any = sheet_of(window, MoveSheet, qtbot)
    qtbot.waitUntil(lambda: "node-a" in sheet.error.text())


def test_only_administrators_move_volumes(window: MainWindow) -> None:
    page: Any = window.page("volume")
    assert "move" in [one.name for one in page.actions_of()]
    page.shell.is_administrator = False
    try:
        assert "move" not in [one.name for one in page.actions_of()]
    finally:
        page.shell.is_administrator = True
