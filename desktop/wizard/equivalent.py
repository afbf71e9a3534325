"""The command and the API call that do the same as a form: for people who automate."""

from __future__ import annotations

import json
import shlex
from typing import Any

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from appliance.protocol.operations import OPERATIONS
from desktop import theme
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton


def command_line(operation: str, request: dict[str, Any]) -> str:
    """The `anyun` command for an operation."""
    noun, _, verb = operation.partition(".")
    words = ["anyun", noun.replace("_", "-"), verb.replace("_", "-")]
    for name, value in request.items():
        words += _options(name.replace("_", "-"), value)
    return shlex.join(words)


def _options(name: str, value: Any) -> list[str]:
    """How a field is written: switches, lists item by item, ranges as FIRST-LAST."""
    if value in ("", None, []):
        return []
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    if isinstance(value, list):
        option = "range" if name == "ranges" else name
        return [word for item in value for word in (f"--{option}", _item(item))]
    return [f"--{name}", str(value)]


def _item(value: Any) -> str:
    return f"{value['first']}-{value['last']}" if isinstance(value, dict) else str(value)


def api_call(operation: str, request: dict[str, Any]) -> str:
    """The HTTP request for an operation."""
    spec = OPERATIONS[operation]
    return f"{spec.method} {spec.path}\n{json.dumps(request, indent=2, ensure_ascii=False)}"


class Equivalent(QWidget):
    """Shows both, hidden until asked for; one click copies."""

    def __init__(self) -> None:
        super().__init__()
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setFont(theme.font("mono"))
        self._text.setFixedHeight(136)
        self._text.setAccessibleName(translate("Equivalent", "Equivalent command and API call"))
        copy = FlatButton(translate("Equivalent", "Copy"), "content-copy", "quiet")
        copy.setAutoDefault(False)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._text.toPlainText()))
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._text)
        layout.addLayout(row)
        self.hide()

    def set_calls(self, calls: list[tuple[str, dict[str, Any]]]) -> None:
        """Show these operations with their requests."""
        parts = []
        for operation, request in calls:
            parts.append(f"{command_line(operation, request)}\n\n{api_call(operation, request)}")
        self._text.setPlainText("\n\n".join(parts))
