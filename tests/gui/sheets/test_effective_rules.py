"""The window that says which rules hold for each NIC of a machine."""

from __future__ import annotations

from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from appliance.protocol.effective import EffectiveRule, EffectiveRules, NicRules
from appliance.protocol.errors import Unavailable
from desktop.main_window.window import MainWindow
from desktop.pages.sheets.effective_rules import EffectiveSheet
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar, trigger
from tests.gui.sheets.test_changing import sheet_of
from tests.gui.sheets.test_security import VM


def rule(number: int, **more: Any) -> EffectiveRule:
    fields: dict[str, Any] = {
        "rule_id": f"rule-{number}", "security_group_id": "g", "security_group_name": "web",
        "action": "allow", "priority": number, "protocol": "tcp", "port_first": 443,
        "port_last": 443, "icmp_type": None, "icmp_code": None, "cidr": "", "peer_group_id": None,
        "peer_group_name": "", "peer_addresses": [], "peer_count": 0, "description": "",
    }  # fmt: skip
    return EffectiveRule(**(fields | more))


def nic(address: str, groups: list[str], **more: Any) -> NicRules:
    fields: dict[str, Any] = {
        "nic_id": f"nic-{address}", "address": address, "network_id": "n",
        "network_name": "private", "is_filtered": bool(groups), "security_group_ids": groups,
        "security_group_names": groups, "incoming": [], "outgoing": [],
    }  # fmt: skip
    return NicRules(**(fields | more))


FOUND = EffectiveRules(
    nics=[
        nic(
            "10.0.0.3",
            ["web"],
            incoming=[
                rule(1, action="deny", cidr="203.0.113.0/24"),
                rule(
                    2,
                    peer_group_id="d",
                    peer_group_name="desks",
                    peer_addresses=[f"10.0.0.{place}" for place in range(20, 29)],
                    peer_count=140,
                ),
            ],
            outgoing=[rule(1, protocol="any", port_first=None, port_last=None)],
        ),
        nic("10.9.0.3", []),
    ]
)


def shown(sheet: Any) -> list[list[str]]:
    model = sheet.table.model()
    return [
        [model.index(row, column).data() for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_rules_stand_in_the_order_of_asking(
    window: MainWindow, registrar: Registrar, qtbot: QtBot, look: Any, language: str
) -> None:
    look(language, "light")
    registrar.answers["vm.effective_rules"] = FOUND
    trigger(window, "vm", "effective_rules", VM)
    sheet: Any = sheet_of(window, EffectiveSheet, qtbot)
    qtbot.waitUntil(lambda: sheet.nic.count() == 2)
    rows = shown(sheet)
    assert [row[0] for row in rows] == ["1", "2", "1"]
    assert rows[0][4] == "203.0.113.0/24"
    assert "10.0.0.20, 10.0.0.21, 10.0.0.22, 10.0.0.23 + 136" in rows[1][4]
    assert sheet.hint.text()
    qtbot.waitUntil(lambda: clipped(sheet) == [])
    take(sheet, f"sheet-effective-rules-{language}")
    sheet.nic.setCurrentIndex(1)
    assert shown(sheet) == []
    if language == "en":
        assert "nothing is filtered" in sheet.hint.text()


def test_why_nothing_is_known_is_told(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    registrar.refusals["vm.effective_rules"] = Unavailable("host.not_connected", name="node-a")
    trigger(window, "vm", "effective_rules", VM)
    sheet: Any = sheet_of(window, EffectiveSheet, qtbot)
    qtbot.waitUntil(lambda: "node-a" in sheet.error.text())
