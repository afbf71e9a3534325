"""Accounts, users, roles and quotas from the pages that list them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from appliance.protocol import resources as r
from appliance.protocol import tenancy as t
from appliance.protocol.errors import Conflict
from appliance.protocol.operations import OPERATIONS
from desktop.main_window.window import MainWindow
from desktop.pages.sheets.form_sheet import FormSheet
from desktop.pages.usage import UsagePage
from desktop.widgets.notice import ErrorLabel
from tests.gui.samples import make_id
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar, Shown, trigger

ACCOUNT, USER, ROLE = make_id(900_026), make_id(900_027), make_id(900_028)
SECRET = "correct horse battery"
GiB = 1024**3


def answer_quotas(registrar: Registrar, **limits: int) -> None:
    """Have the service tell quotas, of which 9 are used each."""
    items = [t.Quota(name=name, limit=limit, used=9) for name, limit in limits.items()]
    quotas = t.Quotas(account_id=ACCOUNT, items=items)
    registrar.answers |= {"quota.get": quotas, "quota.usage": quotas}


def opened(window: MainWindow, qtbot: QtBot) -> Any:
    """The sheet that is open."""

    def visible() -> list[FormSheet]:
        return [one for one in window.findChildren(FormSheet) if one.isVisible()]

    qtbot.waitUntil(lambda: len(visible()) == 1)
    (sheet,) = visible()
    QApplication.processEvents()
    assert clipped(sheet) == []
    return sheet


def done(sheet: Any, registrar: Registrar, qtbot: QtBot) -> tuple[str, dict[str, Any]]:
    """Press the button; what the service was asked for."""
    before = len(registrar.changes())
    assert sheet.footer.go.isEnabled()
    QTest.mouseClick(sheet.footer.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(registrar.changes()) > before)
    operation, body = registrar.changes()[-1]
    request = dict(body)
    if "{id}" in OPERATIONS[operation].path:
        del request["id"]
    msgspec.convert(request, OPERATIONS[operation].request)
    return operation, body


@pytest.mark.parametrize("kind", ["account", "user"])
def test_somebody_new(shown: Shown, registrar: Registrar, qtbot: QtBot, kind: str) -> None:
    sheet = shown(kind)
    form: Any = sheet.form
    form.name.setText("carol")
    form.touched()
    assert not sheet.footer.go.isEnabled(), "a password is needed"
    QTest.keyClicks(form.password, SECRET)
    said = sheet.footer.equivalent.text()
    assert f"anyun {kind} create" in said
    assert SECRET not in said
    take(sheet, f"sheet-{kind}")
    operation, body = done(sheet, registrar, qtbot)
    assert (operation, body["name"], body["password"]) == (f"{kind}.create", "carol", SECRET)
    assert body.get("kind") == ("tenant" if kind == "account" else None)


def test_a_role_with_allow_and_deny(shown: Shown, registrar: Registrar, qtbot: QtBot) -> None:
    sheet = shown("role")
    form: Any = sheet.form
    form.name.setText("starter")
    form.allow.lines.setPlainText("vm.start\n*.list")
    form.deny.lines.setPlainText("vm.expunge")
    assert "--statements" in sheet.footer.equivalent.text()
    take(sheet, "sheet-role")
    operation, body = done(sheet, registrar, qtbot)
    assert operation == "role.create"
    assert body["statements"] == [
        {"effect": "allow", "operations": ["vm.start", "*.list"]},
        {"effect": "deny", "operations": ["vm.expunge"]},
    ]


def test_quotas_are_changed_in_their_unit(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    answer_quotas(registrar, vm=10, memory=20 * GiB, cpu=t.UNLIMITED)
    trigger(window, "account", "quotas", ACCOUNT)
    sheet = opened(window, qtbot)
    form: Any = sheet.form
    assert form.limit.value() == 10
    form.quota.setCurrentIndex(1)
    assert (form.limit.value(), form.limit.suffix()) == (20, " GiB")
    take(sheet, "sheet-quota")
    form.limit.setValue(32)
    expected = {"id": ACCOUNT, "name": "memory", "value": 32 * GiB}
    assert done(sheet, registrar, qtbot) == ("quota.update", expected)


def test_no_limit_is_a_limit(window: MainWindow, registrar: Registrar, qtbot: QtBot) -> None:
    answer_quotas(registrar, memory=20 * GiB)
    trigger(window, "account", "quotas", ACCOUNT)
    sheet = opened(window, qtbot)
    sheet.form.limit.setValue(t.UNLIMITED)
    assert sheet.form.limit.text() == "no limit"
    _, body = done(sheet, registrar, qtbot)
    assert body["value"] == t.UNLIMITED


@pytest.mark.parametrize(
    ("kind", "subject", "field"), [("user", USER, "user_id"), ("account", ACCOUNT, "account_id")]
)
def test_roles_are_given_and_taken(
    window: MainWindow, registrar: Registrar, qtbot: QtBot, kind: str, subject: str, field: str
) -> None:
    has_it = kind == "user"
    verb, action = ("detach", "take_role") if has_it else ("attach", "give_role")
    trigger(window, kind, action, subject)
    sheet = opened(window, qtbot)
    operation, body = done(sheet, registrar, qtbot)
    assert (operation, body) == (f"role.{verb}", {"id": ROLE, field: subject})


def test_logging_in_is_taken_away_and_given_back(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    page: Any = window.page("user")
    trigger(window, "user", "disable", USER)
    qtbot.waitUntil(lambda: registrar.changes() == [("user.disable", {"id": USER})])
    assert not page.qactions["enable"].isEnabled()
    user: Any = window.cache.get("user", USER)
    window.cache.put("user", [msgspec.structs.replace(user, state=r.State.DISABLED)])
    assert page.qactions["enable"].isEnabled()
    assert not page.qactions["disable"].isEnabled()


def test_another_password(window: MainWindow, registrar: Registrar, qtbot: QtBot) -> None:
    trigger(window, "account", "password", ACCOUNT)
    sheet = opened(window, qtbot)
    QTest.keyClicks(sheet.form.password, SECRET)
    assert SECRET not in sheet.footer.equivalent.text()
    operation, body = done(sheet, registrar, qtbot)
    assert (operation, body) == ("account.set_password", {"id": ACCOUNT, "password": SECRET})


def test_a_refusal_stands_at_its_field(shown: Shown, registrar: Registrar, qtbot: QtBot) -> None:
    refused = Conflict("request.id_taken", field="name", id="carol")
    registrar.refusals["account.create"] = refused
    sheet = shown("account")
    form: Any = sheet.form
    form.name.setText("carol")
    form.touched()
    QTest.keyClicks(form.password, SECRET)
    QTest.mouseClick(sheet.footer.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(form.fields["name"].note()))
    assert sheet.isVisible()


def test_my_usage_is_told_in_bars(window: MainWindow, registrar: Registrar, qtbot: QtBot) -> None:
    answer_quotas(registrar, vm=10, cpu=t.UNLIMITED, image=9)
    window.go("usage")
    page = window.page("usage")
    assert isinstance(page, UsagePage)
    qtbot.waitUntil(lambda: len(page.list.bars) == 3)
    take(window, "usage")
    assert clipped(window) == []
    assert page.findChildren(ErrorLabel)[0].text() == ""
    answer_quotas(registrar, vm=20, cpu=t.UNLIMITED, image=9)
    page.reload()
    qtbot.waitUntil(lambda: "9 of 20" in page.list.bars["vm"].accessibleName())
