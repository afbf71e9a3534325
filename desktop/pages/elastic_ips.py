"""The list of elastic IPs, and the sheets that take one or bind it to a machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appliance.protocol import resources as r
from appliance.protocol.elastic import ElasticIp
from appliance.protocol.ids import new_id
from appliance.protocol.networks import PRIVATE_KINDS
from desktop.models.columns import Column, address_key
from desktop.net.cache import Cache
from desktop.operation_titles import operation_title
from desktop.pages.accounts import open_sheet
from desktop.pages.actions import Action, call_each
from desktop.pages.base import Shell
from desktop.pages.common import common_facts, created_column, id_column, name_column
from desktop.pages.resource_page import ResourcePage
from desktop.pages.sheets.creating import free_name
from desktop.pages.sheets.deleting import delete_action
from desktop.pages.sheets.editing import edit_action
from desktop.pages.sheets.form_sheet import SheetSpec
from desktop.texts import translate
from desktop.wizard.page import Request, StepPage

KIND = "elastic_ip"
IN_BIN = (r.VmState.DESTROYING, r.VmState.DESTROYED, r.VmState.EXPUNGING)


def bindable(cache: Cache, owner_id: str) -> list[tuple[r.Vm, r.Nic]]:
    """The NICs of an account that could be given an elastic IP, by name of machine."""
    private = {network.id for network in cache.all("network") if network.kind in PRIVATE_KINDS}
    found = [
        (vm, nic)
        for vm in cache.all("vm")
        if vm.owner_id == owner_id and vm.state not in IN_BIN
        for nic in vm.nics
        if nic.network_id in private and not nic.elastic_address
    ]
    return sorted(found, key=lambda one: one[0].name)


class ElasticIpForm(StepPage):
    """Name, and the public network that the address comes from."""

    names = (KIND,)

    def __init__(self, cache: Cache) -> None:
        super().__init__(
            translate("Elastic", "New elastic IP"),
            translate("Elastic", "A public address that you bind to a machine, and to another."),
        )
        self.name = self.add_line("name", translate("Elastic", "Name"))
        self.name.setText(free_name(translate("Elastic", "elastic-ip"), cache.all(KIND)))
        networks = [one for one in cache.all("network") if one.kind not in PRIVATE_KINDS]
        self.network = self.add_choice(
            "network_id",
            translate("Elastic", "Public network"),
            [
                (f"{one.name}  {one.cidr}", one.id)
                for one in sorted(networks, key=lambda one: one.name)
            ],
        )
        self.address = self.add_line(
            "address",
            translate("Elastic", "Address"),
            translate("Elastic", "Leave it empty for any that is free"),
        )
        self.description = self.add_line("description", translate("Elastic", "Description"))

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        return {
            "name": self.name.text().strip(),
            "description": self.description.text().strip(),
            "network_id": self.network.currentData() or "",
            "address": self.address.text().strip() or None,
        }

    def review(self) -> bool:
        """There must be a network whose addresses are known outside."""
        is_there = self.network.count() > 0
        words = translate("Elastic", "There is no network on a physical NIC to take one from.")
        self.tell("network_id", "" if is_there else words)
        return is_there and bool(self.name.text().strip())


class BindForm(StepPage):
    """The machine that gets the address; of several NICs each is a choice of its own."""

    names = (KIND,)

    def __init__(self, elastic: ElasticIp, nics: list[tuple[r.Vm, r.Nic]]) -> None:
        had = translate("Elastic", "It is taken from {name}, whose open connections end.")
        super().__init__(
            operation_title("elastic_ip.bind"),
            had.format(name=elastic.vm_name) if elastic.vm_id else elastic.address,
        )
        self.vm = self.add_choice(
            "vm_id",
            translate("Elastic", "Virtual machine"),
            [(_nic_words(vm, nic), nic.id) for vm, nic in nics],
        )
        self._vms = {nic.id: vm for vm, nic in nics}

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """What is chosen."""
        nic_id = self.vm.currentData()
        vm = self._vms.get(nic_id)
        if vm is None:
            return {"vm_id": ""}
        return {"vm_id": vm.id} | ({"nic_id": nic_id} if len(vm.nics) > 1 else {})

    def review(self) -> bool:
        """There must be a machine without one."""
        is_there = self.vm.count() > 0
        words = translate("Elastic", "No NIC in a private network is without an elastic IP.")
        self.tell("vm_id", "" if is_there else words)
        return is_there


def _nic_words(vm: r.Vm, nic: r.Nic) -> str:
    """A NIC in the list of choices; its network is said where a machine has several."""
    words = f"{vm.name}  {nic.address}"
    return f"{words}  {nic.network_name}" if len(vm.nics) > 1 else words


def bind(shell: Shell, elastic: ElasticIp) -> None:
    """Open the sheet that binds an elastic IP."""
    spec = SheetSpec(
        operation="elastic_ip.bind",
        button=translate("Elastic", "Bind"),
        fixed={"id": elastic.id},
    )
    nics = bindable(shell.cache, elastic.owner_id)
    open_sheet(shell, f"bind-{elastic.id}", lambda: BindForm(elastic, nics), spec)


class ElasticIpPage(ResourcePage):
    """Public addresses, and whose they are."""

    kind = KIND

    def title(self) -> str:
        """The page's title."""
        return translate("Elastic", "Elastic IPs")

    def columns(self) -> list[Column]:
        """The columns of the list."""
        return [
            name_column(),
            Column(
                name="address",
                title=translate("Elastic", "Address"),
                text=lambda one: one.address,
                key=lambda one: address_key(one.address),
                width=128,
            ),
            Column(
                name="vm",
                title=translate("Elastic", "Virtual machine"),
                text=lambda one: self._vm_name(one) or "–",
                width=176,
            ),
            Column(
                name="vm_address",
                title=translate("Elastic", "Its own address"),
                text=lambda one: one.vm_address or "–",
                width=128,
            ),
            Column(
                name="network",
                title=translate("Elastic", "Public network"),
                text=lambda one: one.network_name,
                width=144,
            ),
            created_column(),
            id_column(),
        ]

    def actions_of(self) -> list[Action]:
        """Bind, unbind, edit, delete."""

        async def run_bind(shell: Shell, chosen: list[Any]) -> None:
            bind(shell, chosen[0])

        async def unbind(shell: Shell, chosen: list[Any]) -> None:
            await call_each(shell, "elastic_ip.unbind", chosen)

        free = translate("Elastic", "No machine has it.")
        return [
            Action(
                name="bind",
                title=translate("Elastic", "Bind …"),
                icon="link-variant",
                run=run_bind,
                is_single=True,
                is_main=True,
            ),
            Action(
                name="unbind",
                title=translate("Elastic", "Unbind"),
                icon="link-variant-off",
                run=unbind,
                reason=lambda one: "" if one.vm_id else free,
                is_main=True,
            ),
            edit_action(KIND),
            delete_action(KIND),
        ]

    def opened(self, elastic: ElasticIp) -> None:
        """A double click leads to the machine that has it, or to the choice of one."""
        if elastic.vm_id is not None:
            self.shell.go("vm", elastic.vm_id)
        else:
            bind(self.shell, elastic)

    def facts(self, elastic: ElasticIp) -> list[tuple[str, str]]:
        """What the detail shows."""
        return [
            (translate("Elastic", "Address"), elastic.address),
            (translate("Elastic", "Public network"), elastic.network_name),
            (translate("Elastic", "Virtual machine"), self._vm_name(elastic)),
            (translate("Elastic", "Its own address"), elastic.vm_address or ""),
            *common_facts(elastic),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What they are for."""
        words = translate(
            "Elastic", "With an elastic IP a private machine is reached from outside."
        )
        return "ip-network-outline", words, self.create_title()

    def create_title(self) -> str:
        """The button above the list."""
        return translate("Elastic", "Take elastic IP")

    def start_creating(self) -> None:
        """Open the sheet that takes one."""
        cache = self.shell.cache
        spec = SheetSpec(
            operation="elastic_ip.create", button=self.create_title(), fixed={"id": new_id()}
        )
        open_sheet(self.shell, "create-elastic-ip", lambda: ElasticIpForm(cache), spec)

    def _vm_name(self, elastic: ElasticIp) -> str:
        """The machine's name as it is now: it may have been renamed since."""
        if elastic.vm_id is None:
            return ""
        return self.shell.cache.name("vm", elastic.vm_id) or elastic.vm_name
