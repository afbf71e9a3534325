"""The sheet that empties a host: what becomes of each machine, and why, before it is done."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from appliance.protocol import resources as r
from appliance.protocol.errors import ApiError
from appliance.protocol.hosts import MaintenancePlan, MaintenanceReason, PlannedMachine
from desktop import texts
from desktop.models.columns import Column, natural
from desktop.models.table_model import TableModel
from desktop.net.bridge import single_flight
from desktop.pages.base import Shell
from desktop.pages.sheets.footer import SheetFooter
from desktop.texts import translate
from desktop.widgets.labels import Label
from desktop.widgets.sheet import show_sheet
from desktop.widgets.table import ResourceTable
from desktop.wizard.fields import FormField

ENTER, PLAN = "host.enter_maintenance", "host.maintenance_plan"
MOST_AT_ONCE = 32
LONGEST_S = 3600


class _Line:
    """A machine as a line of the table, which knows lines by their id."""

    def __init__(self, item: PlannedMachine) -> None:
        self.id = item.vm_id
        self.item = item


def action_words(item: PlannedMachine) -> str:
    """What becomes of a machine."""
    words = texts.word(f"maintenance.action.{item.action}")
    return f"{words} → {item.host_name}" if item.host_name else words


def reason_words(reasons: list[MaintenanceReason]) -> str:
    """Why a machine cannot move: host by host, if it is about hosts."""
    said = []
    for reason in reasons:
        words = texts.sentence(reason.code, reason.params)
        said.append(f"{reason.host_name}: {words}" if reason.host_name else words)
    return "; ".join(dict.fromkeys(said))


def plan_columns() -> list[Column]:
    """Machine, its state, what becomes of it, why."""
    return [
        Column(
            name="name",
            title=translate("Maintenance", "Virtual machine"),
            text=lambda line: line.item.vm_name,
            key=lambda line: natural(line.item.vm_name),
            width=144,
        ),
        Column(
            name="state",
            title=translate("Maintenance", "State"),
            text=lambda line: texts.word(f"vm.state.{line.item.state}"),
            state=lambda line: ("vm", line.item.state),
            width=104,
        ),
        Column(
            name="memory",
            title=translate("Maintenance", "Memory"),
            text=lambda line: texts.size(line.item.memory_bytes),
            key=lambda line: line.item.memory_bytes,
            is_right=True,
            width=80,
        ),
        Column(
            name="action",
            title=translate("Maintenance", "What becomes of it"),
            text=lambda line: action_words(line.item),
            width=160,
        ),
        Column(
            name="why",
            title=translate("Maintenance", "Why it cannot move"),
            text=lambda line: reason_words(line.item.reasons),
            width=264,
        ),
    ]


class MaintenanceSheet(QDialog):
    """Asks for the plan whenever the choice changes; the work itself is a job."""

    def __init__(self, shell: Shell, host: r.Host) -> None:
        super().__init__(shell.window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Maintenance", "Maintenance"))
        self.resize(840, 600)
        self._shell, self._host = shell, host
        self._plan: MaintenancePlan | None = None
        self.policy = self._make_policy()
        self.parallel = QSpinBox()
        self.parallel.setRange(1, MOST_AT_ONCE)
        self.parallel.setValue(2)
        self.timeout = QSpinBox()
        self.timeout.setRange(1, LONGEST_S)
        self.timeout.setValue(60)
        self.timeout.setSuffix(" s")
        self.model = TableModel(plan_columns(), self)
        self.warnings = Label("", "warn")
        self.footer = SheetFooter(translate("Maintenance", "Enter maintenance"))
        self._build()
        self.policy.currentIndexChanged.connect(lambda _: self.ask())
        for box in (self.parallel, self.timeout):
            box.valueChanged.connect(lambda _: self._review())
        self.footer.go.clicked.connect(lambda: shell.bridge.spawn(self._enter()))
        self.footer.cancel.clicked.connect(self.reject)
        self.ask()

    def body(self) -> dict[str, Any]:
        """The request as the sheet says it now."""
        return {
            "id": self._host.id,
            "policy": self.policy.currentData(),
            "parallel": self.parallel.value(),
            "timeout_s": self.timeout.value(),
        }

    def ask(self) -> None:
        """Ask what would become of the machines."""
        self._plan = None
        self._review()
        self.footer.plan.setText(translate("Maintenance", "Asking where each machine could go …"))
        policy = self.policy.currentData()
        call = self._shell.ref.call(PLAN, id=self._host.id, policy=policy)
        self._shell.bridge.fetch(call, self.show_plan, self._failed)

    def show_plan(self, plan: MaintenancePlan | None) -> None:
        """Show what would happen."""
        if plan is None or plan.policy != self.policy.currentData():
            return  # of a choice that is not the present one any more
        self._plan = plan
        self.model.replace([_Line(item) for item in plan.machines])
        warnings = [texts.sentence(one.code, one.params) for one in plan.warnings]
        self.warnings.setText("\n".join(warnings))
        self.warnings.setVisible(bool(warnings))
        self._review()
        self.footer.plan.setText(summary(plan))

    def _review(self) -> None:
        stays = self._plan is None or any(one.action == "stays" for one in self._plan.machines)
        self.footer.go.setEnabled(not stays)
        self.footer.equivalent.set_calls([(ENTER, self.body())], "")

    def _failed(self, error: BaseException) -> None:
        self.footer.plan.setText("")
        self.footer.error.show_error(error)

    @single_flight
    async def _enter(self) -> None:
        self.footer.error.clear()
        self.footer.go.setEnabled(False)
        try:
            await self._shell.bridge.run(self._shell.ref.call(ENTER, **self.body()))
        except (ApiError, OSError) as error:
            self._review()
            self.footer.error.show_error(error)
            return
        self.accept()

    def _make_policy(self) -> QComboBox:
        box = QComboBox()
        for words, value in (
            (translate("Maintenance", "Move what can move, stop the rest"), "migrate_or_stop"),
            (translate("Maintenance", "Move all, or refuse"), "migrate"),
            (translate("Maintenance", "Stop all"), "stop"),
        ):
            box.addItem(words, value)
        return box

    def _build(self) -> None:
        words = translate(
            "Maintenance",
            "Nothing runs on a host in maintenance, and nothing is placed on it. Later it returns "
            "to the state that it has now, and what was stopped for it is started again.",
        )
        choices = QWidget()
        row = QHBoxLayout(choices)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        fields = (
            (translate("Maintenance", "Its virtual machines"), self.policy, 3),
            (translate("Maintenance", "At once"), self.parallel, 1),
            (translate("Maintenance", "Guests shut down within"), self.timeout, 1),
        )
        for title, field, share in fields:
            row.addWidget(FormField(title, field), share)
        inner = QVBoxLayout()
        inner.setContentsMargins(24, 24, 24, 8)
        inner.setSpacing(12)
        title = translate("Maintenance", "Empty {host} for maintenance")
        inner.addWidget(Label(title.format(host=self._host.name), "title"))
        inner.addWidget(Label(words, "muted"))
        inner.addWidget(choices)
        inner.addWidget(self.warnings)
        inner.addWidget(ResourceTable(self.model, "maintenance", self._shell.settings), 1)
        self.warnings.hide()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(inner, 1)
        whole.addWidget(self.footer)


def summary(plan: MaintenancePlan) -> str:
    """How many machines go which way."""
    counts = dict.fromkeys(("migrate", "stop", "stays"), 0)
    for item in plan.machines:
        counts[item.action] += 1
    if not plan.machines:
        return translate("Maintenance", "Nothing runs on it: it is in maintenance at once.")
    words = translate(
        "Maintenance", "{migrate} migrate · {stop} are stopped · {stays} cannot leave"
    )
    return words.format(**{name: texts.number(count) for name, count in counts.items()})


def show_maintenance(shell: Shell, host: r.Host) -> None:
    """Open the plan of a host's maintenance."""
    show_sheet(shell.window, f"maintenance-{host.id}", lambda: MaintenanceSheet(shell, host))
