"""The sheet that moves a volume: storages and hosts, with what stands against each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt

from appliance.protocol import resources as r
from appliance.protocol.migration import MigrationReason
from appliance.protocol.moves import MoveCandidate, MoveCandidates
from desktop import texts
from desktop.models.columns import Column
from desktop.models.table_model import TableModel
from desktop.operation_titles import operation_title
from desktop.pages.base import Shell
from desktop.pages.sheets.form_sheet import FormSheet, SheetSpec
from desktop.pages.storage import kind_words
from desktop.texts import translate
from desktop.widgets.labels import Label
from desktop.widgets.sheet import show_sheet
from desktop.widgets.table import ResourceTable
from desktop.wizard.page import Request, StepPage

OPERATION = "volume.move"
TABLE_HEIGHT = 232


class _Line:
    """A place as a line of the table."""

    def __init__(self, place: int, candidate: MoveCandidate) -> None:
        self.id = f"{candidate.primary_storage_id}:{candidate.host_id or ''}"
        self.place = place
        self.candidate = candidate


def reason_words(reasons: list[MigrationReason]) -> str:
    """What stands against a place, in words; that the volume can go there if nothing does."""
    if not reasons:
        return translate("Moving", "can take it")
    found = [texts.sentence(f"move.reason.{one.code}", one.params) for one in reasons]
    return translate("Moving", "; ").join(found)


def place_words(candidate: MoveCandidate) -> str:
    """A storage, and the host whose part of it that is."""
    name = candidate.primary_storage_name
    return f"{name} ({candidate.host_name})" if candidate.host_id else name


def _columns() -> list[Column]:
    return [
        Column(
            name="place",
            title=translate("Moving", "Primary storage"),
            text=lambda line: place_words(line.candidate),
            key=lambda line: line.place,
            width=208,
        ),
        Column(
            name="kind",
            title=translate("Moving", "Kind"),
            text=lambda line: kind_words(line.candidate.kind),
            width=128,
        ),
        Column(
            name="reasons",
            title=translate("Moving", "For this volume"),
            text=lambda line: reason_words(line.candidate.reasons),
            width=264,
        ),
        Column(
            name="free",
            title=translate("Moving", "Free"),
            text=lambda line: texts.size(line.candidate.free_bytes),
            is_right=True,
            width=96,
        ),
    ]


class MoveForm(StepPage):
    """The places, the best first."""

    names = ("move",)

    def __init__(self, shell: Shell, volume: r.Volume) -> None:
        words = translate(
            "Moving",
            "{name} is copied whole and compared; the old copy is deleted only when the new one "
            "counts.",
        )
        super().__init__(operation_title(OPERATION), words.format(name=volume.name))
        self.places = TableModel(_columns(), self)
        self.table = ResourceTable(self.places, "move-candidates", shell.settings)
        self.table.setFixedHeight(TABLE_HEIGHT)
        self.table.setAccessibleName(translate("Moving", "Places"))
        self.table.selection_changed.connect(self.changed.emit)
        self.problem = Label("", "warn")
        self.problem.setWordWrap(True)
        self.problem.hide()
        self.against: list[MigrationReason] = []
        for widget in (self.table, self.problem):
            self.body.addWidget(widget)
        self.body.addStretch()

    def show_candidates(self, found: MoveCandidates | None) -> None:
        """The places with what stands against them; the best is chosen."""
        if found is None:
            return
        self.against = found.reasons
        lines = [_Line(place, item) for place, item in enumerate(found.items)]
        self.places.replace(lines)
        self.table.horizontalHeader().setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        if lines:
            self.table.select(lines[0].id)
        self.changed.emit()

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """The place that is chosen."""
        chosen = self._chosen()
        if chosen is None:
            return {}
        values = {"primary_storage_id": chosen.primary_storage_id}
        return values if chosen.host_id is None else values | {"host_id": chosen.host_id}

    def review(self) -> bool:
        """A place must be chosen that the volume can go to."""
        chosen = self._chosen()
        words = ""
        if self.against:
            cannot = translate("Moving", "It cannot be moved now: {why}.")
            words = cannot.format(why=reason_words(self.against))
        elif chosen is not None and chosen.reasons:
            cannot = translate("Moving", "It cannot go to {place}: {why}.")
            words = cannot.format(place=place_words(chosen), why=reason_words(chosen.reasons))
        self.problem.setText(words)
        self.problem.setVisible(bool(words))
        return chosen is not None and not words

    def _chosen(self) -> MoveCandidate | None:
        row = self.table.current()
        return None if row is None else row.candidate


class MoveSheet(FormSheet):
    """Asks which places there are when it opens."""

    def __init__(self, shell: Shell, volume: r.Volume) -> None:
        spec = SheetSpec(
            operation=OPERATION, button=translate("Moving", "Move"), fixed={"id": volume.id}
        )
        self.moving = MoveForm(shell, volume)
        super().__init__(shell, self.moving, spec)
        self.resize(760, 560)
        if shell.ref.is_set:
            call = shell.ref.call("volume.move_candidates", id=volume.id)
            shell.bridge.fetch(call, self.moving.show_candidates, self.error.show_error)


def show_move(shell: Shell, volume: r.Volume) -> None:
    """Open the sheet for one volume."""
    show_sheet(shell.window, f"move-{volume.id}", lambda: MoveSheet(shell, volume))
