"""The command and the API call that do the same as a form: for people who automate."""

from __future__ import annotations

import json
import shlex
from typing import Any

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from appliance.protocol.hardware_text import hardware_item, hardware_options
from appliance.protocol.operations import OPERATIONS
from desktop import theme
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton

NEVER_SHOWN = "password"
"""The command asks for it."""
FROM_FILE = "key"
"""A secret, too: the command reads it from a file."""
SHORT = {
    "ranges": "range",
    "ipv6-ranges": "ipv6-range",
    "services": "service",
    "host-routes": "route",
    "more-nics": "nic",
    "data-disks": "data-disk",
    "boot-order": "boot",
    "cpu-pins": "cpu-pin",
}


def command_line(operation: str, request: dict[str, Any]) -> str:
    """The `anyun` command for an operation."""
    noun, _, verb = operation.partition(".")
    words = ["anyun", noun.replace("_", "-"), verb.replace("_", "-")]
    if _is_on_one(operation):
        words.append(str(request["id"]))
        # A list that is left out stays as it is; this one shall be empty.
        none = {name: ["none"] for name, value in request.items() if value == []}
        # So does a limit; without one it is unlimited.
        none |= {
            name: ["none"]
            for name, value in request.items()
            if value is None and name.endswith("_bits_per_s")
        }
        request = {name: value for name, value in (request | none).items() if name != "id"}
    for name, value in request.items():
        words += _options(name.replace("_", "-"), value)
    return shlex.join(words)


def upload_line(file: str, request: dict[str, Any]) -> str:
    """The command that adds an image and sends its file; the command finds the size by itself."""
    said = {key: value for key, value in request.items() if key not in ("source", "size_bytes")}
    words = ["anyun", "image", "upload", file]
    for name, value in said.items():
        words += _options(name.replace("_", "-"), value)
    return shlex.join(words)


def upload_call(request: dict[str, Any]) -> str:
    """The HTTP request that sends the file, after the one that made the image."""
    return f"PUT /v1/images/{request.get('id') or '{id}'}/content"


def _options(name: str, value: Any) -> list[str]:
    """How a field is written: switches, lists item by item, ranges as FIRST-LAST."""
    if value in ("", None, []) or name == NEVER_SHOWN:
        return []
    if name == FROM_FILE:
        return [f"--{name}", f"@{name}-file"]
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    if name == "hardware":
        pairs = hardware_options(value)
        return [word for key, text in pairs for word in ("--hardware", f"{key}={text}")]
    if isinstance(value, list):
        if name == "statements":
            return [f"--{name}", json.dumps(value, ensure_ascii=False)]
        option = SHORT.get(name, name)
        return [word for item in value for word in (f"--{option}", _item(item))]
    return [f"--{name}", _item(value)]


def _item(value: Any) -> str:
    match value:
        case {"first": first, "last": last}:
            return f"{first}-{last}" if last else str(first)
        case {"destination": destination, "next_hop": hop}:
            return f"{destination}={hop}"
        case {"size_bytes": size_bytes}:
            name = f"{value['name']}=" if value.get("name") else ""
            bus = f":{value['bus']}" if value.get("bus") else ""
            named = {"storage": "primary_storage_id", "image": "image_id"}
            more = [f",{key}={value[field]}" for key, field in named.items() if value.get(field)]
            return "".join([name, str(size_bytes), bus, *more])
        case {"network_id": network_id}:
            return ",".join([network_id, *_nic_parts(value)])
    return (hardware_item(value) if isinstance(value, dict) else None) or str(value)


def _nic_parts(nic: dict[str, Any]) -> list[str]:
    parts = [f"address={nic['address']}"] if nic.get("address") else []
    parts += [f"security-group={ref}" for ref in nic.get("security_group_ids") or []]
    for name in ("inbound", "outbound"):
        if limit := nic.get(f"{name}_bits_per_s"):
            parts.append(f"{name}={limit}")
    return parts


def api_call(operation: str, request: dict[str, Any]) -> str:
    """The HTTP request for an operation."""
    spec = OPERATIONS[operation]
    request = request | {name: "…" for name in (NEVER_SHOWN, FROM_FILE) if request.get(name)}
    if _is_on_one(operation):
        body = {name: value for name, value in request.items() if name != "id"}
        path = spec.path.replace("{id}", str(request["id"]))
        return f"{spec.method} {path}\n{json.dumps(body, indent=2, ensure_ascii=False)}"
    return f"{spec.method} {spec.path}\n{json.dumps(request, indent=2, ensure_ascii=False)}"


def _is_on_one(operation: str) -> bool:
    """Whether the operation is about a resource that exists; its id stands in the path."""
    return "{id}" in OPERATIONS[operation].path


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

    def set_calls(self, calls: list[tuple[str, dict[str, Any]]], file: str = "") -> None:
        """Show these operations with their requests; `file` is what an upload sends."""
        parts = []
        for operation, request in calls:
            if operation == "image.create" and request.get("source") == "upload":
                first = upload_line(file or "FILE", request)
                parts += [first, api_call(operation, request), upload_call(request)]
            else:
                parts += [command_line(operation, request), api_call(operation, request)]
        text = "\n\n".join(parts)
        if text != self._text.toPlainText():  # what is marked stays marked
            self._text.setPlainText(text)

    def text(self) -> str:
        """What is shown, and copied."""
        return self._text.toPlainText()
