"""Security groups in the client: rules checked while typing, members, and traces."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from appliance.protocol import security as s
from appliance.protocol.errors import InvalidInput
from appliance.protocol.operations import OPERATIONS
from desktop.main_window.window import MainWindow
from desktop.pages.security_words import parse_numbers
from desktop.pages.sheets.form_sheet import FormSheet
from tests.gui.samples import make_id, security_rules
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar, trigger
from tests.gui.sheets.test_changing import sheet_of
from tests.gui.sheets.test_creating import only_change, press

WEB = make_id(900_026)
VM = make_id(1)


@pytest.fixture
def rule_sheet(window: MainWindow, qtbot: QtBot) -> Any:
    trigger(window, "security_group", "add_rule", WEB)
    return sheet_of(window, FormSheet, qtbot)


def choose(field: Any, value: str) -> None:
    """Choose as a person does."""
    field.setCurrentIndex(field.findData(value))


def retype(field: Any, text: str) -> None:
    """Type into a field as if it were empty."""
    field.selectAll()
    QTest.keyClicks(field, text)


def test_a_rule_is_added_as_typed(rule_sheet: Any, registrar: Registrar, qtbot: QtBot) -> None:
    form = rule_sheet.form
    retype(form.ports, "8000-8100")
    choose(form.peer, "cidr")
    retype(form.cidr, "10.1.0.0/16")
    assert "anyun security-rule create" in rule_sheet.footer.equivalent.text()
    assert "--port-last 8100" in rule_sheet.footer.equivalent.text()
    press(rule_sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    operation, body = only_change(registrar)
    assert operation == "security_rule.create"
    request = msgspec.convert(body, OPERATIONS[operation].request)
    assert (request.security_group_id, request.port_first, request.port_last) == (WEB, 8000, 8100)
    assert (request.direction, request.protocol, request.cidr) == ("in", "tcp", "10.1.0.0/16")


@pytest.mark.parametrize(
    ("protocol", "ports", "cidr", "field"),
    [
        ("tcp", "http", "", "ports"),
        ("tcp", "90-80", "", "ports"),
        ("tcp", "70000", "", "ports"),
        ("udp", "0", "", "ports"),
        ("icmp", "300", "", "ports"),
        ("tcp", "80", "10.0.0.1/8", "cidr"),
        ("tcp", "80", "everybody", "cidr"),
        ("icmpv6", "", "10.0.0.0/8", "cidr"),
    ],
)
def test_mistakes_are_told_while_typing(
    rule_sheet: Any, protocol: str, ports: str, cidr: str, field: str
) -> None:
    form = rule_sheet.form
    choose(form.protocol, protocol)
    if ports:
        retype(form.ports, ports)
    if cidr:
        choose(form.peer, "cidr")
        retype(form.cidr, cidr)
    assert not rule_sheet.footer.go.isEnabled()
    assert form.fields[field].note()
    choose(form.peer, "")
    choose(form.protocol, "any")
    assert rule_sheet.footer.go.isEnabled()


def test_a_refusal_is_shown_at_its_field(
    rule_sheet: Any, registrar: Registrar, qtbot: QtBot
) -> None:
    registrar.refusals["security_rule.create"] = InvalidInput(
        "security.other_owner", field="peer_group_id", name="web"
    )
    press(rule_sheet)
    qtbot.waitUntil(lambda: "web" in rule_sheet.form.fields["peer"].note())


def test_changing_a_rule_sends_what_it_shows(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    rule = security_rules()[1]
    trigger(window, "security_rule", "edit", rule.id)
    sheet = sheet_of(window, FormSheet, qtbot)
    assert sheet.form.ports.text() == "8000-8100"
    sheet.form.priority.setValue(5)
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    operation, body = only_change(registrar)
    assert operation == "security_rule.update"
    kept = msgspec.structs.asdict(rule) | {"priority": 5}
    assert {name: body[name] for name in body if name != "id"} == {
        name: kept[name] for name in body if name != "id"
    }


def test_rules_are_turned_off_and_deleted(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    rule = security_rules()[0]
    trigger(window, "security_rule", "disable", rule.id)
    trigger(window, "security_rule", "delete", rule.id)
    qtbot.waitUntil(lambda: len(registrar.changes()) == 2)
    assert registrar.changes() == [
        ("security_rule.update", {"id": rule.id, "is_enabled": False}),
        ("security_rule.delete", {"id": rule.id}),
    ]


def own_group(window: MainWindow) -> str:
    """Let the sample's group belong to the sample's machine."""
    cache = window.cache
    (vm,) = [one for one in cache.all("vm") if one.id == VM]
    (group,) = cache.all("security_group")
    cache.put("security_group", [msgspec.structs.replace(group, owner_id=vm.owner_id)])
    return group.id


def test_a_machine_is_put_into_groups(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    group_id = own_group(window)
    trigger(window, "vm", "security", VM)
    sheet = sheet_of(window, FormSheet, qtbot)
    assert sheet.form.warning.isVisible(), "without a group nothing is filtered"
    sheet.form.boxes[group_id].click()
    assert not sheet.form.warning.isVisible()
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    expected = ("vm.set_security_groups", {"id": VM, "security_group_ids": [group_id]})
    assert registrar.changes() == [expected]


def answer() -> s.TraceResult:
    steps = [
        s.TraceStep(
            code="trace.same_network",
            is_passed=True,
            params={"address": "10.0.0.2", "network": "private"},
        ),
        s.TraceStep(
            code="trace.no_rule_in", is_passed=False, params={"name": "web-2", "groups": "web"}
        ),
    ]
    return s.TraceResult(is_reached=False, steps=steps)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_trace_shows_where_it_stops(
    window: MainWindow, registrar: Registrar, qtbot: QtBot, look: Any, language: str
) -> None:
    look(language, "light")
    registrar.answers["vm.trace"] = answer()
    own_group(window)
    trigger(window, "vm", "trace", VM)
    sheet = sheet_of(window, FormSheet, qtbot)
    sheet.form.port.setValue(80)
    press(sheet)
    qtbot.waitUntil(lambda: len(sheet.form.lines) == 2)
    shown = [label.text() for label in sheet.form.lines]
    assert shown[0].startswith("✓")
    assert shown[1].startswith("✗")
    assert "web-2" in shown[1]
    for _ in range(5):
        QApplication.processEvents()
    take(sheet, f"sheet-trace-{language}")
    assert clipped(sheet) == []
    ((operation, body),) = [one for one in registrar.asked if one[0] == "vm.trace"]
    msgspec.convert(
        {name: value for name, value in body.items() if name != "id"},
        OPERATIONS[operation].request,
    )
    choose(sheet.form.protocol, "icmp")
    assert sheet.form.lines == [], "another question has no answer yet"
    QTest.keyClick(sheet, Qt.Key.Key_Escape)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_sheets_fit(window: MainWindow, qtbot: QtBot, look: Any, language: str) -> None:
    look(language, "light")
    group_id = own_group(window)
    trigger(window, "security_group", "add_rule", group_id)
    rule = sheet_of(window, FormSheet, qtbot)
    take(rule, f"sheet-security-rule-{language}")
    assert clipped(rule) == []
    rule.reject()
    trigger(window, "vm", "security", VM)
    members = sheet_of(window, FormSheet, qtbot)
    take(members, f"sheet-security-groups-{language}")
    assert clipped(members) == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", (None, None)),
        (" 80 ", (80, None)),
        ("80-90", (80, 90)),
        ("8/0", (8, 0)),
        ("80,90", None),
        ("-1", None),
        ("http", None),
    ],
)
def test_numbers_are_read(text: str, numbers: Any) -> None:
    assert parse_numbers(text) == numbers


def test_a_machine_is_let_go_from_anti_spoofing_and_held(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    trigger(window, "vm", "let_spoof", VM)
    qtbot.waitUntil(lambda: len(registrar.changes()) == 1)
    (vm,) = [one for one in window.cache.all("vm") if one.id == VM]
    nics = [msgspec.structs.replace(nic, anti_spoofing=False) for nic in vm.nics]
    window.cache.put("vm", [msgspec.structs.replace(vm, nics=nics)])
    trigger(window, "vm", "hold", VM)
    qtbot.waitUntil(lambda: len(registrar.changes()) == 2)
    assert registrar.changes() == [
        ("vm.set_anti_spoofing", {"id": VM, "is_enabled": False}),
        ("vm.set_anti_spoofing", {"id": VM, "is_enabled": True}),
    ]
