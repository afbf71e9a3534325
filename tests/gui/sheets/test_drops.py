"""Refused packets in the client: what is shown, and a rule made of one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from appliance.protocol.drops import NicLosses, NotedPacket, VmDrops
from appliance.protocol.errors import Unavailable
from appliance.protocol.operations import OPERATIONS
from desktop.main_window.window import MainWindow
from desktop.pages.sheets.drops import DropsSheet, rule_for
from desktop.pages.sheets.form_sheet import FormSheet
from tests.gui.samples import infrastructure, security_rules
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar, trigger
from tests.gui.sheets.test_changing import sheet_of
from tests.gui.sheets.test_creating import only_change, press
from tests.gui.sheets.test_security import VM, WEB

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def packet(number: int, nic_id: str, reason: str = "drop.no_rule_in", **more: Any) -> NotedPacket:
    fields: dict[str, Any] = {
        "number": number, "at": AT, "nic_id": nic_id, "direction": "in", "reason": reason,
        "params": {"name": "web-1", "groups": "web", "group": "web", "mac": "0a:00:00:00:00:99"},
        "message": "", "protocol": "tcp", "source": "203.0.113.9", "source_port": 40_312,
        "destination": "10.0.0.3", "destination_port": 8443, "icmp_type": None, "icmp_code": None,
        "source_mac": "", "security_group_id": None, "rule_id": None,
    }  # fmt: skip
    return NotedPacket(**(fields | more))


def joined(window: MainWindow, *group_ids: str) -> str:
    """Put the machine's NIC into these groups; its id."""
    (vm,) = [one for one in window.cache.all("vm") if one.id == VM]
    nics = [msgspec.structs.replace(nic, security_group_ids=list(group_ids)) for nic in vm.nics]
    (group,) = [one for one in window.cache.all("security_group") if one.id == WEB]
    window.cache.put("security_group", [msgspec.structs.replace(group, owner_id=vm.owner_id)])
    window.cache.put("vm", [msgspec.structs.replace(vm, nics=nics)])
    return vm.nics[0].id


def found(nic_id: str, *, logs: bool = True) -> VmDrops:
    losses = NicLosses(
        nic_id=nic_id, address="10.0.0.3", network_name="private", spoofed_packets=3,
        spoofed_bytes=180, refused_packets=1204, refused_bytes=70_000, is_logging_spoofed=False,
        is_logging_refused=logs,
    )  # fmt: skip
    rule = security_rules()[0].id
    packets = [
        packet(9, nic_id),
        packet(8, nic_id, "drop.denied_in", destination_port=25, rule_id=rule),
        packet(7, nic_id, "drop.forged_mac", direction="out", protocol="arp", source_port=None,
               destination_port=None, source="10.0.0.3", destination="10.0.0.1"),
        packet(6, nic_id, "drop.no_rule_out", direction="out", protocol="icmpv6", icmp_type=128,
               icmp_code=0, source="fe80::1", source_port=None, destination="2001:db8::7",
               destination_port=None),
    ]  # fmt: skip
    return VmDrops(nics=[losses], packets=packets if logs else [], missed=5 if logs else 0)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_packets_are_shown_newest_first(
    window: MainWindow, registrar: Registrar, qtbot: QtBot, look: Any, language: str
) -> None:
    look(language, "light")
    registrar.answers["vm.drops"] = found(joined(window, WEB))
    trigger(window, "vm", "drops", VM)
    sheet = sheet_of(window, DropsSheet, qtbot)
    qtbot.waitUntil(lambda: sheet.packets.rowCount() == 4)
    assert registrar.asked[-1] == ("vm.drops", {"id": VM})
    cells = [[sheet.packets.index(row, at).data() for at in range(6)] for row in range(4)]
    assert [row[3] for row in cells][:2] == ["203.0.113.9:40312"] * 2
    assert cells[0][4] == "10.0.0.3:8443"
    assert "web" in cells[0][5]
    assert (cells[3][2], cells[3][4]) == ("ICMPV6 128/0", "2001:db8::7")
    assert sheet.nics.index(0, 2).data().replace(",", "") == "1204"
    assert "5" in sheet.hint.text()
    sheet.table.select("8")
    assert sheet.rule.text(), "the rule that denied it"
    for _ in range(5):
        QApplication.processEvents()
    take(sheet, f"sheet-drops-{language}")
    assert clipped(sheet) == []


