"""The sheet that moves a volume: storages and hosts, with what stands against each."""

from __future__ import annotations

from typing import Any

from appliance.protocol import resources as r
from appliance.protocol.moves import MoveCandidate
from desktop import texts
from desktop.models.columns import Column
from desktop.operation_titles import operation_title
from desktop.pages.base import Shell
from desktop.pages.sheets.candidates import CandidatesForm, reason_words
from desktop.pages.sheets.form_sheet import FormSheet, SheetSpec
from desktop.pages.storage import kind_words
from desktop.texts import translate
from desktop.widgets.sheet import show_sheet

OPERATION = "volume.move"
TABLE_HEIGHT = 232


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
            text=lambda line: reason_words("move", line.candidate.reasons),
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


class MoveForm(CandidatesForm):
    """The places, the best first."""

    names = ("move",)

    def __init__(self, shell: Shell, volume: r.Volume) -> None:
        words = translate(
            "Moving",
            "{name} is copied whole and compared; the old copy is deleted only when the new one "
            "counts.",
        )
        super().__init__(
            shell,
            operation_title(OPERATION),
            words.format(name=volume.name),
            columns=_columns(),
            id_of=lambda one: f"{one.primary_storage_id}:{one.host_id or ''}",
            name="move-candidates",
            height=TABLE_HEIGHT,
        )
        self.body.addWidget(self.problem)
        self.body.addStretch()

    def values(self, name: str) -> dict[str, Any]:
        """The place that is chosen."""
        chosen = self.chosen()
        if chosen is None:
            return {}
        values = {"primary_storage_id": chosen.primary_storage_id}
        return values if chosen.host_id is None else values | {"host_id": chosen.host_id}

    def review(self) -> bool:
        """A place must be chosen that the volume can go to."""
        chosen = self.chosen()
        words = ""
        if self.against:
            cannot = translate("Moving", "It cannot be moved now: {why}.")
            words = cannot.format(why=reason_words("move", self.against))
        elif chosen is not None and chosen.reasons:
            cannot = translate("Moving", "It cannot go to {place}: {why}.")
            words = cannot.format(
                place=place_words(chosen), why=reason_words("move", chosen.reasons)
            )
        return self.tell_problem(words)


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
