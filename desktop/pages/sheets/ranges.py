"""The sheet that changes which addresses a network gives out, holds back, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network
from typing import Any, get_args

from PySide6.QtWidgets import QPlainTextEdit

from appliance.protocol import resources as r
from desktop.operation_titles import operation_title
from desktop.pages.accounts import open_sheet
from desktop.pages.base import Shell
from desktop.pages.sheets.form_sheet import SheetSpec
from desktop.texts import translate
from desktop.wizard.page import Request, StepPage, choose


def allocation_words(allocation: str) -> str:
    """Which free address a network gives out."""
    return {
        "first": translate("Ranges", "The lowest free address"),
        "random": translate("Ranges", "Any free address"),
        "least_recent": translate("Ranges", "The address that was free for longest"),
    }[allocation]


def span_lines(spans: Iterable[r.AddressRange]) -> str:
    """Ranges as people write them, one a line."""
    return "\n".join(
        one.first if one.first == one.last else f"{one.first} – {one.last}" for one in spans
    )


def parse_spans(text: str) -> list[dict[str, str]]:
    """What is written in lines, as requests carry it.

    Raises ValueError with the line that is no range, address or block.
    """
    found = []
    for written in filter(None, map(str.strip, text.splitlines())):
        first, dash, last = (part.strip() for part in written.replace("–", "-").partition("-"))
        try:
            for end in (first, last) if dash else ():
                IPv4Address(end)
            IPv4Network(first)
        except ValueError:
            raise ValueError(written) from None
        found.append({"first": first, "last": last})
    return found


class RangesForm(StepPage):
    """Ranges, what of them is reserved, and the order."""

    names = ("network",)

    def __init__(self, network: r.Network) -> None:
        words = translate("Ranges", "{name}, {cidr}. Addresses that are in use must stay.")
        super().__init__(
            operation_title("network.set_ranges"),
            words.format(name=network.name, cidr=network.cidr),
        )
        self.ranges = self.add_lines(
            "ranges",
            translate("Ranges", "Addresses to give out"),
            translate("Ranges", "One range, address or block like 10.0.0.64/26 a line"),
            span_lines(network.ranges),
        )
        self.reserved = self.add_lines(
            "reserved",
            translate("Ranges", "Reserved addresses"),
            translate("Ranges", "These are given to nobody: for devices of your own, say"),
            span_lines(network.reserved),
        )
        self.allocation = self.add_choice(
            "allocation",
            translate("Ranges", "Gives out"),
            [(allocation_words(one), one) for one in get_args(r.Allocation)],
        )
        self.is_filling = True
        choose(self.allocation, network.allocation)
        self.is_filling = False

    def fill(self, requests: Mapping[str, Request]) -> None:
        """The network itself says what there is."""

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say; nothing of what cannot be read."""
        return {
            "ranges": self._spans("ranges", self.ranges) or [],
            "reserved": self._spans("reserved", self.reserved) or [],
            "allocation": self.allocation.currentData(),
        }

    def review(self) -> bool:
        """Every line must be a range, and there must be one."""
        ranges = self._spans("ranges", self.ranges)
        if ranges == []:
            self.tell("ranges", translate("Ranges", "Give at least one range."))
        return bool(ranges) and self._spans("reserved", self.reserved) is not None

    def _spans(self, key: str, field: QPlainTextEdit) -> list[dict[str, str]] | None:
        try:
            found = parse_spans(field.toPlainText())
        except ValueError as error:
            words = translate("Ranges", "“{line}” is no range, address or block.")
            self.tell(key, words.format(line=error))
            return None
        self.tell(key, "")
        return found


def change_ranges(shell: Shell, network: r.Network) -> None:
    """Open the sheet."""
    spec = SheetSpec(
        operation="network.set_ranges",
        button=translate("Ranges", "Save"),
        fixed={"id": network.id},
    )
    open_sheet(shell, f"ranges-{network.id}", lambda: RangesForm(network), spec)
