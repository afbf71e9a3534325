"""The global settings of the cloud, by group, for administrators; refusals stand in place."""

from __future__ import annotations

from typing import Any

import shiboken6
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from appliance.protocol import results
from desktop import texts
from desktop.pages.base import Page, Shell
from desktop.pages.detail import scrolling
from desktop.texts import translate
from desktop.widgets.labels import Label, Line, Surface
from desktop.widgets.notice import ErrorLabel
from desktop.widgets.search import FilterField
from desktop.widgets.setting_editor import SettingRow


def group_words(group: str) -> str:
    """The title of the settings whose names begin with `group`."""
    words = {
        "job": translate("Settings", "Jobs"),
        "audit": translate("Settings", "Audit log"),
        "recycle_bin": translate("Settings", "Recycle bin"),
        "host": translate("Settings", "Hosts"),
        "primary_storage": translate("Settings", "Primary storage"),
        "security_group": translate("Settings", "Security groups"),
        "network": translate("Settings", "Networks"),
    }
    return words.get(group) or group.replace("_", " ").capitalize()


class SettingsPage(Page):
    """Read anew each time it is opened; each setting is saved by itself."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.rows: dict[str, SettingRow] = {}
        self._titles: dict[str, Label] = {}
        self.filter = FilterField(translate("Settings", "Filter by name or words …"))
        self.filter.changed.connect(lambda _: self._apply_filter())
        self.error = ErrorLabel()
        self.error.setContentsMargins(16, 0, 16, 8)
        head = QHBoxLayout()
        head.setContentsMargins(16, 16, 16, 8)
        head.setSpacing(16)
        head.addWidget(Label(translate("Settings", "Settings"), "title"))
        head.addStretch()
        head.addWidget(self.filter, 1)
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(16, 8, 16, 16)
        self._column.setSpacing(8)
        self._column.addStretch()
        body = Surface("base")
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self.error)
        layout.addWidget(Line())
        layout.addWidget(scrolling(content), 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(body)

    def showEvent(self, event: Any) -> None:
        """What holds now."""
        super().showEvent(event)
        self.reload()

    def focus_filter(self) -> None:
        """Put the cursor into the filter."""
        self.filter.setFocus()

    def reload(self) -> None:
        """Read all settings."""
        if self.shell.ref.is_set:
            call = self.shell.ref.call("setting.show")
            self.shell.bridge.fetch(call, self._arrived, self.error.show_error)

    def _arrived(self, found: results.SettingList | None) -> None:
        self.error.clear()
        for setting in found.items if found is not None else []:
            row = self.rows.get(setting.name)
            if row is None:
                self._add(setting)
            elif not row.save.isEnabled():  # what is being typed stays
                row.show_setting(setting)
        self._apply_filter()

    def _add(self, setting: results.Setting) -> None:
        group = setting.name.partition(".")[0]
        if group not in self._titles:
            self._titles[group] = Label(group_words(group), "strong")
            self._column.insertWidget(self._column.count() - 1, self._titles[group])
        row = self.rows[setting.name] = SettingRow(setting)
        self._column.insertWidget(self._place_after(group), row)
        row.change_wanted.connect(
            lambda value: self._ask(row, "setting.change", name=setting.name, value=value)
        )
        row.reset_wanted.connect(lambda: self._ask(row, "setting.reset", name=setting.name))

    def _place_after(self, group: str) -> int:
        """Behind the rows of the group that are there."""
        members = [row for name, row in self.rows.items() if name.partition(".")[0] == group]
        places = [self._column.indexOf(one) for one in (self._titles[group], *members)]
        return max(places) + 1

    def _ask(self, row: SettingRow, operation: str, **fields: Any) -> None:
        def changed(setting: results.Setting) -> None:
            if shiboken6.isValid(row):
                row.show_setting(setting)

        def refused(error: BaseException) -> None:
            if shiboken6.isValid(row):
                row.show_error(error)

        self.shell.bridge.fetch(self.shell.ref.call(operation, **fields), changed, refused)

    def _apply_filter(self) -> None:
        wanted = self.filter.text().strip().casefold()
        shown: set[str] = set()
        for name, row in self.rows.items():
            words = f"{name} {texts.word(f'setting.{name}')}".casefold()
            row.setVisible(wanted in words)
            if wanted in words:
                shown.add(name.partition(".")[0])
        for group, title in self._titles.items():
            title.setVisible(group in shown)
