"""User groups, shares and API tokens from the pages that list them."""

from __future__ import annotations

from typing import Any

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from appliance.protocol import tenancy as t
from appliance.protocol.operations import OPERATIONS
from desktop.main_window.window import MainWindow
from desktop.pages.patterns import PatternField, offered
from desktop.pages.tokens import SecretSheet
from tests.gui.samples import NOW, make_id
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar, Shown, trigger
from tests.gui.sheets.test_accounts import done, opened

GROUP, SHARE, TOKEN = make_id(900_070), make_id(900_071), make_id(900_072)
USER, ROLE = make_id(900_027), make_id(900_028)
SECRET = "any_0123456789abcdef"


def take_operation(field: PatternField, pattern: str) -> None:
    """Choose an operation as with the mouse."""
    place = field.choice.findData(pattern)
    assert place >= 0
    field.choice.activated.emit(place)


def test_every_operation_of_accounts_is_offered_once() -> None:
    patterns = [pattern for _, pattern in offered()]
    assert len(patterns) == len(set(patterns))
    assert {"vm.*", "vm.start", "*.list", "host.create"} <= set(patterns)
    assert "session.create" not in patterns


def test_a_user_is_put_into_a_group_and_taken_out(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    trigger(window, "group", "add_user", GROUP)
    sheet = opened(window, qtbot)
    assert done(sheet, registrar, qtbot) == ("group.add_user", {"id": GROUP, "user_id": USER})
    (group,) = window.cache.all("group")
    window.cache.put("group", [msgspec.structs.replace(group, user_ids=[USER])])
    trigger(window, "group", "remove_user", GROUP)
    sheet = opened(window, qtbot)
    assert done(sheet, registrar, qtbot) == ("group.remove_user", {"id": GROUP, "user_id": USER})


def test_nobody_is_left_to_put_in(window: MainWindow, qtbot: QtBot) -> None:
    (group,) = window.cache.all("group")
    window.cache.put("group", [msgspec.structs.replace(group, user_ids=[USER])])
    trigger(window, "group", "add_user", GROUP)
    sheet = opened(window, qtbot)
    assert not sheet.footer.go.isEnabled()
    assert sheet.form.fields["user_id"].note()


def test_a_group_is_given_a_role(window: MainWindow, registrar: Registrar, qtbot: QtBot) -> None:
    trigger(window, "group", "give_role", GROUP)
    operation, body = done(opened(window, qtbot), registrar, qtbot)
    assert (operation, body["id"], body["group_id"]) == ("role.attach", ROLE, GROUP)


def test_a_role_is_made_of_chosen_operations(
    shown: Shown, registrar: Registrar, qtbot: QtBot
) -> None:
    sheet = shown("role")
    form: Any = sheet.form
    form.name.setText("operator")
    take_operation(form.allow, "vm.*")
    take_operation(form.allow, "vm.*")
    take_operation(form.deny, "vm.expunge")
    _, body = done(sheet, registrar, qtbot)
    assert body["statements"] == [
        {"effect": "allow", "operations": ["vm.*"]},
        {"effect": "deny", "operations": ["vm.expunge"]},
    ]


def test_an_image_is_shared_with_everybody_or_one(
    shown: Shown, registrar: Registrar, qtbot: QtBot
) -> None:
    sheet = shown("share")
    form: Any = sheet.form
    form.resource.setCurrentIndex(form.resource.findData(f"image {make_id(900_010)}"))
    take(sheet, "sheet-share")
    assert clipped(sheet) == []
    operation, body = done(sheet, registrar, qtbot)
    assert operation == "share.create"
    assert body == {"kind": "image", "resource_id": make_id(900_010), "account_id": None}


def test_sharing_ends(window: MainWindow, registrar: Registrar, qtbot: QtBot) -> None:
    trigger(window, "share", "delete", SHARE)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    assert registrar.changes() == [("share.delete", {"id": SHARE})]


def test_a_token_is_shown_once_and_copied(
    window: MainWindow, shown: Shown, registrar: Registrar, qtbot: QtBot
) -> None:
    registrar.answers["token.create"] = t.NewToken(
        id=make_id(5),
        name="backup",
        created_at=NOW,
        account_id=make_id(1),
        user_id=None,
        scopes=["vm.*"],
        expires_at=None,
        last_used_at=None,
        token=SECRET,
    )
    sheet = shown("token")
    form: Any = sheet.form
    form.name.setText("backup")
    assert not sheet.footer.go.isEnabled(), "it must be good for something"
    take_operation(form.scopes, "vm.*")
    form.days.setValue(1)
    take(sheet, "sheet-token")
    assert clipped(sheet) == []
    _, body = done(sheet, registrar, qtbot)
    assert (body["scopes"], body["expires_in_s"]) == (["vm.*"], 86_400)
    request = OPERATIONS["token.create"].request
    msgspec.convert(body, request)
    qtbot.waitUntil(lambda: any(one.isVisible() for one in window.findChildren(SecretSheet)))
    (secret,) = [one for one in window.findChildren(SecretSheet) if one.isVisible()]
    assert secret.secret.text() == SECRET
    take(secret, "sheet-token-secret")
    assert clipped(secret) == []
    QTest.mouseClick(secret.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == SECRET


def test_a_token_is_deleted(window: MainWindow, registrar: Registrar, qtbot: QtBot) -> None:
    trigger(window, "token", "delete", TOKEN)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    assert registrar.changes() == [("token.delete", {"id": TOKEN})]
