"""The wizard's first page, which offers everything at once, and its last, which shows it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from appliance.client.setup import SetupFlow
from appliance.protocol.resources import HostCandidate
from desktop import texts
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.facts import FactGrid
from desktop.widgets.labels import Label
from desktop.wizard.page_storage import storage_words


def summary(flow: SetupFlow, candidates: list[HostCandidate]) -> list[tuple[str, str]]:
    """What the plan makes, as pairs of title and words."""
    request = {step.name: step.request for step in flow.plan.steps}
    size = translate("Wizard", "{name}: {cpus}, {memory}")
    offering = request["offering"]
    network = request["network"]
    spans = ", ".join(f"{span['first']} – {span['last']}" for span in network["ranges"])
    return [
        (translate("Wizard", "Zone"), request["zone"]["name"]),
        (translate("Wizard", "Cluster"), request["cluster"]["name"]),
        (translate("Wizard", "Host"), _host_words(request["host"], candidates)),
        (translate("Wizard", "Image server"), request["image_store"]["path"]),
        (translate("Wizard", "Primary storage"), storage_words(request["primary_storage"])),
        (
            translate("Wizard", "Instance offering"),
            size.format(
                name=offering["name"],
                cpus=texts.cpus(offering["cpu_count"]),
                memory=texts.size(offering["memory_bytes"]),
            ),
        ),
        (translate("Wizard", "Image"), _image_words(request["image"])),
        (
            translate("Wizard", "Network"),
            f"{network['name']}: {network['cidr']}, {spans}",
        ),
    ]


def _host_words(request: dict[str, Any], candidates: list[HostCandidate]) -> str:
    if not request["candidate_id"]:
        return translate("Wizard", "waiting for this machine's agent…")
    for candidate in candidates:
        if candidate.id == request["candidate_id"]:
            memory = texts.size(candidate.memory_bytes)
            words = translate("Wizard", "{name}: {cpus}, {memory}")
            cpus = texts.cpus(candidate.cpu_count)
            return words.format(name=request["name"], cpus=cpus, memory=memory)
    return request["name"]


def _image_words(request: dict[str, Any]) -> str:
    sources = {
        "starter": translate("Wizard", "starter image, a small Linux"),
        "url": request.get("url", ""),
        "upload": translate("Wizard", "a file from this computer"),
    }
    return f"{request['name']}: {sources[request['source']]}"


class StartPage(QWidget):
    """Offers to set everything up with the values found, or to go step by step."""

    everything = Signal()
    step_by_step = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._facts = FactGrid(1)
        self.all_button = FlatButton(
            translate("Wizard", "Set everything up with these values"), "rocket-launch", "primary"
        )
        self.steps_button = FlatButton(translate("Wizard", "Go step by step"))
        self.steps_button.setAutoDefault(False)
        for button in (self.all_button, self.steps_button):
            button.setEnabled(False)  # until the plan is there
        self.all_button.clicked.connect(self.everything)
        self.steps_button.clicked.connect(self.step_by_step)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.all_button)
        buttons.addWidget(self.steps_button)
        buttons.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(16)
        layout.addWidget(Label(translate("Wizard", "Welcome to your cloud"), "title"))
        intro = translate(
            "Wizard",
            "Seven short steps lead to the first virtual machine. Sensible values were found on "
            "this machine; you can change all of them on the way.",
        )
        layout.addWidget(Label(intro, "muted"))
        layout.addWidget(self._facts)
        layout.addLayout(buttons)
        layout.addStretch()

    def show_plan(self, flow: SetupFlow, candidates: list[HostCandidate]) -> None:
        """Show what would be made; it needs a host."""
        self._facts.set_facts(summary(flow, candidates))
        self.steps_button.setEnabled(True)
        has_host = bool(flow.step("host").request["candidate_id"])
        self.all_button.setEnabled(has_host)
        why = translate("Wizard", "The host's agent has not appeared yet.")
        self.all_button.setToolTip("" if has_host else why)


class FinishPage(QWidget):
    """What was made, and the way to the first virtual machine."""

    create_vm = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._facts = FactGrid(1)
        self.button = FlatButton(
            translate("Wizard", "Create the first virtual machine"), "plus", "primary"
        )
        self.button.clicked.connect(self.create_vm)
        row = QHBoxLayout()
        row.addWidget(self.button)
        row.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(16)
        layout.addWidget(Label(translate("Wizard", "Your cloud is ready"), "title"))
        layout.addWidget(Label(translate("Wizard", "This was made:"), "muted"))
        layout.addWidget(self._facts)
        layout.addLayout(row)
        layout.addStretch()

    def show_plan(self, flow: SetupFlow, candidates: list[HostCandidate]) -> None:
        """Show what was made."""
        self._facts.set_facts(summary(flow, candidates))
