"""A form that asks where something shall go: a table of places with what stands against each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt

from appliance.protocol.migration import MigrationReason
from desktop import texts
from desktop.models.columns import Column
from desktop.models.table_model import TableModel
from desktop.pages.base import Shell
from desktop.texts import translate
from desktop.widgets.labels import Label
from desktop.widgets.table import ResourceTable
from desktop.wizard.page import Request, StepPage


class _Line:
    """A place as a line of the table."""

    def __init__(self, place: int, ref: str, candidate: Any) -> None:
        self.id = ref
        self.place = place
        self.candidate = candidate


def reason_words(kind: str, reasons: Sequence[MigrationReason]) -> str:
    """What stands against a place, in the words `<kind>.reason.<code>`; that it can take it if
    nothing does.
    """
    if not reasons:
        return translate("Candidates", "can take it")
    found = [texts.sentence(f"{kind}.reason.{one.code}", one.params) for one in reasons]
    return translate("Candidates", "; ").join(found)


class CandidatesForm(StepPage):
    """The places, the best first. `id_of` tells them apart; `name` is what the table is kept as."""

    def __init__(
        self,
        shell: Shell,
        title: str,
        intro: str,
        *,
        columns: list[Column],
        id_of: Callable[[Any], str],
        name: str,
        height: int,
    ) -> None:
        super().__init__(title, intro)
        self._id_of = id_of
        self.places = TableModel(columns, self)
        self.table = ResourceTable(self.places, name, shell.settings)
        self.table.setFixedHeight(height)
        self.table.setAccessibleName(columns[0].title)
        self.table.selection_changed.connect(self.changed.emit)
        self.problem = Label("", "warn")
        self.problem.setWordWrap(True)
        self.problem.hide()
        self.against: list[MigrationReason] = []
        self.body.addWidget(self.table)

    def show_candidates(self, found: Any | None) -> None:
        """The places with what stands against them; the best is chosen."""
        if found is None:
            return
        self.against = found.reasons
        lines = [_Line(place, self._id_of(item), item) for place, item in enumerate(found.items)]
        self.places.replace(lines)
        self.table.horizontalHeader().setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        if lines:
            self.table.select(lines[0].id)
        self.changed.emit()

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def chosen(self) -> Any | None:
        """The candidate that is selected."""
        row = self.table.current()
        return None if row is None else row.candidate

    def tell_problem(self, words: str) -> bool:
        """Show what stands against the choice; whether one can go on."""
        self.problem.setText(words)
        self.problem.setVisible(bool(words))
        return self.chosen() is not None and not words
