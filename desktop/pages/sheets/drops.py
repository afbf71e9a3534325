"""Which packets of a machine were thrown away, and why; what is missing can be allowed here."""

from __future__ import annotations

import concurrent.futures
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QDialog, QHBoxLayout, QMenu, QVBoxLayout

from appliance.protocol import resources as r
from appliance.protocol import security as s
from appliance.protocol.drops import NicLosses, NotedPacket, VmDrops
from desktop import texts
from desktop.models.columns import Column
from desktop.models.table_model import TableModel
from desktop.pages.base import Shell
from desktop.pages.security_groups import add_rule
from desktop.pages.security_words import direction_words, protocol_words, rule_words
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label
from desktop.widgets.notice import ErrorLabel
from desktop.widgets.sheet import show_sheet
from desktop.widgets.table import ResourceTable

REFRESH_MS = 3000
MISSING = ("drop.no_rule_in", "drop.no_rule_out")
"""What a rule that allows it would change."""
KNOWN = ("tcp", "udp", "icmp", "icmpv6")


class _Line:
    """One entry as a line of a table, which knows lines by their id."""

    def __init__(self, ref: str, item: Any) -> None:
        self.id = ref
        self.item = item


def end_words(address: str, port: int | None) -> str:
    """An address with its port."""
    if port is None:
        return address or "–"
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def packet_words(packet: NotedPacket) -> str:
    """What a packet was: its protocol, with type and code of ICMP."""
    name = protocol_words(packet.protocol)
    return name if packet.icmp_type is None else f"{name} {packet.icmp_type}/{packet.icmp_code}"


def rule_for(packet: NotedPacket, group: s.SecurityGroup) -> s.SecurityRule:
    """The rule that would let such packets pass, from the same other end."""
    peer = packet.source if packet.direction == "in" else packet.destination
    protocol = packet.protocol if packet.protocol in KNOWN else "any"
    has_port = packet.destination_port is not None and protocol in ("tcp", "udp")
    return s.SecurityRule(
        id="",
        security_group_id=group.id,
        direction=packet.direction,
        action="allow",
        priority=100,
        protocol=protocol,
        port_first=packet.destination_port if has_port else None,
        port_last=packet.destination_port if has_port else None,
        icmp_type=packet.icmp_type,
        icmp_code=packet.icmp_code,
        cidr=f"{peer}/{128 if ':' in peer else 32}" if peer else "",
        peer_group_id=None,
        description="",
        is_enabled=True,
        owner_id=group.owner_id,
        created_at=packet.at,
    )


def _nic_columns() -> list[Column]:
    def count(name: str, title: str) -> Column:
        def number(line: Any) -> int | None:
            return getattr(line.item, f"{name}_packets")

        return Column(
            name=name,
            title=title,
            text=lambda line: "–" if number(line) is None else texts.number(number(line) or 0),
            key=lambda line: number(line) or 0,
            is_right=True,
            width=144,
        )

    return [
        Column(
            name="address",
            title=translate("Drops", "Address"),
            text=lambda line: line.item.address,
            width=144,
        ),
        Column(
            name="network",
            title=translate("Drops", "Network"),
            text=lambda line: line.item.network_name,
            width=160,
        ),
        count("refused", translate("Drops", "Refused by rules")),
        count("spoofed", translate("Drops", "Forged packets")),
        Column(
            name="noted",
            title=translate("Drops", "Noted one by one"),
            text=lambda line: noted_words(line.item),
            width=200,
        ),
    ]


def noted_words(losses: NicLosses) -> str:
    """Of which packets of a NIC single ones are noted."""
    kinds = {"refused": losses.is_logging_refused, "spoofed": losses.is_logging_spoofed}
    found = [texts.word(f"drop.kind.{kind}") for kind, is_on in kinds.items() if is_on]
    return ", ".join(found) or texts.word("drop.kind.none")


def _packet_columns() -> list[Column]:
    def column(name: str, title: str, text: Any, width: int) -> Column:
        return Column(name=name, title=title, text=lambda line: text(line.item), width=width)

    return [
        Column(
            name="time",
            title=translate("Drops", "Time"),
            text=lambda line: texts.moment(line.item.at),
            key=lambda line: line.item.number,
            width=168,
        ),
        column(
            "direction",
            translate("Drops", "Direction"),
            lambda one: direction_words(one.direction),
            88,
        ),
        column("protocol", translate("Drops", "Protocol"), packet_words, 112),
        column(
            "from",
            translate("Drops", "From"),
            lambda one: end_words(one.source, one.source_port),
            168,
        ),
        column(
            "to",
            translate("Drops", "To"),
            lambda one: end_words(one.destination, one.destination_port),
            168,
        ),
        column(
            "why",
            translate("Drops", "Why"),
            lambda one: texts.sentence(one.reason, one.params),
            320,
        ),
    ]


