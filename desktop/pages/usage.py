"""What one's own account has of its quotas, and the sheet that gives an account other limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QSpinBox, QVBoxLayout, QWidget

from appliance.protocol import tenancy as t
from desktop import texts
from desktop.pages.base import Page, Shell
from desktop.pages.detail import scrolling
from desktop.pages.sheets.form_sheet import FormSheet, SheetSpec
from desktop.texts import translate
from desktop.widgets.bars import CapacityBar
from desktop.widgets.labels import Label, Line, Surface
from desktop.widgets.notice import ErrorLabel
from desktop.widgets.sheet import show_sheet
from desktop.wizard.fields import FormField
from desktop.wizard.page import Request, StepPage

SIZES = frozenset({"memory", "volume_bytes", "image_bytes"})
GiB = 1024**3
LARGEST = 2**31 - 1
REFRESH_MS = 5000


def quota_title(name: str) -> str:
    """What a quota counts."""
    words = texts.word(f"quota.{name}")
    return words[:1].upper() + words[1:]


def usage_words(quota: t.Quota) -> str:
    """How much of a quota is used."""
    used, limit = (
        texts.size(value) if quota.name in SIZES else texts.number(value)
        for value in (quota.used, quota.limit)
    )
    if quota.limit == t.UNLIMITED:
        return translate("Usage", "{used}, no limit").format(used=used)
    return translate("Usage", "{used} of {limit}").format(used=used, limit=limit)


def share_of(quota: t.Quota) -> float:
    """How much of a quota is used, 0 to 1; 0 if there is no limit."""
    if quota.limit == t.UNLIMITED:
        return 0.0
    return quota.used / quota.limit if quota.limit else float(quota.used > 0)


class QuotaList(QWidget):
    """A bar for each quota: amber from 80 %, red from 95 %."""

    def __init__(self) -> None:
        super().__init__()
        self.bars: dict[str, CapacityBar] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 16, 16, 16)
        self._column.setSpacing(16)
        self._column.addStretch()

    def show_quotas(self, quotas: t.Quotas) -> None:
        """Show what is used of each."""
        for quota in quotas.items:
            bar = self.bars.get(quota.name)
            if bar is None:
                bar = self.bars[quota.name] = CapacityBar(quota_title(quota.name))
                self._column.insertWidget(self._column.count() - 1, bar)
            bar.set_values(share_of(quota), usage_words(quota))


class UsagePage(Page):
    """My usage against my quota; looked at anew every few seconds while it is seen."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.list = QuotaList()
        self.error = ErrorLabel()
        body = Surface("base")
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        title = Label(translate("Usage", "My usage"), "title")
        title.setContentsMargins(16, 16, 16, 8)
        layout.addWidget(title)
        layout.addWidget(self.error)
        layout.addWidget(Line())
        layout.addWidget(scrolling(self.list), 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(body)
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.reload)

    def showEvent(self, event: Any) -> None:
        """What holds now."""
        super().showEvent(event)
        self.reload()
        self._timer.start()

    def hideEvent(self, event: Any) -> None:
        """Not seen: ask nothing."""
        super().hideEvent(event)
        self._timer.stop()

    def reload(self) -> None:
        """Ask for it."""
        if self.shell.ref.is_set:
            call = self.shell.ref.call("quota.usage")
            self.shell.bridge.fetch(call, self._arrived, self.error.show_error)

    def _arrived(self, quotas: t.Quotas | None) -> None:
        if quotas is not None:
            self.error.clear()
            self.list.show_quotas(quotas)


class QuotaForm(StepPage):
    """Which quota, and how much of it an account may have."""

    names = ("quota",)

    def __init__(self, account: str, quotas: t.Quotas) -> None:
        super().__init__(translate("Usage", "Quotas"), account)
        self._by_name = {quota.name: quota for quota in quotas.items}
        items = [(f"{quota_title(one.name)}: {usage_words(one)}", one.name) for one in quotas.items]
        self.quota = self.add_choice("name", translate("Usage", "Quota"), items)
        self.limit = QSpinBox()
        self.limit.setRange(t.UNLIMITED, LARGEST)
        self.limit.setSpecialValueText(translate("Usage", "no limit"))
        self.limit.valueChanged.connect(lambda _: self.chosen_by_hand())
        hint = translate("Usage", "What is used already stays, also above the limit.")
        self.add_field("value", FormField(translate("Usage", "Limit"), self.limit, hint))
        self.quota.currentIndexChanged.connect(lambda _: self.show_limit())
        self.show_requests({"quota": {}})

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Show the limit of the quota that is chosen."""
        self.show_limit()

    def show_limit(self) -> None:
        """Show the limit of the quota that is chosen, in its unit."""
        quota = self._by_name[self.quota.currentData()]
        is_size = quota.name in SIZES
        self.limit.setSuffix(" GiB" if is_size else "")
        shown = quota.limit // GiB if is_size and quota.limit != t.UNLIMITED else quota.limit
        self.limit.setValue(shown)

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        quota, value = self.quota.currentData(), self.limit.value()
        if quota in SIZES and value != t.UNLIMITED:
            value *= GiB
        return {"name": quota, "value": value}


async def change_quotas(shell: Shell, accounts: list[Any]) -> None:
    """Open the sheet with the quotas of one account."""
    account = accounts[0]
    quotas = await shell.bridge.run(shell.ref.call("quota.get", id=account.id))

    def make() -> FormSheet:
        spec = SheetSpec(
            operation="quota.update",
            button=translate("Sheets", "Save"),
            fixed={"id": account.id},
        )
        sheet = FormSheet(shell, QuotaForm(account.name, quotas), spec)
        sheet.resize(520, 340)
        return sheet

    show_sheet(shell.window, f"quotas-{account.id}", make)
