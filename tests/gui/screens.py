"""Screenshots of windows at a fixed size, and the rules that each must keep."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

from desktop.widgets.state import StateLabel

OUTPUT = Path(__file__).parents[1] / "output" / "screens"


def take(widget: QWidget, name: str) -> QImage:
    """Show a widget, keep its picture under tests/output/screens, and return it."""
    widget.show()
    for _ in range(5):
        QApplication.processEvents()
    image = widget.grab().toImage()
    OUTPUT.mkdir(parents=True, exist_ok=True)
    assert image.save(str(OUTPUT / f"{name}.png"))
    return image


def is_blank(image: QImage) -> bool:
    """Whether a picture shows fewer than eight colours."""
    colours = {
        image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 5)
    }
    return len(colours) < 8


def clipped(widget: QWidget) -> list[str]:
    """Texts of visible labels and buttons that have less room than they need."""
    found: list[str] = []
    for child in widget.findChildren(QWidget):
        if not child.isVisible() or child.visibleRegion().isEmpty():
            continue
        if isinstance(child, QLabel):
            if child.text() and not _label_fits(child):
                found.append(f"{child.text()!r} needs {child.sizeHint()}, has {child.size()}")
        elif (
            isinstance(child, QAbstractButton | StateLabel)
            and child.width() < child.sizeHint().width()
        ):
            text = child.text() if isinstance(child, QAbstractButton) else child.accessibleName()
            if not text:
                continue  # icons, such as those that Qt puts into line edits
            found.append(f"{text!r} needs {child.sizeHint()}, has {child.size()}")
    return found


def _label_fits(label: QLabel) -> bool:
    if label.wordWrap():
        return label.height() >= label.heightForWidth(label.width()) - 2
    hint = label.sizeHint()
    return label.width() >= hint.width() - 2 and label.height() >= hint.height() - 2
