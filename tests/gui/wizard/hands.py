"""What hands do at the wizard: press, type, wait for its next look."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton

from tests.gui.wizard.conftest import Until


def click(button: QPushButton) -> None:
    """Press an enabled button."""
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def write(field: QLineEdit, text: str) -> None:
    """Type into a field as if it were empty."""
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_Delete)
    for char in text:  # keyClicks of QTest takes ASCII alone
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, 0, Qt.KeyboardModifier.NoModifier, char)
            QApplication.sendEvent(field, event)


def refreshed(wizard: Any, until: Until) -> None:
    """Let the plan be read again, as happens every two seconds."""
    before = len(wizard._ref.client.asked)
    wizard._bridge.spawn(wizard._refresh())
    until("the plan", lambda: len(wizard._ref.client.asked) >= before + 2)
    until("the plan is shown", lambda: not getattr(wizard, "_in_flight__refresh", False))
