"""Which rules hold for each NIC of a machine, in the order in which its host asks them."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QVBoxLayout

from appliance.protocol import resources as r
from appliance.protocol.effective import EffectiveRule, EffectiveRules, NicRules
from desktop import texts
from desktop.models.columns import Column
from desktop.models.table_model import TableModel
from desktop.pages.base import Shell
from desktop.pages.security_words import direction_words, ports_words, protocol_words
from desktop.texts import translate
from desktop.widgets.labels import Label
from desktop.widgets.notice import ErrorLabel
from desktop.widgets.sheet import show_sheet
from desktop.widgets.table import ResourceTable

ADDRESSES_SHOWN = 4


class _Line:
    """A rule as a line of the table, in its place of the order of asking."""

    def __init__(self, place: int, direction: str, rule: EffectiveRule) -> None:
        self.id = f"{direction}-{place:04}"
        self.place = place
        self.direction = direction
        self.rule = rule


def peer_words(rule: EffectiveRule) -> str:
    """Who is at the other end; of a group's members the first few addresses."""
    if not rule.peer_group_id:
        return rule.cidr or translate("Security", "anybody")
    words = translate("Security", "members of {name}").format(name=rule.peer_group_name)
    shown = rule.peer_addresses[:ADDRESSES_SHOWN]
    if not shown:
        return words
    more = rule.peer_count - len(shown)
    addresses = ", ".join(shown) + (f" + {texts.number(more)}" if more else "")
    return f"{words}: {addresses}"


def _columns() -> list[Column]:
    def column(name: str, title: str, text: Any, width: int) -> Column:
        return Column(name=name, title=title, text=text, width=width)

    return [
        Column(
            name="order",
            title=translate("Effective", "Order"),
            text=lambda line: texts.number(line.place),
            key=lambda line: line.id,
            is_right=True,
            width=72,
        ),
        column(
            "direction",
            translate("Effective", "Direction"),
            lambda line: direction_words(line.direction),
            104,
        ),
        column(
            "action",
            translate("Effective", "Action"),
            lambda line: texts.word(f"rule.{line.rule.action}"),
            88,
        ),
        column(
            "what",
            translate("Effective", "What"),
            lambda line: f"{protocol_words(line.rule.protocol)} {ports_words(line.rule)}".strip(),
            136,
        ),
        column(
            "peer", translate("Effective", "Other end"), lambda line: peer_words(line.rule), 280
        ),
        column(
            "group",
            translate("Effective", "Security group"),
            lambda line: line.rule.security_group_name,
            144,
        ),
        column(
            "description",
            translate("Effective", "Description"),
            lambda line: line.rule.description,
            168,
        ),
    ]


class EffectiveSheet(QDialog):
    """One NIC at a time; of several, one chooses."""

    def __init__(self, shell: Shell, vm: r.Vm) -> None:
        super().__init__(shell.window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Effective", "Rules that hold"))
        self.resize(1056, 480)
        self.rules = TableModel(_columns(), self)
        self.nic = QComboBox()
        self.nic.setAccessibleName(translate("Effective", "NIC"))
        self.nic.currentIndexChanged.connect(lambda _: self._show_nic())
        self.hint = Label("", "muted")
        self.hint.setWordWrap(True)
        self.error = ErrorLabel()
        self.table = ResourceTable(self.rules, "effective-rules", shell.settings)
        self.table.horizontalHeader().setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(16)
        layout.addWidget(Label(vm.name, "title"))
        layout.addWidget(self.error)
        layout.addWidget(self.nic)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.hint)
        if shell.ref.is_set:
            call = shell.ref.call("vm.effective_rules", id=vm.id)
            shell.bridge.fetch(call, self.show_rules, self.error.show_error)

    def show_rules(self, found: EffectiveRules | None) -> None:
        """Offer the NICs; the default one is the first."""
        self.nic.clear()
        for nic in found.nics if found is not None else []:
            groups = ", ".join(nic.security_group_names) or translate("Effective", "in no group")
            self.nic.addItem(f"{nic.address} · {nic.network_name} · {groups}", nic)

    def _show_nic(self) -> None:
        nic: NicRules | None = self.nic.currentData()
        self.rules.replace([] if nic is None else _lines(nic))
        self.hint.setText("" if nic is None else hint_words(nic))


def _lines(nic: NicRules) -> list[_Line]:
    both = (("in", nic.incoming), ("out", nic.outgoing))
    return [
        _Line(place, direction, rule)
        for direction, rules in both
        for place, rule in enumerate(rules, 1)
    ]


def hint_words(nic: NicRules) -> str:
    """What the rules leave unsaid."""
    if not nic.is_filtered:
        return translate("Effective", "This NIC is in no security group: nothing is filtered.")
    return translate(
        "Effective",
        "The first rule that speaks of a packet decides; what none speaks of is refused. Answers "
        "to what was allowed, and DHCP, DNS and metadata of the network, always pass.",
    )


def show_effective_rules(shell: Shell, vm: r.Vm) -> None:
    """Open the rules of one machine."""
    show_sheet(shell.window, f"effective-{vm.id}", lambda: EffectiveSheet(shell, vm))