class DropsSheet(QDialog):
    """Asks again every few seconds while it is seen."""

    def __init__(self, shell: Shell, vm: r.Vm) -> None:
        super().__init__(shell.window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Drops", "Refused packets"))
        self.resize(1056, 600)
        self._shell = shell
        self._vm = vm
        self._pending: concurrent.futures.Future[Any] | None = None
        self._nic_ids: set[str] = set()
        self._numbers: set[str] = set()
        self.nics = TableModel(_nic_columns(), self)
        self.packets = TableModel(_packet_columns(), self)
        self.hint = Label("", "muted")
        self.rule = Label("", "muted")
        self.error = ErrorLabel()
        self.allow = FlatButton(translate("Drops", "Allow this …"), "shield-plus-outline")
        self.allow.clicked.connect(self._allow)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(16)
        layout.addWidget(Label(vm.name, "title"))
        layout.addWidget(self.error)
        losses = ResourceTable(self.nics, "drops-nics", shell.settings)
        losses.setMaximumHeight(128)
        layout.addWidget(losses)
        self.table = ResourceTable(self.packets, "drops-packets", shell.settings)
        self.table.horizontalHeader().setSortIndicator(0, Qt.SortOrder.DescendingOrder)
        self.table.selection_changed.connect(self._show_what_fits)
        self.table.opened.connect(lambda _: self._allow())
        layout.addWidget(self.table, 1)
        foot = QHBoxLayout()
        foot.setSpacing(16)
        foot.addWidget(self.rule, 1)
        foot.addWidget(self.allow)
        layout.addLayout(foot)
        layout.addWidget(self.hint)
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self._ask)
        self._timer.start()
        self._show_what_fits()
        self._ask()

    def show_drops(self, found: VmDrops | None) -> None:
        """Show what the service knows now."""
        self._pending = None
        if found is None:
            return
        self.error.clear()
        # Changes one by one: selection and place stay.
        nics = {item.nic_id for item in found.nics}
        self.nics.apply(
            [_Line(item.nic_id, item) for item in found.nics], sorted(self._nic_ids - nics)
        )
        packets = {str(item.number): item for item in found.packets}
        new = [_Line(ref, item) for ref, item in packets.items() if ref not in self._numbers]
        self.packets.apply(new, sorted(self._numbers - packets.keys()))
        self._nic_ids, self._numbers = nics, set(packets)
        self.hint.setText(hint_words(found))
        self._show_what_fits()

    def _ask(self) -> None:
        if self._pending is None and self._shell.ref.is_set:
            call = self._shell.ref.call("vm.drops", id=self._vm.id)
            self._pending = self._shell.bridge.fetch(call, self.show_drops, self._failed)

    def _failed(self, error: BaseException) -> None:
        self._pending = None
        self.error.show_error(error)

    def chosen(self) -> NotedPacket | None:
        """The packet that is selected."""
        line = self.table.current()
        return None if line is None else line.item

    def groups(self) -> list[s.SecurityGroup]:
        """The groups of the chosen packet's NIC, which a rule could be added to."""
        packet = self.chosen()
        if packet is None or packet.reason not in MISSING:
            return []
        vm = self._shell.cache.get("vm", self._vm.id) or self._vm
        mine = {ref for nic in vm.nics if nic.id == packet.nic_id for ref in nic.security_group_ids}
        found = [self._shell.cache.get("security_group", ref) for ref in mine]
        return sorted((group for group in found if group is not None), key=lambda one: one.name)

    def _show_what_fits(self) -> None:
        packet = self.chosen()
        can_allow = bool(self.groups())
        self.allow.setEnabled(can_allow)
        reason = translate("Drops", "Choose a packet that no rule speaks of.")
        self.allow.setToolTip("" if can_allow else reason)
        rule = None
        if packet is not None and packet.rule_id is not None:
            rule = self._shell.cache.get("security_rule", packet.rule_id)
        name_of = lambda ref: self._shell.cache.name("security_group", ref)  # noqa: E731
        self.rule.setText("" if rule is None else rule_words(rule, name_of))

    def _allow(self) -> None:
        packet, groups = self.chosen(), self.groups()
        if packet is None or not groups:
            return
        if len(groups) == 1:
            add_rule(self._shell, groups[0], rule_for(packet, groups[0]))
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        words = translate("Drops", "By a rule of {name} …")
        for group in groups:
            action = menu.addAction(words.format(name=group.name))
            action.triggered.connect(
                lambda _=False, one=group: add_rule(self._shell, one, rule_for(packet, one))
            )
        menu.popup(self.allow.mapToGlobal(self.allow.rect().bottomLeft()))


def hint_words(found: VmDrops) -> str:
    """Why there may be nothing, or less than was thrown away."""
    lines = []
    if not any(nic.is_logging_refused for nic in found.nics):
        lines.append(
            translate(
                "Drops",
                "None of its security groups notes what is refused. That is switched on in "
                "“Edit …” of a group.",
            )
        )
    lines.append(
        translate(
            "Drops",
            "Of each NIC a few packets a minute are noted, all are counted since its host loaded "
            "the rules.",
        )
    )
    if found.missed:
        words = translate("Drops", "{n} more were noted, but there were too many to be told.")
        lines.append(words.format(n=texts.number(found.missed)))
    return "\n".join(lines)


def show_drops(shell: Shell, vm: r.Vm) -> None:
    """Open the packets of one machine."""
    show_sheet(shell.window, f"drops-{vm.id}", lambda: DropsSheet(shell, vm))
