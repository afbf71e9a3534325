"""Step 7: the first network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from PySide6.QtWidgets import QButtonGroup, QComboBox, QLineEdit

from appliance.protocol.errors import ErrorBody
from appliance.protocol.networks import PRIVATE_KINDS, NetworkKind
from appliance.protocol.resources import CheckResult, HostNic
from desktop import texts
from desktop.texts import translate
from desktop.widgets.labels import Label
from desktop.wizard.fields import FormField
from desktop.wizard.ipv6_part import Ipv6Part
from desktop.wizard.page import Request, StepPage, problem_words
from desktop.wizard.proposals import Proposals, private_network
from desktop.wizard.ranges import RangeList
from desktop.wizard.validation import (
    dns_problem,
    domain_problem,
    netmask_of,
    plan_findings,
    suggested,
)

# What hosts call the ends of the ranges that they test.
OF_RANGES = {"ranges": "first", "range_first": "first", "range_last": "last"}


class NetworkPage(StepPage):
    """A private network behind the host, or a bridge on one of its NICs."""

    names = ("network",)
    tested_field = "cidr"
    offered: ClassVar[tuple[NetworkKind, ...]] = ("nat", "physical")
    """The kinds that one may choose from."""

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
        self.description = self.add_line("description", translate("Wizard", "Description"))
        self.side_by_side("name", "description")
        self.cidr = self.add_line("cidr", translate("Wizard", "Network (CIDR)"))
        self.gateway = self.add_line("gateway", translate("Wizard", "Gateway"))
        self.side_by_side("cidr", "gateway")
        self.ranges = RangeList()
        self.body.addWidget(self.ranges)
        self.count = Label("", "muted")
        self.body.addWidget(self.count)
        separated = translate("Wizard", "Separated by commas")
        self.dns = self.add_line("dns", translate("Wizard", "DNS servers"), placeholder=separated)
        self.domain = self.add_line(
            "domain",
            translate("Wizard", "DNS domain of the machines"),
            placeholder=translate("Wizard", "Optional, such as cloud.example"),
        )
        self.side_by_side("dns", "domain")
        self.ipv6 = Ipv6Part(self)
        self.services = Label("", "muted")
        self.body.addWidget(self.services)
        self.cidr.editingFinished.connect(self._follow_cidr)
        self.proposals = Proposals()
        for key, field in (("cidr", self.cidr), ("gateway", self.gateway), ("dns", self.dns)):
            field.textEdited.connect(lambda _, key=key: self.proposals.typed(key))
        self.ranges.touched.connect(lambda: (self.proposals.typed("ranges"), self.touched()))
        self._kept_cidr = ""
        self.nic.currentIndexChanged.connect(lambda _: self._chosen())
        self._show_kind()

    @property
    def kind(self) -> NetworkKind:
        """Which kind is marked."""
        return self.offered[max(0, self.kinds.checkedId())]

    @property
    def is_on_wire(self) -> bool:
        """Whether that kind is on a NIC."""
        return self.kind not in PRIVATE_KINDS

    @property
    def first(self) -> QLineEdit:
        """The first address of the first range."""
        return self.ranges.rows[0].first

    @property
    def last(self) -> QLineEdit:
        """The last address of the last range."""
        return self.ranges.rows[-1].last

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Show the values of these requests."""
        request = requests["network"]
        self.proposals.take_request(request)
        for part in (self.ranges, *self.kinds.buttons()):
            part.setEnabled(not self.is_done)
        self.kinds.button(self.offered.index(request["kind"])).setChecked(True)
        self.name.setText(request["name"])
        self.description.setText(request.get("description", ""))
        self.domain.setText(request.get("domain", ""))
        self._show_addressing(request)
        self.ipv6.show_request(request)
        place = self.nic.findData(request.get("physical_interface", ""))
        if place >= 0:
            self.nic.setCurrentIndex(place)
        self._show_kind()
        self.review()

    def show_nics(self, nics: list[HostNic], *, anew: bool = False) -> None:
        """Offer the host's NICs; those of another host only if that is said."""
        if self.nic.count() and not anew:
            return
        self.is_filling = True
        self.proposals.forget_host(private_network(nics))
        self.nic.clear()
        for nic in nics:
            words = f"{nic.name}  {', '.join(nic.addresses)}".strip()
            self.nic.addItem(words, nic.name)
        self.is_filling = False

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        return {
            "kind": self.kind,
            "physical_interface": (self.nic.currentData() or "") if self.is_on_wire else "",
            "name": self.name.text(),
            "description": self.description.text(),
            "cidr": self.cidr.text().strip(),
            "gateway": self.gateway.text().strip(),
            "ranges": self.ranges.ranges(),
            "dns": self._servers(),
            "domain": self._domain(),
            **self.ipv6.values(),
        }

    def _servers(self) -> list[str]:
        return [part.strip() for part in self.dns.text().split(",") if part.strip()]

    def review(self) -> bool:
        """Check the addresses against each other, as the service will."""
        ends = [row.ends() for row in self.ranges.rows]
        found = plan_findings(self.cidr.text(), self.gateway.text(), ends)
        for key in ("cidr", "gateway"):
            self.tell(key, _words(found.problems.get(key)))
        for row, problems in zip(self.ranges.rows, found.ranges, strict=True):
            for key, form in row.forms.items():
                form.set_problem(_words(problems.get(key)))
        names = {"dns": dns_problem(self._servers()), "domain": domain_problem(self._domain())}
        for key, problem in names.items():
            self.tell(key, _words(problem))
        self._count(found.addresses)
        netmask = netmask_of(self.cidr.text())
        words = translate("Wizard", "Netmask {netmask}").format(netmask=netmask)
        self.fields["cidr"].set_aside(words if netmask else "")
        is_good = self.ipv6.review() and found.is_good and not any(names.values())
        return self.review_names() and is_good

    def _domain(self) -> str:
        return self.domain.text().strip()

    def _count(self, addresses: int) -> None:
        if addresses == 1:
            number = translate("Wizard", "{n} address for virtual machines.")
        else:
            number = translate("Wizard", "{n} addresses for virtual machines.")
        self.count.setText(number.format(n=texts.number(addresses)))

    # What the service says

    def field_of(self, problem: ErrorBody) -> FormField | None:
        """The field that a problem is about; ranges have several."""
        key = OF_RANGES.get(problem.field or "", problem.field or "")
        if key not in ("first", "last"):
            return self.fields.get(key)
        for row in self.ranges.rows:
            if problem.params.get("first") in row.ends():
                return row.forms[key]
        return self.ranges.rows[0 if key == "first" else -1].forms[key]

    def forget_findings(self) -> None:
        """What the service said was about other values."""
        super().forget_findings()
        for row in self.ranges.rows:
            for form in row.forms.values():
                form.set_finding("")

    def show_findings(self, found: CheckResult) -> None:
        """What a host answered, which tells what it proposes for each of its NICs."""
        self.proposals.take_facts(found.facts, self.values("network"))
        if self.proposals.is_awaited and self._propose():
            self.touched()  # the answer is about other values
            return
        super().show_findings(found)

    def good_words(self, facts: Mapping[str, Any]) -> str:
        """Nothing else has these addresses."""
        if self.is_on_wire:
            return translate("Wizard", "The host has this card, and the addresses fit.")
        return translate("Wizard", "These addresses are free on the host.")

    # Building

    def _add_kinds(self) -> None:
        self.add_radios(self.kinds, dict(enumerate(self.kind_titles())))
        self.kinds.buttonClicked.connect(lambda _: (self._show_kind(), self._chosen()))
        self.kinds.button(0).setChecked(True)

    def kind_titles(self) -> tuple[str, ...]:
        """What is said of each kind that is offered."""
        return (
            translate("Wizard", "Private network, out through the host (NAT): works everywhere"),
            translate("Wizard", "Physical network: machines are on the same wire as the host"),
        )

    def _show_kind(self) -> None:
        self.fields["physical_interface"].setVisible(self.is_on_wire)
        if self.is_on_wire:
            words = translate(
                "Wizard",
                "Hosts serve here: DHCP for our own machines only, with these DNS servers, and "
                "each machine's host name, SSH key and user data at 169.254.169.254.",
            )
        else:
            words = translate(
                "Wizard",
                "Hosts serve here: DHCP, DNS, the way out (NAT), and each machine's host name, "
                "SSH key and user data at 169.254.169.254.",
            )
        self.services.setText(words)
        self.ipv6.follow_kind(self.kind)

    def _chosen(self) -> None:
        """Another kind or card: propose what fits it, now or when the host has told it."""
        if self.is_filling:
            return
        self.proposals.is_awaited = True
        self._propose()
        self.touched()

    def _propose(self) -> bool:
        """Put the proposal into all that nobody has typed; False if that changes nothing."""
        before = self.values("network")
        proposal = self.proposals.untouched(self.kind, before["physical_interface"])
        self._show_addressing(before | proposal)
        return self.values("network") != before

    def _show_addressing(self, request: Request) -> None:
        self.ranges.set_ranges(request["ranges"])
        self.cidr.setText(request["cidr"])
        self._kept_cidr = request["cidr"]
        self.gateway.setText(request["gateway"])
        self.dns.setText(", ".join(request.get("dns", [])))

    def _follow_cidr(self) -> None:
        """Another network: propose gateway and range that fit, instead of errors."""
        text = self.cidr.text().strip()
        if text == self._kept_cidr:
            return
        self._kept_cidr = text
        proposal = suggested(text)
        if proposal is not None:
            gateway, first, last = proposal
            self.gateway.setText(gateway)
            self.ranges.set_ranges([{"first": first, "last": last}])
        self.touched()


def _words(problem: ErrorBody | None) -> str:
    return problem_words(problem) if problem is not None else ""