def test_what_is_missing_is_allowed_by_a_rule(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    registrar.answers["vm.drops"] = found(joined(window, WEB))
    trigger(window, "vm", "drops", VM)
    sheet = sheet_of(window, DropsSheet, qtbot)
    qtbot.waitUntil(lambda: sheet.packets.rowCount() == 4)
    assert not sheet.allow.isEnabled()
    for denied in ("8", "7"):
        sheet.table.select(denied)
        assert not sheet.allow.isEnabled(), "a rule would change nothing"
    sheet.table.select("9")
    assert sheet.allow.isEnabled()
    sheet.allow.click()
    editor = sheet_of(window, FormSheet, qtbot)
    press(editor)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    operation, body = only_change(registrar)
    request = msgspec.convert(body, OPERATIONS[operation].request)
    assert (operation, request.security_group_id) == ("security_rule.create", WEB)
    assert (request.direction, request.action, request.protocol) == ("in", "allow", "tcp")
    assert (request.port_first, request.port_last, request.cidr) == (8443, 8443, "203.0.113.9/32")


def test_of_several_groups_one_is_chosen(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    (group,) = [one for one in window.cache.all("security_group") if one.id == WEB]
    other = msgspec.structs.replace(group, id="other", name="admin")
    window.cache.put("security_group", [other])
    registrar.answers["vm.drops"] = found(joined(window, WEB, "other"))
    trigger(window, "vm", "drops", VM)
    sheet = sheet_of(window, DropsSheet, qtbot)
    qtbot.waitUntil(lambda: sheet.packets.rowCount() == 4)
    sheet.table.select("9")
    sheet.allow.click()
    (menu,) = [one for one in sheet.findChildren(QMenu) if one.isVisible()]
    assert len(menu.actions()) == 2
    menu.close()


def test_selection_stays_when_more_comes(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    nic_id = joined(window, WEB)
    registrar.answers["vm.drops"] = found(nic_id)
    trigger(window, "vm", "drops", VM)
    sheet = sheet_of(window, DropsSheet, qtbot)
    qtbot.waitUntil(lambda: sheet.packets.rowCount() == 4)
    sheet.table.select("8")
    now = found(nic_id)
    more = msgspec.structs.replace(now, packets=[packet(10, nic_id), *now.packets])
    registrar.answers["vm.drops"] = more
    sheet._ask()
    qtbot.waitUntil(lambda: sheet.packets.rowCount() == 5)
    chosen = sheet.chosen()
    assert chosen is not None
    assert chosen.number == 8


def test_nothing_noted_says_where_that_is_switched_on(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    registrar.answers["vm.drops"] = found(joined(window, WEB), logs=False)
    trigger(window, "vm", "drops", VM)
    sheet = sheet_of(window, DropsSheet, qtbot)
    qtbot.waitUntil(lambda: sheet.nics.rowCount() == 1)
    assert "Edit …" in sheet.hint.text()


def test_a_service_that_does_not_answer_is_said(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    registrar.refusals["vm.drops"] = Unavailable("host.not_connected", name="host-1")
    trigger(window, "vm", "drops", VM)
    sheet = sheet_of(window, DropsSheet, qtbot)
    qtbot.waitUntil(lambda: bool(sheet.error.text()))


def test_a_group_is_told_to_note(window: MainWindow, registrar: Registrar, qtbot: QtBot) -> None:
    trigger(window, "security_group", "rename", WEB)
    sheet = sheet_of(window, FormSheet, qtbot)
    sheet.form.log_drops.setChecked(True)
    assert "--log-drops" in sheet.footer.equivalent.text()
    QTest.qWait(10)
    take(sheet, "sheet-security-group-en")
    assert clipped(sheet) == []
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    operation, body = only_change(registrar)
    assert (operation, body["log_drops"]) == ("security_group.update", True)


def test_rules_made_of_packets() -> None:
    (group,) = infrastructure()["security_group"]
    ping = packet(1, "n", "drop.no_rule_out", direction="out", protocol="icmpv6", icmp_type=128,
                  icmp_code=0, destination="2001:db8::7", destination_port=None)  # fmt: skip
    rule = rule_for(ping, group)
    assert (rule.direction, rule.protocol, rule.icmp_type) == ("out", "icmpv6", 128)
    assert (rule.cidr, rule.port_first) == ("2001:db8::7/128", None)
    gre = rule_for(packet(2, "n", protocol="47", destination_port=None), group)
    assert (gre.protocol, gre.port_first, gre.cidr) == ("any", None, "203.0.113.9/32")
