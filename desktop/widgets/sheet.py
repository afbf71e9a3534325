"""Dialogs that leave the window behind them free, each at most once."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QWidget


def show_sheet(window: QWidget, key: str, make: Callable[[], QDialog]) -> QDialog:
    """Show the dialog known as `key` beside its window; one that is open is brought to front."""
    sheet = window.findChild(QDialog, key, Qt.FindChildOption.FindDirectChildrenOnly)
    if sheet is None or not sheet.isVisible():
        sheet = make()
        sheet.setObjectName(key)
        sheet.setModal(False)
    sheet.show()
    sheet.raise_()
    sheet.activateWindow()
    return sheet
