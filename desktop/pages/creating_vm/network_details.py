"""The section of a new machine's NICs: addresses, filters, limits, further networks."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv6Address, IPv6Network
from typing import Any

from PySide6.QtWidgets import QComboBox

from appliance.protocol import resources as r
from appliance.protocol.bandwidth import parse_bandwidth
from desktop.net.cache import Cache
from desktop.pages.creating_vm.section import Draft, Section, given
from desktop.pages.more_networks import MoreNetworks
from desktop.pages.sheets.nics import LIMITS, add_groups, limit_problem
from desktop.texts import translate
from desktop.wizard.fields import line


class NetworkDetails(Section):
    """What the default NIC is to have, and further NICs."""

    def __init__(self, cache: Cache) -> None:
        super().__init__()
        self.title = translate("CreateVm", "Network details")
        chosen = translate("CreateVm", "chosen by the system")
        unlimited = translate("Nics", "unlimited")
        self.address, self.ipv6_address = line(placeholder=chosen), line(placeholder=chosen)
        self.inbound, self.outbound = line(placeholder=unlimited), line(placeholder=unlimited)
        self.security = QComboBox()
        groups = sorted(cache.all("security_group"), key=lambda group: group.name)
        add_groups(self.security, [(group.name, group.id) for group in groups])
        self.networks = MoreNetworks(cache)
        self._build()

    def _build(self) -> None:
        hint = translate("Nics", "Bits per second, like 10M or 1.5G")
        address = translate("CreateVm", "Fixed address")
        ipv6 = translate("CreateVm", "Fixed IPv6 address")
        receives = translate("Nics", "Receives at most")
        sends = translate("Nics", "Sends at most")
        security = translate("CreateVm", "Security group")
        self.row(
            (self.add("address", address, self.address), 1),
            (self.add("ipv6_address", ipv6, self.ipv6_address), 1),
        )
        self.body.addWidget(self.add("security_group_ids", security, self.security))
        self.row(
            (self.add("inbound_bits_per_s", receives, self.inbound, hint), 1),
            (self.add("outbound_bits_per_s", sends, self.outbound, hint), 1),
        )
        self.body.addWidget(self.networks)
        self.networks.changed.connect(self.changed)

    def follow(self, draft: Draft) -> None:
        """Addresses are of the network that was chosen."""
        super().follow(draft)
        network = draft.network
        self.networks.set_first(network.id if network else "")
        mode = network.ipv6_mode if network else "none"
        self.ipv6_address.setEnabled(mode == "dhcp")
        self.ipv6_address.setPlaceholderText(
            {
                "none": translate("CreateVm", "the network has no IPv6"),
                "slaac": translate("CreateVm", "machines choose it by themselves"),
            }.get(mode, translate("CreateVm", "chosen by the system"))
        )

    def request(self) -> dict[str, Any]:
        """What was chosen of the default NIC, and the further ones."""
        texts = {key: self._text(key) for key in LIMITS}
        limits = {
            key: parse_bandwidth(text)
            for key, text in texts.items()
            if text and not limit_problem(text)
        }
        return given(
            {
                "address": self.address.text().strip(),
                "ipv6_address": self._ipv6_text(),
                "security_group_ids": self.security.currentData(),
                **limits,
                "more_nics": self.networks.requests() or None,
            }
        )

    def problems(self) -> dict[str, str]:
        """Fixed addresses are in their network and for one machine; limits can be read."""
        found = {key: limit_problem(self._text(key)) for key in LIMITS}
        address, ipv6 = self.address.text().strip(), self._ipv6_text()
        network = self.draft.network
        if address:
            found["address"] = self._single() or _ipv4_problem(address, network)
        if ipv6:
            found["ipv6_address"] = self._single() or _ipv6_problem(ipv6, network)
        if self.networks.has_addresses():
            found["more_nics"] = self._single()
        return {key: words for key, words in found.items() if words}

    def review(self) -> bool:
        """Further networks have a line of their own for what is wrong with them."""
        self.networks.set_problem(self.problems().get("more_nics", ""))
        return super().review()

    def owns(self, field: str) -> bool:
        """Whether a field is of a NIC."""
        return field.startswith("more_nics") or super().owns(field)

    def show_problem(self, field: str, words: str) -> None:
        """Further networks share one line for what is wrong with them."""
        if field in self.fields:
            super().show_problem(field, words)
        else:
            self.networks.set_problem(words)

    def summary(self) -> str:
        """Addresses and further networks."""
        words = [self.address.text().strip(), self._ipv6_text(), *self.networks.names()]
        return ", ".join(word for word in words if word)

    def _text(self, key: str) -> str:
        field: Any = self.fields[key].field
        return field.text().strip()

    def _ipv6_text(self) -> str:
        return self.ipv6_address.text().strip() if self.ipv6_address.isEnabled() else ""

    def _single(self) -> str:
        if self.draft.count == 1:
            return ""
        return translate("CreateVm", "A fixed address goes with one machine only.")


def _ipv4_problem(text: str, network: r.Network | None) -> str:
    """Why an address cannot be had in a network; empty if it may."""
    try:
        address = IPv4Address(text)
    except AddressValueError:
        return translate("CreateVm", "This is no IPv4 address.")
    spans = [] if network is None else network.ranges
    if not spans or any(_is_within(address, span) for span in spans):
        return ""
    return _choose_from([f"{span.first} – {span.last}" for span in spans])


def _ipv6_problem(text: str, network: r.Network | None) -> str:
    try:
        address = IPv6Address(text)
    except AddressValueError:
        return translate("CreateVm", "This is no IPv6 address.")
    if network is None or not network.ipv6_cidr or address in IPv6Network(network.ipv6_cidr):
        return ""
    return _choose_from([network.ipv6_cidr])


def _is_within(address: IPv4Address, span: r.AddressRange) -> bool:
    return IPv4Address(span.first) <= address <= IPv4Address(span.last)


def _choose_from(spans: list[str]) -> str:
    words = translate("CreateVm", "Choose an address from {ranges}.")
    return words.format(ranges=", ".join(spans))
