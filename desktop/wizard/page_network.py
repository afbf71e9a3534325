"""Step 7: the first network."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QRadioButton

from appliance.client.setup import SetupFlow
from appliance.protocol.resources import HostNic
from desktop import texts
from desktop.texts import translate
from desktop.widgets.labels import Label
from desktop.wizard.fields import FormField, line
from desktop.wizard.page import StepPage
from desktop.wizard.validation import network_findings, suggested

KINDS = ("nat", "physical")


class NetworkPage(StepPage):
    """A private network behind the host, or a bridge on one of its NICs."""

    names = ("network",)

    def __init__(self) -> None:
        super().__init__(
            translate("Wizard", "Network"),
            translate(
                "Wizard",
                "Virtual machines get their addresses from this network; the host answers "
                "their DHCP requests.",
            ),
        )
        self.kinds = QButtonGroup(self)
        self._add_kinds()
        self.nic = QComboBox()
        self.add_field(
            "physical_interface",
            FormField(
                translate("Wizard", "Network card of the host"),
                self.nic,
                translate("Wizard", "The host keeps its own address on it."),
            ),
        )
        self.name = self.add_line("name", translate("Wizard", "Name"))
        self.cidr, self.gateway = line(), line()
        self.first, self.last, self.dns = line(), line(), line()
        self._add_row(
            ("cidr", translate("Wizard", "Network (CIDR)"), self.cidr),
            ("gateway", translate("Wizard", "Gateway"), self.gateway),
        )
        self._add_row(
            ("first", translate("Wizard", "First address for machines"), self.first),
            ("last", translate("Wizard", "Last address"), self.last),
        )
        self.add_field(
            "dns",
            FormField(
                translate("Wizard", "DNS servers"),
                self.dns,
                translate("Wizard", "Separated by commas."),
            ),
        )
        self.count = Label("", "muted")
        self.body.addWidget(self.count)
        self.cidr.editingFinished.connect(self._follow_cidr)
        for field in (self.cidr, self.gateway, self.first, self.last, self.dns):
            field.textEdited.connect(self.touched)
        self._kept_cidr = ""
        self._ranges: list[dict[str, str]] = []
        self.nic.currentIndexChanged.connect(lambda _: self.chosen_by_hand())

    @property
    def kind(self) -> str:
        """Which kind is marked."""
        return KINDS[max(0, self.kinds.checkedId())]

    def fill(self, flow: SetupFlow) -> None:
        """Show the plan's values."""
        self.is_filling = True
        request = flow.step("network").request
        self._ranges = [dict(item) for item in request["ranges"]]
        self.kinds.button(KINDS.index(request["kind"])).setChecked(True)
        self.name.setText(request["name"])
        self.cidr.setText(request["cidr"])
        self._kept_cidr = request["cidr"]
        self.gateway.setText(request["gateway"])
        self.first.setText(request["ranges"][0]["first"])
        self.last.setText(request["ranges"][-1]["last"])
        self.dns.setText(", ".join(request.get("dns", [])))
        place = self.nic.findData(request.get("physical_interface", ""))
        if place >= 0:
            self.nic.setCurrentIndex(place)
        self.is_filling = False
        self._show_kind()
        self.review()

    def show_nics(self, nics: list[HostNic]) -> None:
        """Offer the host's NICs."""
        if self.nic.count():
            return
        self.is_filling = True
        for nic in nics:
            words = f"{nic.name}  {', '.join(nic.addresses)}".strip()
            self.nic.addItem(words, nic.name)
        self.is_filling = False

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        servers = [part.strip() for part in self.dns.text().split(",") if part.strip()]
        return {
            "kind": self.kind,
            "physical_interface": (self.nic.currentData() or "") if self.kind != "nat" else "",
            "name": self.name.text(),
            "cidr": self.cidr.text().strip(),
            "gateway": self.gateway.text().strip(),
            "ranges": self._edited_ranges(),
            "dns": servers,
        }

    def _edited_ranges(self) -> list[dict[str, str]]:
        """The plan's ranges with the ends that are shown here."""
        ranges = [dict(item) for item in self._ranges] or [{}]
        ranges[0]["first"] = self.first.text().strip()
        ranges[-1]["last"] = self.last.text().strip()
        return ranges

    def review(self) -> bool:
        """Check the addresses against each other, as the service will."""
        found = network_findings(
            self.cidr.text(), self.gateway.text(), self.first.text(), self.last.text()
        )
        for key in ("cidr", "gateway", "first", "last"):
            problem = found.problems.get(key)
            text = texts.error_text(problem) if problem else None
            words = f"{text.message} {text.remedy}" if text else ""
            self.tell(key, words)
        number = translate("Wizard", "{n} addresses for virtual machines.")
        self.count.setText(number.format(n=texts.number(found.addresses)))
        return self.review_names() and not found.problems

    def _add_kinds(self) -> None:
        titles = (
            translate("Wizard", "Private network, out through the host (NAT): works everywhere"),
            translate("Wizard", "Physical network: machines are on the same wire as the host"),
        )
        for index, title in enumerate(titles):
            button = QRadioButton(title)
            button.clicked.connect(lambda _=False: (self._show_kind(), self.touched()))
            self.kinds.addButton(button, index)
            self.body.addWidget(button)

    def _add_row(self, *fields: tuple[str, str, Any]) -> None:
        row = QHBoxLayout()
        row.setSpacing(16)
        for key, title, field in fields:
            self.fields[key] = FormField(title, field)
            row.addWidget(self.fields[key], 1, Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(row)

    def _show_kind(self) -> None:
        self.fields["physical_interface"].setVisible(self.kind == "physical")

    def _follow_cidr(self) -> None:
        """Another network: propose gateway and range that fit, instead of errors."""
        text = self.cidr.text().strip()
        if text == self._kept_cidr:
            return
        self._kept_cidr = text
        proposal = suggested(text)
        if proposal is not None:
            self._ranges = []
            for field, value in zip((self.gateway, self.first, self.last), proposal, strict=True):
                field.setText(value)
        self.touched()
