"""The ranges of a network: as many rows as one wants, each with its first and last address."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import AddressValueError, IPv4Address
from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.wizard.fields import FormField, line

Range = dict[str, str]


class RangeRow(QWidget):
    """One range. Only the first row has titles; all have names for screen readers."""

    touched = Signal()
    unwanted = Signal()

    def __init__(self, number: int, first: str, last: str) -> None:
        super().__init__()
        self.first, self.last = line(first), line(last)
        titles = (
            translate("Wizard", "First address for machines"),
            translate("Wizard", "Last address"),
        )
        says = translate("Wizard", "{title}, range {n}")
        self.forms: dict[str, FormField] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        inputs: tuple[tuple[str, QLineEdit], ...] = (("first", self.first), ("last", self.last))
        for (key, field), title in zip(inputs, titles, strict=True):
            spoken = says.format(title=title, n=number) if number > 1 else title
            form = FormField(title if number == 1 else "", field, says=spoken)
            self.forms[key] = form
            field.textEdited.connect(self.touched)
            row.addWidget(form, 1, Qt.AlignmentFlag.AlignTop)
        self.remove = FlatButton("", "delete-outline", "quiet")
        self.remove.setAutoDefault(False)
        self.remove.setToolTip(translate("Wizard", "Remove this range"))
        self.remove.clicked.connect(self.unwanted)
        keeps = self.remove.sizePolicy()
        keeps.setRetainSizeWhenHidden(True)
        self.remove.setSizePolicy(keeps)
        # As tall as its neighbours, so that it stays beside the inputs.
        beside = FormField(" " if number == 1 else "", self.remove, says=self.remove.toolTip())
        row.addWidget(beside, 0, Qt.AlignmentFlag.AlignTop)

    def ends(self) -> tuple[str, str]:
        """The two addresses, as they are typed."""
        return self.first.text().strip(), self.last.text().strip()


class RangeList(QWidget):
    """Shows ranges, and lets one add, change and remove them; one stays at least."""

    touched = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[RangeRow] = []
        self._rows = QVBoxLayout()
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(self._rows)
        self.set_ranges([])
        # Made after the first row, so that the tab key comes to it later.
        self.add = FlatButton(translate("Wizard", "Add a range"), "plus", "quiet")
        self.add.setAutoDefault(False)
        self.add.clicked.connect(self._add_by_hand)
        layout.addWidget(self.add)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def ranges(self) -> list[Range]:
        """All ranges, as requests carry them."""
        return [dict(zip(("first", "last"), row.ends(), strict=True)) for row in self.rows]

    def set_ranges(self, ranges: Sequence[Range]) -> None:
        """Show these; rows that fit are kept, so that the cursor stays where it is."""
        wanted = [(item["first"], item["last"]) for item in ranges] or [("", "")]
        if [row.ends() for row in self.rows] == wanted:
            return
        while len(self.rows) > len(wanted):
            self._drop(self.rows[-1])
        for number, (first, last) in enumerate(wanted):
            if number < len(self.rows):
                self.rows[number].first.setText(first)
                self.rows[number].last.setText(last)
            else:
                self._append(first, last)
        self._follow_count()

    def _append(self, first: str, last: str) -> RangeRow:
        row = RangeRow(len(self.rows) + 1, first, last)
        row.touched.connect(self.touched)
        row.unwanted.connect(lambda: self._remove_by_hand(row))
        self._rows.addWidget(row)
        if self.rows:
            order = [self.rows[-1].remove, row.first, row.last, row.remove, self.add]
            for before, after in pairwise(order):
                QWidget.setTabOrder(before, after)
        self.rows.append(row)
        return row

    def _drop(self, row: RangeRow) -> None:
        self.rows.remove(row)
        self._rows.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _add_by_hand(self) -> None:
        row = self._append(_after([one.ends()[1] for one in self.rows]), "")
        self._follow_count()
        row.show()
        (row.last if row.first.text() else row.first).setFocus()
        self.touched.emit()

    def _remove_by_hand(self, row: RangeRow) -> None:
        kept = [item for item, one in zip(self.ranges(), self.rows, strict=True) if one is not row]
        self.set_ranges(kept)  # the first row keeps the titles
        self.rows[-1].last.setFocus()
        self.touched.emit()

    def _follow_count(self) -> None:
        for row in self.rows:
            row.remove.setVisible(len(self.rows) > 1)


def _after(lasts: Sequence[str]) -> str:
    """The address behind the highest last one; empty if that is none."""
    try:
        return str(max(IPv4Address(text) for text in lasts) + 1)
    except (AddressValueError, ValueError):
        return ""
