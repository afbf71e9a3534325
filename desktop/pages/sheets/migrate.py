"""The sheet that moves a machine to another host: the hosts with what stands against each."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from appliance.protocol import resources as r
from appliance.protocol.migration import MigrationCandidates
from desktop import texts
from desktop.models.columns import Column
from desktop.operation_titles import operation_title
from desktop.pages.base import Shell
from desktop.pages.sheets.candidates import CandidatesForm, reason_words
from desktop.pages.sheets.form_sheet import FormSheet, SheetSpec
from desktop.texts import translate
from desktop.widgets.fold import Fold
from desktop.widgets.labels import Label
from desktop.widgets.sheet import show_sheet
from desktop.wizard.fields import FormField, line

OPERATION = "vm.migrate"
MiB = 1024**2
TABLE_HEIGHT = 176


def _columns() -> list[Column]:
    return [
        Column(
            name="host",
            title=translate("Migrate", "Host"),
            text=lambda line: line.candidate.host_name,
            key=lambda line: line.place,
            width=128,
        ),
        Column(
            name="reasons",
            title=translate("Migrate", "For this VM"),
            text=lambda line: reason_words("migration", line.candidate.reasons),
            width=312,
        ),
        Column(
            name="cpu",
            title=translate("Migrate", "Free CPUs"),
            text=lambda line: texts.number(line.candidate.cpu_free),
            is_right=True,
            width=88,
        ),
        Column(
            name="memory",
            title=translate("Migrate", "Free memory"),
            text=lambda line: texts.size(line.candidate.memory_free_bytes),
            is_right=True,
            width=112,
        ),
    ]


class MigrateForm(CandidatesForm):
    """The hosts, the best first; what is rarely wanted is folded."""

    names = ("migrate",)

    def __init__(self, shell: Shell, vm: r.Vm) -> None:
        words = translate(
            "Migrate",
            "{name} goes on running while it moves; its addresses and rules go along.",
        )
        super().__init__(
            shell,
            operation_title(OPERATION),
            words.format(name=vm.name),
            columns=_columns(),
            id_of=lambda one: one.host_id,
            name="migration-candidates",
            height=TABLE_HEIGHT,
        )
        self.facts = Label("", "muted")
        self.facts.setWordWrap(True)
        self.facts.hide()
        for widget in (self.facts, self.problem, self._options()):
            self.body.addWidget(widget)
        self.body.addStretch()

    def _options(self) -> Fold:
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setSpacing(8)
        self.auto_converge = QCheckBox(
            translate("Migrate", "Slow it down if it writes faster than can be sent")
        )
        self.auto_converge.setChecked(True)
        self.post_copy = QCheckBox(
            translate("Migrate", "If that does not suffice, go on over there before all has come")
        )
        self.risk = Label(
            translate(
                "Migrate",
                "Then it ends for certain. But if a host or the network between them fails "
                "meanwhile, the VM is lost as by a power cut.",
            ),
            "warn",
        )
        self.risk.setWordWrap(True)
        self.risk.hide()
        self.post_copy.toggled.connect(self.risk.setVisible)
        self.limit = line(placeholder=translate("Migrate", "as the global setting says"))
        self.limit.textEdited.connect(self.touched)
        field = FormField(translate("Migrate", "At most, MiB a second"), self.limit, "")
        self.fields["bandwidth_bytes_s"] = field
        for box in (self.auto_converge, self.post_copy):
            box.toggled.connect(lambda _: self.touched())
        for widget in (self.auto_converge, self.post_copy, self.risk, field):
            layout.addWidget(widget)
        self.fold = Fold(translate("Migrate", "Options"), content)
        return self.fold

    def show_candidates(self, found: MigrationCandidates | None) -> None:
        """The hosts, and what moves besides."""
        super().show_candidates(found)
        if found is None:
            return
        copied = translate("Migrate", "Its disks lie on the host itself and move, too: {size}.")
        self.facts.setText(copied.format(size=texts.size(found.disk_bytes)))
        self.facts.setVisible(found.disk_bytes > 0)

    def values(self, name: str) -> dict[str, Any]:
        """The host that is chosen, and the options that are not as usual."""
        chosen = self.chosen()
        values: dict[str, Any] = {} if chosen is None else {"host_id": chosen.host_id}
        if not self.auto_converge.isChecked():
            values["auto_converge"] = False
        if self.post_copy.isChecked():
            values["post_copy"] = True
        limit = self._limit()
        return values if limit is None else values | {"bandwidth_bytes_s": limit}

    def review(self) -> bool:
        """A host must be chosen that can take it."""
        chosen = self.chosen()
        words = ""
        if self.against:
            words = reason_words("migration", self.against)
        elif chosen is not None and chosen.reasons:
            cannot = translate("Migrate", "{host} cannot take it: {why}.")
            words = cannot.format(
                host=chosen.host_name, why=reason_words("migration", chosen.reasons)
            )
        wrong = self._limit() is None and bool(self.limit.text().strip())
        number = translate("Migrate", "Give a whole number, 0 for no limit.")
        self.tell("bandwidth_bytes_s", number if wrong else "")
        return self.tell_problem(words) and not wrong

    def _limit(self) -> int | None:
        text = self.limit.text().strip()
        return int(text) * MiB if text.isascii() and text.isdigit() else None


class MigrateSheet(FormSheet):
    """Asks which hosts there are when it opens."""

    def __init__(self, shell: Shell, vm: r.Vm) -> None:
        spec = SheetSpec(
            operation=OPERATION, button=translate("Migrate", "Move"), fixed={"id": vm.id}
        )
        self.migration = MigrateForm(shell, vm)
        super().__init__(shell, self.migration, spec)
        self.resize(760, 680)
        if shell.ref.is_set:
            call = shell.ref.call("vm.migration_candidates", id=vm.id)
            shell.bridge.fetch(call, self.migration.show_candidates, self.error.show_error)


def show_migration(shell: Shell, vm: r.Vm) -> None:
    """Open the sheet for one machine."""
    show_sheet(shell.window, f"migrate-{vm.id}", lambda: MigrateSheet(shell, vm))
