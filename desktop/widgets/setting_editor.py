"""One global setting: its words, an editor for its kind of value, its default, and refusals."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from appliance.protocol import results
from desktop import texts
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label
from desktop.widgets.notice import ErrorLabel

Value = int | float | bool | str
_LARGEST = 2**31 - 1


def value_words(setting: results.Setting, value: Value) -> str:
    """A value as people read it: with its unit, or in words."""
    if isinstance(value, bool):
        return translate("Settings", "on") if value else translate("Settings", "off")
    if setting.choices:
        return choice_words(str(value))
    if isinstance(value, str):
        return value or "–"
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    words = f"{shown} {unit_words(setting.unit)}".strip()
    if setting.unit == "s" and value >= 60:
        return f"{words} ({texts.duration(value)})"
    return words


def choice_words(value: str) -> str:
    """The word for one of several choices."""
    words = {
        "direct": translate("Settings", "gone at once"),
        "delay": translate("Settings", "kept for the period"),
        "never": translate("Settings", "kept for ever"),
    }
    return words.get(value, value)


def unit_words(unit: str) -> str:
    """The word for a unit."""
    return {"days": translate("Settings", "days"), "s": translate("Settings", "s")}.get(unit, unit)


class SettingRow(QWidget):
    """Says what is wanted by signals; the page asks the service."""

    change_wanted = Signal(object)
    reset_wanted = Signal()

    def __init__(self, setting: results.Setting) -> None:
        super().__init__()
        self.setting = setting
        self.editor = _make_editor(setting)
        self.editor.setAccessibleName(texts.word(f"setting.{setting.name}"))
        self.editor.setMinimumWidth(176)
        self.editor.setMinimumHeight(32)
        self._default = Label("", "small")
        self._now = Label("", "small")
        self.save = FlatButton(translate("Settings", "Save"), "check")
        self.reset = FlatButton(translate("Settings", "Reset"), "restore", "quiet")
        self.error = ErrorLabel()
        self._build()
        self.save.clicked.connect(self._save)
        self.reset.clicked.connect(self._reset)
        _on_touch(self.editor, self._touched)
        self.show_setting(setting)

    def show_setting(self, setting: results.Setting) -> None:
        """Show the value that holds now."""
        self.setting = setting
        _set_value(self.editor, setting.value)
        default = translate("Settings", "Default: {value}")
        self._default.setText(default.format(value=value_words(setting, setting.default)))
        self.set_busy(busy=False)

    def value(self) -> Value:
        """What stands in the editor."""
        return _value_of(self.editor)

    def set_busy(self, *, busy: bool) -> None:
        """Let nobody press twice; what changes nothing cannot be pressed."""
        self.editor.setEnabled(not busy)
        self.save.setEnabled(not busy and self.value() != self.setting.value)
        is_default = self.setting.value == self.setting.default
        self.reset.setEnabled(not busy and not is_default)
        self.reset.setToolTip(
            translate("Settings", "It has its default value.") if is_default else ""
        )
        self._now.setText(self._readable())

    def show_error(self, error: BaseException) -> None:
        """Why the value was not taken, beside it."""
        self.set_busy(busy=False)
        self.error.show_error(error)
        self.editor.setFocus()

    def keyPressEvent(self, event: Any) -> None:
        """Enter saves, Esc takes back what was typed."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._save()
        elif event.key() == Qt.Key.Key_Escape:
            self.error.clear()
            self.show_setting(self.setting)
        else:
            super().keyPressEvent(event)

    def _build(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(2)
        title = Label(texts.word(f"setting.{self.setting.name}"))
        title.setWordWrap(True)
        name = Label(self.setting.name, "small")
        for widget in (title, name):
            words.addWidget(widget)
        words.addStretch()
        value = QVBoxLayout()
        value.setSpacing(2)
        for widget in (self.editor, self._now, self._default):
            value.addWidget(widget)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addLayout(words, 3)
        row.addLayout(value, 2)
        for button in (self.save, self.reset):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 4)
        layout.addLayout(row)
        layout.addWidget(self.error)

    def _readable(self) -> str:
        """Long times in seconds are hard to read: say them in days as well."""
        is_time = self.setting.unit == "s" and not self.setting.choices
        self._now.setVisible(is_time)
        value = self.value()
        return texts.duration(float(value)) if is_time else ""

    def _touched(self) -> None:
        self.error.clear()
        self.set_busy(busy=False)

    def _save(self) -> None:
        if self.save.isEnabled():
            self.set_busy(busy=True)
            self.error.clear()
            self.change_wanted.emit(self.value())

    def _reset(self) -> None:
        self.set_busy(busy=True)
        self.error.clear()
        self.reset_wanted.emit()


def _make_editor(setting: results.Setting) -> QWidget:
    """The editor that fits the kind of value, within its limits."""
    if setting.kind == "boolean":
        return QCheckBox(translate("Settings", "on"))
    if setting.choices:
        combo = QComboBox()
        for choice in setting.choices:
            combo.addItem(choice_words(choice), choice)
        return combo
    if setting.kind == "text":
        return QLineEdit()
    spin = QSpinBox() if setting.kind == "integer" else QDoubleSpinBox()
    lowest = setting.lowest if setting.lowest is not None else -_LARGEST
    highest = setting.highest if setting.highest is not None else _LARGEST
    if isinstance(spin, QSpinBox):
        spin.setRange(int(lowest), int(min(highest, _LARGEST)))
    else:
        spin.setDecimals(2)
        spin.setSingleStep(0.1)
        spin.setRange(lowest, highest)
    spin.setSuffix(f" {unit_words(setting.unit)}" if setting.unit else "")
    if setting.lowest is not None and setting.highest is not None:
        limits = translate("Settings", "From {lowest} to {highest}")
        spin.setToolTip(limits.format(lowest=f"{lowest:g}", highest=f"{highest:.10g}"))
    spin.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return spin


def _on_touch(editor: QWidget, slot: Any) -> None:
    if isinstance(editor, QCheckBox):
        editor.toggled.connect(lambda _: slot())
    elif isinstance(editor, QComboBox):
        editor.currentIndexChanged.connect(lambda _: slot())
    elif isinstance(editor, QLineEdit):
        editor.textChanged.connect(lambda _: slot())
    elif isinstance(editor, QSpinBox | QDoubleSpinBox):
        editor.valueChanged.connect(lambda _: slot())


def _set_value(editor: QWidget, value: Value) -> None:
    editor.blockSignals(True)
    if isinstance(editor, QCheckBox):
        editor.setChecked(bool(value))
    elif isinstance(editor, QComboBox):
        editor.setCurrentIndex(editor.findData(value))
    elif isinstance(editor, QLineEdit):
        editor.setText(str(value))
    elif isinstance(editor, QSpinBox):
        editor.setValue(int(value))
    elif isinstance(editor, QDoubleSpinBox):
        editor.setValue(float(value))
    editor.blockSignals(False)


def _value_of(editor: QWidget) -> Value:
    if isinstance(editor, QCheckBox):
        return editor.isChecked()
    if isinstance(editor, QComboBox):
        return str(editor.currentData())
    if isinstance(editor, QLineEdit):
        return editor.text()
    if isinstance(editor, QSpinBox):
        return editor.value()
    if isinstance(editor, QDoubleSpinBox):
        return round(editor.value(), 2)
    raise TypeError(f"no editor: {type(editor).__name__}")
