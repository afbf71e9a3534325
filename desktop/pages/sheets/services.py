"""The sheet that says what a network does for its machines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, get_args

from PySide6.QtWidgets import QCheckBox, QVBoxLayout

from appliance.protocol import networks as n
from appliance.protocol import resources as r
from desktop.operation_titles import operation_title
from desktop.pages.accounts import open_sheet
from desktop.pages.base import Shell
from desktop.pages.sheets.form_sheet import SheetSpec
from desktop.texts import translate
from desktop.widgets.labels import Label
from desktop.wizard.page import Request, StepPage

HINT_INDENT = 20  # below the words of a box
NEEDS_GATEWAY = ("snat", "elastic_ip")  # only private networks have one of ours


def service_words(service: str) -> str:
    """A service by its name."""
    return {
        "dhcp": "DHCP",
        "dns": "DNS",
        "metadata": translate("Services", "Metadata"),
        "snat": "SNAT",
        "elastic_ip": translate("Services", "Elastic IPs"),
        "security_group": translate("Services", "Security groups"),
    }[service]


def service_hint(service: str) -> str:
    """What a service is for."""
    return {
        "dhcp": translate("Services", "Machines are told their addresses."),
        "dns": translate("Services", "Machines find each other by name."),
        "metadata": translate("Services", "Machines read keys and user data when they start."),
        "snat": translate("Services", "Machines reach the outside under their host's address."),
        "elastic_ip": translate("Services", "Machines may have public addresses."),
        "security_group": translate("Services", "What reaches machines may be filtered."),
    }[service]


def offered(services: Iterable[n.NetworkService]) -> str:
    """What a network offers, in a line."""
    return ", ".join(service_words(one.service) for one in services)


class ServicesForm(StepPage):
    """A box for each service that the network can have."""

    names = ("network",)

    def __init__(self, network: r.Network) -> None:
        super().__init__(
            operation_title("network.set_services"),
            translate(
                "Services", "What {name} does for its machines; hosts follow at once."
            ).format(name=network.name),
        )
        there = {one.service for one in network.services}
        self.boxes: dict[str, QCheckBox] = {}
        for service in get_args(n.Service):
            if network.kind not in n.PRIVATE_KINDS and service in NEEDS_GATEWAY:
                continue
            box = self.boxes[service] = QCheckBox(service_words(service))
            box.setChecked(service in there)
            box.toggled.connect(lambda _: self.touched())
            hint = Label(service_hint(service), "small")
            hint.setContentsMargins(HINT_INDENT, 0, 0, 0)
            pair = QVBoxLayout()
            pair.setSpacing(0)
            pair.addWidget(box)
            pair.addWidget(hint)
            self.body.addLayout(pair)

    def fill(self, requests: Mapping[str, Request]) -> None:
        """The network itself says what there is."""

    def values(self, name: str) -> dict[str, Any]:
        """The services whose box is ticked."""
        return {"services": [service for service, box in self.boxes.items() if box.isChecked()]}

    def review(self) -> bool:
        """Every choice is a good one."""
        return True


def change_services(shell: Shell, network: r.Network) -> None:
    """Open the sheet."""
    spec = SheetSpec(
        operation="network.set_services",
        button=translate("Sheets", "Save"),
        fixed={"id": network.id},
    )
    open_sheet(shell, f"services-{network.id}", lambda: ServicesForm(network), spec)
