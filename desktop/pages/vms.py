"""The page of virtual machines: list, actions by state, detail with a live picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from appliance.protocol import resources as r
from desktop import texts
from desktop.models.columns import Column, address_key, natural
from desktop.net.cache import BINNED
from desktop.pages.actions import Action
from desktop.pages.resource_page import ResourcePage
from desktop.pages.security_groups import names_in
from desktop.pages.security_words import direction_words, order_of, rule_words
from desktop.pages.sheets.security_members import groups_of_vm
from desktop.pages.vm_actions import guard_actions, is_guarded, vm_actions
from desktop.pages.vm_detail import VmDetail
from desktop.pages.vm_recovery import recovery_actions, recovery_words
from desktop.texts import translate


def addresses(vm: r.Vm) -> str:
    """All addresses of a VM, a dash for none."""
    return ", ".join(nic.address for nic in vm.nics if nic.address) or "–"


def elastic_of(vm: r.Vm) -> str:
    """The elastic IPs of a VM."""
    return ", ".join(nic.elastic_address for nic in vm.nics if nic.elastic_address)


def first_address(vm: r.Vm) -> tuple[int, ...]:
    """The sort key of a VM's first address."""
    return address_key(vm.nics[0].address) if vm.nics else ()


def disk_bytes(vm: r.Vm) -> int:
    """The size of all disks of a VM together."""
    return sum(volume.size_bytes for volume in vm.volumes)


def vm_columns() -> list[Column]:
    """The columns of the VM list."""
    return [
        Column(
            name="name",
            title=translate("Vms", "Name"),
            text=lambda vm: vm.name,
            key=lambda vm: natural(vm.name),
            width=200,
        ),
        Column(
            name="state",
            title=translate("Vms", "State"),
            text=lambda vm: texts.word(f"vm.state.{vm.state.value}"),
            state=lambda vm: ("vm", vm.state.value),
            width=120,
        ),
        Column(
            name="address",
            title=translate("Vms", "Address"),
            text=addresses,
            key=first_address,
            width=136,
        ),
        Column(
            name="cpu",
            title=translate("Vms", "CPU"),
            text=lambda vm: str(vm.cpu_count),
            key=lambda vm: vm.cpu_count,
            is_right=True,
            is_searched=False,
            width=64,
        ),
        Column(
            name="memory",
            title=translate("Vms", "Memory"),
            text=lambda vm: texts.size(vm.memory_bytes),
            key=lambda vm: vm.memory_bytes,
            is_right=True,
            is_searched=False,
            width=96,
        ),
        Column(
            name="disk",
            title=translate("Vms", "Disk"),
            text=lambda vm: texts.size(disk_bytes(vm)),
            key=disk_bytes,
            is_right=True,
            is_searched=False,
            width=96,
        ),
        Column(
            name="image",
            title=translate("Vms", "Image"),
            text=lambda vm: vm.image_name or "–",
            width=128,
        ),
        Column(
            name="host",
            title=translate("Vms", "Host"),
            text=lambda vm: vm.host_name or "–",
            key=lambda vm: natural(vm.host_name),
            width=112,
        ),
        Column(
            name="created",
            title=translate("Vms", "Created"),
            text=lambda vm: texts.minute(vm.created_at),
            key=lambda vm: vm.created_at,
            is_searched=False,
            width=144,
        ),
        Column(
            name="network",
            title=translate("Vms", "Network"),
            text=lambda vm: ", ".join(nic.network_name for nic in vm.nics) or "–",
            is_shown=False,
            is_searched=False,
        ),
        Column(
            name="elastic",
            title=translate("Vms", "Elastic IP"),
            text=lambda vm: elastic_of(vm) or "–",
            key=lambda vm: address_key(elastic_of(vm)) if elastic_of(vm) else (),
            width=128,
            is_shown=False,
        ),
        Column(
            name="ipv6",
            title=translate("Vms", "IPv6 address"),
            text=lambda vm: (
                ", ".join(nic.ipv6_address for nic in vm.nics if nic.ipv6_address) or "–"
            ),
            is_shown=False,
            width=208,
        ),
        Column(
            name="mac",
            title=translate("Vms", "MAC address"),
            text=lambda vm: ", ".join(nic.mac for nic in vm.nics) or "–",
            is_shown=False,
            width=152,
        ),
        Column(
            name="id",
            title=translate("Vms", "ID"),
            text=lambda vm: vm.id,
            is_shown=False,
            is_searched=False,
            width=288,
        ),
    ]


