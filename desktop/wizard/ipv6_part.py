"""The IPv6 part of a form about a network: one choice, and what belongs to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv6Address, IPv6Network
from typing import Any

from appliance.protocol import networks as n
from appliance.protocol.addressing import UNICAST6
from appliance.protocol.errors import ErrorBody
from appliance.protocol.networks import PRIVATE_KINDS
from desktop.texts import translate
from desktop.wizard.page import StepPage, choose, problem_words

KEYS = ("ipv6_cidr", "ipv6_gateway", "ipv6_ranges")
SHORTEST_PREFIX, LONGEST_PREFIX = 64, 112


def mode_words(mode: str) -> str:
    """How machines come to IPv6 addresses."""
    return {
        "none": translate("Ipv6", "No IPv6"),
        "slaac": translate("Ipv6", "Machines make their addresses themselves (SLAAC)"),
        "dhcp": translate("Ipv6", "Addresses are given out (DHCPv6)"),
    }[mode]


def range_lines(ranges: Iterable[n.AddressRange | Mapping[str, str]]) -> str:
    """Ranges as people write them, one a line."""
    pairs = [
        (one.first, one.last)
        if isinstance(one, n.AddressRange)
        else (one["first"], one.get("last", ""))
        for one in ranges
    ]
    return "\n".join(first if last in ("", first) else f"{first} – {last}" for first, last in pairs)


def parse_ranges(text: str) -> list[dict[str, str]]:
    """What is written in lines, as requests carry it.

    Raises ValueError with the line that is no range, address or block.
    """
    found = []
    for written in filter(None, map(str.strip, text.splitlines())):
        first, dash, last = (part.strip() for part in written.replace("–", "-").partition("-"))
        try:
            for end in (first, last) if dash else ():
                IPv6Address(end)
            IPv6Network(first)
        except ValueError:
            raise ValueError(written) from None
        found.append({"first": first, "last": last})
    return found


class Ipv6Part:
    """Adds its fields to a page; they are there only while there is IPv6."""

    def __init__(self, page: StepPage) -> None:
        self._page = page
        self._was_set = self._is_physical = False
        self.mode = page.add_choice(
            "ipv6_mode", "IPv6", [(mode_words(one), one) for one in ("none", "slaac", "dhcp")]
        )
        self.cidr = page.add_line("ipv6_cidr", translate("Ipv6", "IPv6 network"))
        self.gateway = page.add_line(
            "ipv6_gateway",
            translate("Ipv6", "IPv6 gateway"),
        )
        page.side_by_side("ipv6_cidr", "ipv6_gateway")
        self.ranges = page.add_lines(
            "ipv6_ranges",
            translate("Ipv6", "IPv6 addresses to give out"),
            translate("Ipv6", "One range, address or block a line; nearly all, if it is empty"),
            "",
        )
        self.mode.currentIndexChanged.connect(lambda _: self.follow_kind())
        self.follow_kind()

    @property
    def chosen(self) -> str:
        """Which mode is chosen."""
        return self.mode.currentData()

    def show(
        self,
        mode: str,
        cidr: str,
        gateway: str,
        ranges: Iterable[n.AddressRange | Mapping[str, str]],
    ) -> None:
        """Fill the fields."""
        self._was_set = mode != "none"
        choose(self.mode, mode)
        self.cidr.setText(cidr)
        self.gateway.setText(gateway)
        self.ranges.setPlainText(range_lines(ranges))
        self.follow_kind()

    def show_request(self, request: Mapping[str, Any]) -> None:
        """Fill the fields from what a request says."""
        self.show(
            request.get("ipv6_mode", "none"),
            request.get("ipv6_cidr", ""),
            request.get("ipv6_gateway", ""),
            request.get("ipv6_ranges", []),
        )

    def follow_kind(self, kind: str = "") -> None:
        """Show what the chosen mode needs, as it is in a private or physical network."""
        if kind:
            self._is_physical = kind not in PRIVATE_KINDS
        there = self.chosen != "none"
        for key in KEYS:
            self._page.fields[key].setVisible(there and (key != "ipv6_ranges" or self._gives_out))
        if self._is_physical:
            self.cidr.setPlaceholderText(translate("Ipv6", "As the router announces it"))
            self.gateway.setPlaceholderText(translate("Ipv6", "The router says it itself"))
        else:
            self.cidr.setPlaceholderText(translate("Ipv6", "A private one, chosen for you"))
            self.gateway.setPlaceholderText(translate("Ipv6", "The first address"))

    @property
    def _gives_out(self) -> bool:
        return self.chosen == "dhcp"

    def values(self) -> dict[str, Any]:
        """What the fields say; nothing if there is no IPv6 and never was."""
        if self.chosen == "none":
            return self._nothing() if self._was_set else {}
        return {
            "ipv6_mode": self.chosen,
            "ipv6_cidr": self.cidr.text().strip(),
            "ipv6_gateway": self.gateway.text().strip(),
            "ipv6_ranges": (self._spans() or []) if self._gives_out else [],
        }

    def _nothing(self) -> dict[str, Any]:
        return {"ipv6_mode": "none", "ipv6_cidr": "", "ipv6_gateway": "", "ipv6_ranges": []}

    def review(self) -> bool:
        """Check what can be checked here, as the service will."""
        problems = {"ipv6_cidr": "", "ipv6_gateway": "", "ipv6_ranges": ""}
        if self.chosen != "none":
            network = self._network(problems)
            self._check_gateway(network, problems)
            if self._gives_out and self._spans() is None:
                problems["ipv6_ranges"] = translate(
                    "Ipv6", "Each line must be a range, an address or a block."
                )
        for key, words in problems.items():
            self._page.tell(key, words)
        return not any(problems.values())

    def _network(self, problems: dict[str, str]) -> IPv6Network | None:
        text = self.cidr.text().strip()
        if not text:
            if self._is_physical:
                problems["ipv6_cidr"] = _words("network.ipv6_cidr_needed")
            return None
        try:
            network = IPv6Network(text)
        except ValueError:
            network = None
        if network is None or not any(network.subnet_of(space) for space in UNICAST6):
            problems["ipv6_cidr"] = _words("network.bad_ipv6_cidr", value=text)
            return None
        longest = SHORTEST_PREFIX if self.chosen == "slaac" else LONGEST_PREFIX
        if not SHORTEST_PREFIX <= network.prefixlen <= longest:
            code = f"network.ipv6_prefix_{self.chosen}"
            problems["ipv6_cidr"] = _words(code, value=text)
            return None
        return network

    def _check_gateway(self, network: IPv6Network | None, problems: dict[str, str]) -> None:
        text = self.gateway.text().strip()
        if not text:
            return
        try:
            address = IPv6Address(text)
        except ValueError:
            problems["ipv6_gateway"] = _words("network.bad_ipv6_address", value=text)
            return
        if network is not None and (address not in network or address == network.network_address):
            problems["ipv6_gateway"] = _words(
                "network.outside",
                value=text,
                cidr=str(network),
                first=str(network.network_address + 1),
                last=str(network.broadcast_address),
            )

    def _spans(self) -> list[dict[str, str]] | None:
        try:
            return parse_ranges(self.ranges.toPlainText())
        except ValueError:
            return None


def _words(code: str, **params: str) -> str:
    return problem_words(ErrorBody(code=code, field="", params=params))
