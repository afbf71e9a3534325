"""The sheets that give a machine a further NIC, and that limit one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QComboBox

from appliance.protocol import resources as r
from appliance.protocol.bandwidth import parse_bandwidth, shortest
from desktop.net.cache import Cache
from desktop.operation_titles import operation_title
from desktop.pages.accounts import open_sheet
from desktop.pages.base import Shell
from desktop.pages.sheets.form_sheet import SheetSpec
from desktop.texts import translate
from desktop.wizard.page import Request, StepPage

LIMITS = ("inbound_bits_per_s", "outbound_bits_per_s")


def attachable(cache: Cache, vm: r.Vm) -> list[r.Network]:
    """The networks that a machine could get a NIC in, by name."""
    taken = {nic.network_id for nic in vm.nics}
    found = [
        network
        for network in cache.all("network")
        if network.cluster_id == vm.cluster_id and network.id not in taken
    ]
    return sorted(found, key=lambda network: network.name)


def network_words(network: r.Network) -> str:
    """A network in a list of choices."""
    words = translate("CreateVm", "{name}: {cidr}, {free} addresses free")
    free = network.addresses_total - network.addresses_used
    return words.format(name=network.name, cidr=network.cidr, free=free)


def add_groups(box: QComboBox, groups: list[tuple[str, str]]) -> None:
    """The choice of a NIC's security group."""
    box.blockSignals(True)
    box.addItem(translate("CreateVm", "as the settings say"), None)
    for name, ref in groups:
        box.addItem(name, [ref])
    box.addItem(translate("CreateVm", "none: nothing is filtered"), [])
    box.blockSignals(False)


class LimitFields(StepPage):
    """Two fields for what a NIC receives and sends at most."""

    def add_limits(self, nic: r.Nic | None = None) -> None:
        """Add them, with what a NIC has."""
        titles = (translate("Nics", "Receives at most"), translate("Nics", "Sends at most"))
        unlimited = translate("Nics", "unlimited")
        for key, title in zip(LIMITS, titles, strict=True):
            hint = translate("Nics", "Bits per second, like 10M or 1.5G")
            field = self.add_line(key, title, hint, placeholder=unlimited)
            bits_per_s = None if nic is None else getattr(nic, key)
            field.setText("" if bits_per_s is None else shortest(bits_per_s))
        self.side_by_side(*LIMITS)

    def limits(self) -> dict[str, int | None]:
        """What the fields say; unlimited for what cannot be read."""
        return {key: self._limit(key) for key in LIMITS}

    def review_limits(self) -> bool:
        """Check what is typed."""
        problems = {key: limit_problem(self._text(key)) for key in LIMITS}
        for key, problem in problems.items():
            self.tell(key, problem)
        return not any(problems.values())

    def _limit(self, key: str) -> int | None:
        text = self._text(key)
        return None if not text or limit_problem(text) else parse_bandwidth(text)

    def _text(self, key: str) -> str:
        field: Any = self.fields[key].field
        return field.text().strip()


def limit_problem(text: str) -> str:
    """Why a text is no limit; empty if it is one, or nothing."""
    if not text:
        return ""
    try:
        parse_bandwidth(text)
    except ValueError:
        return translate("Nics", "Write it like 10M or 1.5G, from 64K to 1T.")
    return ""


class AttachForm(LimitFields):
    """The network, and what the NIC is to have there."""

    names = ("nic",)

    def __init__(self, vm: r.Vm, networks: list[r.Network], groups: list[tuple[str, str]]) -> None:
        super().__init__(operation_title("vm.attach_nic"), vm.name)
        self.network = self.add_choice(
            "network_id",
            translate("Nics", "Network"),
            [(network_words(network), network.id) for network in networks],
        )
        self.address = self.add_line(
            "address",
            translate("Nics", "Address"),
            placeholder=translate("CreateVm", "chosen by the system"),
        )
        self.security = self.add_choice(
            "security_group_ids", translate("Nics", "Security groups"), []
        )
        add_groups(self.security, groups)
        self.side_by_side("address", "security_group_ids")
        self.add_limits()
        self.body.addStretch()

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say, without what is left as it is."""
        found = {
            "address": self.address.text().strip() or None,
            "security_group_ids": self.security.currentData(),
            **self.limits(),
        }
        given = {key: value for key, value in found.items() if value is not None}
        return {"network_id": self.network.currentData() or ""} | given

    def review(self) -> bool:
        """Limits can be checked here; the service knows about addresses."""
        return self.review_limits() and self.network.count() > 0


class LimitsForm(LimitFields):
    """What one NIC carries at most."""

    names = ("limits",)

    def __init__(self, nic: r.Nic) -> None:
        super().__init__(
            operation_title("vm.set_nic_limits"),
            translate("Nics", "{address} in {network}; it holds at once.").format(
                address=nic.address, network=nic.network_name
            ),
        )
        self.add_limits(nic)
        self.body.addStretch()

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """Both limits."""
        return dict(self.limits())

    def review(self) -> bool:
        """Check what is typed."""
        return self.review_limits()


def show_attach(shell: Shell, vm: r.Vm) -> None:
    """Open the sheet that gives a machine a further NIC."""
    spec = SheetSpec(
        operation="vm.attach_nic", button=translate("Nics", "Attach"), fixed={"id": vm.id}
    )
    groups = sorted(
        (group.name, group.id)
        for group in shell.cache.all("security_group")
        if group.owner_id == vm.owner_id
    )
    networks = attachable(shell.cache, vm)
    open_sheet(shell, f"attach-{vm.id}", lambda: AttachForm(vm, networks, groups), spec)


def change_limits(shell: Shell, vm: r.Vm, nic: r.Nic) -> None:
    """Open the sheet that limits a NIC."""
    spec = SheetSpec(
        operation="vm.set_nic_limits",
        button=translate("Sheets", "Save"),
        fixed={"id": vm.id, "nic_id": nic.id},
    )
    open_sheet(shell, f"limits-{nic.id}", lambda: LimitsForm(nic), spec)