class VmPage(ResourcePage):
    """Virtual machines."""

    kind = "vm"
    state_kind = "vm"

    def title(self) -> str:
        """The page's title."""
        return translate("Vms", "Virtual machines")

    def columns(self) -> list[Column]:
        """The columns of the list."""
        return vm_columns()

    def actions_of(self) -> list[Action]:
        """Start, stop and the rest."""
        extra = guard_actions(group=4) if self.shell.is_administrator else []
        return [*vm_actions(), *recovery_actions(group=3), *extra]

    def make_detail(self) -> VmDetail:
        """Facts beside a live picture of the screen."""
        return VmDetail(self.shell, self.facts, self.state_of)

    def belongs(self, vm: r.Vm) -> bool:
        """What was destroyed is in the recycle bin."""
        return vm.state not in BINNED

    def filters(self) -> list[tuple[str, Callable[[Any], str], Callable[[str], str]]]:
        """By state and by host."""
        return [
            (
                translate("Vms", "State"),
                lambda vm: vm.state.value,
                lambda value: texts.word(f"vm.state.{value}"),
            ),
            (translate("Vms", "Host"), lambda vm: vm.host_name, lambda value: value),
        ]

    def summary(self) -> str:
        """`12 running · 3 stopped`."""
        counts: dict[str, int] = {}
        for vm in filter(self.belongs, self.shell.cache.all("vm")):
            counts[vm.state.value] = counts.get(vm.state.value, 0) + 1
        parts = [
            f"{texts.number(counts[state.value])} {texts.word(f'vm.state.{state.value}').lower()}"
            for state in r.VmState
            if counts.get(state.value)
        ]
        return " · ".join(parts)

    def empty_words(self) -> tuple[str, str, str]:
        """What VMs are for, and the first one."""
        return (
            "monitor-multiple",
            translate(
                "Vms",
                "A virtual machine runs from an image with the size of an instance offering "
                "and gets an address from a network.",
            ),
            translate("Vms", "Create the first VM"),
        )

    def create_title(self) -> str:
        """The button above the list."""
        return translate("Vms", "Create VM")

    def start_creating(self) -> None:
        """Open the dialog that makes virtual machines."""
        from desktop.pages.vm_create import create_vm

        create_vm(self.shell)

    def opened(self, vm: r.Vm) -> None:
        """A double click opens the console of a running VM."""
        if self.qactions["console"].isEnabled():
            self.qactions["console"].trigger()
        else:
            super().opened(vm)

    def facts(self, vm: r.Vm) -> list[tuple[str, str]]:
        """What the detail shows."""
        offering = self.shell.cache.name("instance_offering", vm.offering_id)
        size = f"{vm.cpu_count} CPU · {texts.size(vm.memory_bytes)}"
        reason = texts.word(f"vm.reason.{vm.state_reason}") if vm.state_reason else ""
        facts = [
            (translate("Vms", "Size"), f"{offering} ({size})" if offering else size),
            (translate("Vms", "Address"), "\n".join(nic.address for nic in vm.nics)),
            (
                translate("Vms", "IPv6 address"),
                "\n".join(nic.ipv6_address for nic in vm.nics if nic.ipv6_address),
            ),
            (translate("Vms", "Elastic IP"), elastic_of(vm)),
            (translate("Vms", "Anti-spoofing"), _guard_words(vm)),
            (translate("Vms", "MAC address"), "\n".join(nic.mac for nic in vm.nics)),
            (translate("Vms", "Network"), "\n".join(nic.network_name for nic in vm.nics)),
            (translate("Vms", "Disk"), texts.size(disk_bytes(vm)) if vm.volumes else ""),
            (translate("Vms", "Image"), vm.image_name),
            (translate("Vms", "Host"), vm.host_name),
            (
                translate("Vms", "Affinity group"),
                self.shell.cache.name("affinity_group", vm.affinity_group_id),
            ),
            (translate("Vms", "Security groups"), self._groups(vm)),
            (translate("Vms", "Rules that hold"), self._rules(vm)),
            (translate("Vms", "Accelerator"), _accelerator(vm)),
            (translate("Vms", "After a reboot of its host"), recovery_words(vm)),
            (translate("Vms", "Running for"), texts.since(vm.started_at)),
            (translate("Vms", "Created"), texts.moment(vm.created_at)),
            (translate("Vms", "Description"), vm.description),
            (translate("Vms", "ID"), vm.id),
        ]
        if reason:
            facts.insert(0, (translate("Vms", "Why in this state"), reason))
        return facts

    def _groups(self, vm: r.Vm) -> str:
        names = (self.shell.cache.name("security_group", ref) for ref in groups_of_vm(vm))
        return "\n".join(sorted(name for name in names if name))

    def _rules(self, vm: r.Vm) -> str:
        """All rules that hold for the machine, in the order in which they are asked."""
        mine = groups_of_vm(vm)
        rules = [
            rule
            for group in self.shell.cache.all("security_group")
            if group.id in mine
            for rule in group.rules
            if rule.is_enabled
        ]
        rules.sort(key=lambda rule: (rule.direction, order_of(rule)))
        return "\n".join(
            f"{direction_words(rule.direction)}: {rule_words(rule, names_in(self.shell))}"
            for rule in rules
        )


def _guard_words(vm: r.Vm) -> str:
    if is_guarded(vm):
        return ""
    return translate("Vms", "off: it may use other addresses than its own")


def _accelerator(vm: r.Vm) -> str:
    if vm.accelerator == "tcg":
        return translate("Vms", "emulated (TCG)")
    return vm.accelerator.upper()
