"""Small parts of the wizard's window: the titles of its steps, scrolling, a refusal."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from appliance.protocol.errors import ErrorBody, from_body
from desktop.texts import translate
from desktop.widgets.confirm import ConfirmForGood


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


def removal_dialog(name: str, parent: QWidget) -> ConfirmForGood:
    """Asks before everything that was set up is taken back."""
    consequences = [
        translate("Wizard", "Everything in the zone is deleted: machines, images, networks."),
        translate("Wizard", "The storages and the host are given back."),
    ]
    title = translate("Wizard", "Remove this set-up")
    return ConfirmForGood(title, consequences, name, translate("Wizard", "Remove"), parent)


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
