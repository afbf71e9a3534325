"""Small parts of the wizard's window: the titles of its steps, scrolling, a refusal."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from appliance.protocol.errors import ErrorBody, from_body
from desktop.texts import translate


class Refused(Exception):
    """A test before the commitment said no."""

    def __init__(self, problem: ErrorBody) -> None:
        super().__init__(problem.code)
        self.error = from_body(400, problem)


def titles() -> list[str]:
    """What the rail calls the steps."""
    return [
        translate("Wizard", "Start"),
        translate("Wizard", "Zone"),
        translate("Wizard", "Cluster"),
        translate("Wizard", "Host"),
        translate("Wizard", "Image server"),
        translate("Wizard", "Primary storage"),
        translate("Wizard", "Offering and image"),
        translate("Wizard", "Network"),
        translate("Wizard", "Ready"),
    ]


def scrolled(widget: QWidget) -> QScrollArea:
    """A page that scrolls when the window is small."""
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    box = QWidget()
    layout = QVBoxLayout(box)
    layout.setContentsMargins(32, 32, 32, 16)
    layout.addWidget(widget)
    layout.addStretch()
    area.setWidget(box)
    return area
