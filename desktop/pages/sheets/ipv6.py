"""The sheet that gives a network IPv6, changes it, or takes it away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appliance.protocol import resources as r
from desktop.operation_titles import operation_title
from desktop.pages.accounts import open_sheet
from desktop.pages.base import Shell
from desktop.pages.sheets.form_sheet import SheetSpec
from desktop.texts import translate
from desktop.wizard.ipv6_part import Ipv6Part, mode_words, range_lines
from desktop.wizard.page import Request, StepPage


class Ipv6Form(StepPage):
    """How machines come to IPv6 addresses, and which."""

    names = ("network",)

    def __init__(self, network: r.Network) -> None:
        super().__init__(
            operation_title("network.set_ipv6"),
            translate(
                "Ipv6",
                "Machines in {name} get their addresses at once, beside those that they have.",
            ).format(name=network.name),
        )
        self.part = Ipv6Part(self)
        self.is_filling = True
        self.part.follow_kind(network.kind)
        self.part.show(
            network.ipv6_mode, network.ipv6_cidr, network.ipv6_gateway, network.ipv6_ranges
        )
        self.is_filling = False

    def fill(self, requests: Mapping[str, Request]) -> None:
        """The network itself says what there is."""

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        return self.part.values() or {"ipv6_mode": "none"}

    def review(self) -> bool:
        """Check what can be checked here."""
        return self.part.review()


def ipv6_facts(network: r.Network) -> list[tuple[str, str]]:
    """What the detail of a network shows of IPv6."""
    if network.ipv6_mode == "none":
        return [("IPv6", "")]
    return [
        ("IPv6", f"{network.ipv6_cidr}\n{mode_words(network.ipv6_mode)}"),
        (translate("Ipv6", "IPv6 gateway"), network.ipv6_gateway),
        (translate("Ipv6", "IPv6 ranges"), range_lines(network.ipv6_ranges)),
    ]


def change_ipv6(shell: Shell, network: r.Network) -> None:
    """Open the sheet."""
    spec = SheetSpec(
        operation="network.set_ipv6",
        button=translate("Sheets", "Save"),
        fixed={"id": network.id},
    )
    open_sheet(shell, f"ipv6-{network.id}", lambda: Ipv6Form(network), spec)
