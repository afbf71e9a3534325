"""Step 3: the machine that becomes the first host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QButtonGroup, QRadioButton, QVBoxLayout, QWidget

from appliance.protocol.resources import HostCandidate
from desktop import texts
from desktop.texts import translate
from desktop.widgets.labels import Label
from desktop.wizard.page import Request, StepPage


def emulation_words(reason: str) -> str:
    """Why a machine runs emulated, for people."""
    words = {
        "no_device": translate("Wizard", "it has no hardware virtualisation (/dev/kvm is missing)"),
        "no_access": translate("Wizard", "/dev/kvm may not be opened"),
        "no_probe_kernel": translate("Wizard", "hardware virtualisation has not been tested"),
        "hangs": translate("Wizard", "a test guest hung under hardware virtualisation"),
        "refused": translate("Wizard", "a test guest did not start under hardware virtualisation"),
    }
    return words.get(reason, reason)


class HostPage(StepPage):
    """Lists machines whose agent has enrolled; refreshed while one waits."""

    names = ("host",)

    def __init__(self) -> None:
        super().__init__(
            translate("Wizard", "Host"),
            translate("Wizard", "The machine that will run your virtual machines."),
        )
        self._group = QButtonGroup(self)
        self._cards = QVBoxLayout()
        self._cards.setSpacing(12)
        self.waiting = Label(
            translate(
                "Wizard",
                "Waiting for this machine's agent to appear… It starts with the appliance and "
                "needs a few seconds. If it does not come, look at the agent's log.",
            ),
            "muted",
        )
        self.body.addWidget(self.waiting)
        self._taken = Label("", "strong")
        self._taken.hide()
        self.body.addWidget(self._taken)
        self.body.addLayout(self._cards)
        self.name = self.add_line("name", translate("Wizard", "Name"))
        self.description = self.add_line("description", translate("Wizard", "Description"))
        self._shown: dict[str, QRadioButton] = {}

    @property
    def chosen(self) -> str:
        """Id of the machine that is marked."""
        for ref, button in self._shown.items():
            if button.isChecked():
                return ref
        return ""

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Show the values of these requests."""
        self.name.setText(requests["host"]["name"])
        self.description.setText(requests["host"].get("description", ""))
        button = self._shown.get(requests["host"]["candidate_id"])
        if button is not None:
            button.setChecked(True)

    def show_taken(self, name: str, words: str) -> None:
        """The machine that has become the host: it is no candidate any more."""
        self.waiting.hide()
        self._taken.setText(f"{name}\n{words}")
        self._taken.setVisible(bool(name))

    def show_candidates(self, candidates: list[HostCandidate]) -> None:
        """Show the machines that could be taken."""
        self._taken.hide()
        for candidate in candidates:
            if candidate.id not in self._shown:
                self._cards.addWidget(self._card(candidate))
                QWidget.setTabOrder(self._shown[candidate.id], self.name)
                QWidget.setTabOrder(self.name, self.description)
        self.waiting.setVisible(not self._shown and not self.is_done)
        if self._shown and not self.chosen:
            next(iter(self._shown.values())).setChecked(True)

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        found: dict[str, Any] = {
            "name": self.name.text(),
            "description": self.description.text(),
        }
        if self.chosen:
            found["candidate_id"] = self.chosen
        return found

    def review(self) -> bool:
        """A machine and a name are needed."""
        return self.review_names() and (bool(self.chosen) or self.is_done)

    def _card(self, candidate: HostCandidate) -> QWidget:
        here = translate("Wizard", "{name} (this machine)")
        title = here.format(name=candidate.hostname) if candidate.is_local else candidate.hostname
        button = QRadioButton(title)
        button.clicked.connect(lambda _=False: self.chosen_by_hand())
        self._group.addButton(button)
        self._shown[candidate.id] = button
        facts = translate("Wizard", "{cpus} ({model}), {memory} memory, address {address}")
        card = QWidget()
        layout = QVBoxLayout(card)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(button)
        layout.addWidget(
            Label(
                facts.format(
                    cpus=texts.cpus(candidate.cpu_count),
                    model=candidate.cpu_model,
                    memory=texts.size(candidate.memory_bytes),
                    address=candidate.address,
                ),
                "muted",
            )
        )
        layout.addWidget(_accelerator(candidate))
        return card


def _accelerator(candidate: HostCandidate) -> Label:
    if candidate.accelerator == "kvm":
        return Label(translate("Wizard", "Hardware virtualisation (KVM) works."), "ok")
    text = translate(
        "Wizard",
        "Virtual machines will run emulated, which is slow: {reason}.",
    )
    label = Label(text.format(reason=emulation_words(candidate.accelerator_reason)), "warn")
    label.setWordWrap(True)
    return label
