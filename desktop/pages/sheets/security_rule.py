"""The sheet that adds a rule to a security group or changes one; it checks while one types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtWidgets import QCheckBox, QSpinBox

from appliance.protocol import security as s
from appliance.protocol.errors import InvalidInput, to_body
from appliance.protocol.security_checks import WITH_PORTS, WITH_TYPES, checked
from desktop import texts
from desktop.pages.security_words import (
    direction_words,
    parse_numbers,
    ports_words,
    protocol_words,
)
from desktop.texts import translate
from desktop.wizard.fields import FormField
from desktop.wizard.page import Request, StepPage, choose, problem_words

PROTOCOLS = ("tcp", "udp", "icmp", "icmpv6", "any")
ANYBODY, NETWORK = "", "cidr"
FIELDS = {
    "port_first": "ports",
    "port_last": "ports",
    "icmp_type": "ports",
    "icmp_code": "ports",
    "peer_group_id": "peer",
}
"""Where a problem with a field of the request is shown."""


class RuleForm(StepPage):
    """One rule. `groups` are those that may be named as the other end."""

    names = ("rule",)

    def __init__(self, title: str, intro: str, groups: Sequence[s.SecurityGroup]) -> None:
        super().__init__(title, intro)
        self.direction = self.add_choice(
            "direction",
            translate("Security", "Direction"),
            [(direction_words(one), one) for one in ("in", "out")],
        )
        self.action = self.add_choice(
            "action",
            translate("Security", "Action"),
            [(texts.word(f"rule.{one}"), one) for one in ("allow", "deny")],
        )
        self.priority = QSpinBox()
        self.priority.setRange(1, 1000)
        self.priority.setValue(100)
        self.priority.valueChanged.connect(lambda _: self.chosen_by_hand())
        self.add_field(
            "priority",
            FormField(
                translate("Security", "Priority"),
                self.priority,
                translate("Security", "Lower goes first"),
            ),
        )
        self.side_by_side("direction", "action", "priority")
        self.protocol = self.add_choice(
            "protocol",
            translate("Security", "Protocol"),
            [(protocol_words(one), one) for one in PROTOCOLS],
        )
        self.ports = self.add_line(
            "ports", translate("Security", "Ports"), placeholder="80, 8000-8100"
        )
        self.side_by_side("protocol", "ports")
        self.peer = self.add_choice(
            "peer", translate("Security", "The other end"), self._peers(groups)
        )
        self.cidr = self.add_line(
            "cidr", translate("Security", "Network"), placeholder="10.0.0.0/24, 2001:db8::/32"
        )
        self.side_by_side("peer", "cidr")
        self.description = self.add_line("description", translate("Security", "Description"))
        self.enabled = QCheckBox(translate("Security", "This rule holds"))
        self.enabled.setChecked(True)
        self.enabled.toggled.connect(lambda _: self.chosen_by_hand())
        self.body.addWidget(self.enabled)
        self._show_what_fits()

    @staticmethod
    def _peers(groups: Sequence[s.SecurityGroup]) -> list[tuple[str, str]]:
        words = translate("Security", "Members of {name}")
        return [
            (translate("Security", "Anybody"), ANYBODY),
            (translate("Security", "A network or address"), NETWORK),
            *((words.format(name=group.name), group.id) for group in groups),
        ]

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Show a rule that is there."""
        rule = requests["rule"]["rule"]
        for field in ("direction", "action", "protocol"):
            choose(getattr(self, field), getattr(rule, field))
        self.priority.setValue(rule.priority)
        self.ports.setText(ports_words(rule))
        choose(self.peer, rule.peer_group_id or (NETWORK if rule.cidr else ANYBODY))
        self.cidr.setText(rule.cidr)
        self.description.setText(rule.description)
        self.enabled.setChecked(rule.is_enabled)
        self._show_what_fits()

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        protocol, peer = self.protocol.currentData(), self.peer.currentData()
        first, last = parse_numbers(self.ports.text()) or (None, None)
        has_ports, has_types = protocol in WITH_PORTS, protocol in WITH_TYPES
        return {
            "direction": self.direction.currentData(),
            "action": self.action.currentData(),
            "priority": self.priority.value(),
            "protocol": protocol,
            "port_first": first if has_ports else None,
            "port_last": (last or first) if has_ports else None,
            "icmp_type": first if has_types else None,
            "icmp_code": last if has_types else None,
            "cidr": self.cidr.text().strip() if peer == NETWORK else "",
            "peer_group_id": None if peer in (ANYBODY, NETWORK) else peer,
            "description": self.description.text(),
            "is_enabled": self.enabled.isChecked(),
        }

    def review(self) -> bool:
        """Ask what the service would ask, and show what is wrong at its field."""
        self._show_what_fits()
        for key in ("ports", "cidr", "peer"):
            self.tell(key, "")
        if parse_numbers(self.ports.text()) is None and self.ports.isEnabled():
            self.tell("ports", translate("Security", "Write it like 80, 8000-8100, or 8/0."))
            return False
        if self.peer.currentData() == NETWORK and not self.cidr.text().strip():
            self.tell("cidr", translate("Security", "Give a network or an address."))
            return False
        values = self.values("rule")
        too_large = 255 if values["icmp_type"] is not None else 65_535
        for field in ("port_first", "port_last", "icmp_type", "icmp_code"):
            number = values[field]
            is_port_zero = field.startswith("port") and number == 0
            if number is not None and (number > too_large or is_port_zero):
                words = translate("Security", "{number} is none; the largest is {largest}.")
                self.tell("ports", words.format(number=number, largest=too_large))
                return False
        try:
            checked(values)
        except InvalidInput as error:
            body = to_body(error)
            self.tell(FIELDS.get(body.field or "", body.field or "ports"), problem_words(body))
            return False
        return True

    def field_of(self, problem: Any) -> FormField | None:
        """The field that a refusal is about."""
        return self.fields.get(FIELDS.get(problem.field or "", problem.field or ""))

    def _show_what_fits(self) -> None:
        protocol = self.protocol.currentData()
        self.ports.setEnabled(protocol != "any")
        is_icmp = protocol in WITH_TYPES
        title = (
            translate("Security", "ICMP type and code")
            if is_icmp
            else translate("Security", "Ports")
        )
        self.fields["ports"].set_title(title)
        self.ports.setPlaceholderText("8, 8/0" if is_icmp else "80, 8000-8100")
        self.cidr.setEnabled(self.peer.currentData() == NETWORK)
