"""The NICs of a machine, in a tab of its detail: what each has, and what can be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.protocol import resources as r
from appliance.protocol.bandwidth import bandwidth_words
from appliance.protocol.requests import NICS_MAX
from desktop.models.columns import Column, address_key, natural
from desktop.models.table_model import TableModel
from desktop.pages.actions import Action
from desktop.pages.base import Shell
from desktop.pages.security_groups import groups_of, names_in
from desktop.pages.sheets.nics import attachable, change_limits, show_attach
from desktop.pages.sheets.security_members import show_members
from desktop.pages.tab import PartsTab
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.table import ResourceTable

S = r.VmState


@dataclass(frozen=True)
class NicLine:
    """One NIC as a line of the table, with its machine."""

    id: str
    nic: r.Nic
    vm: r.Vm
    groups: str  # their names


def limit_words(bits_per_s: int | None) -> str:
    """A limit as people say it, a dash for none."""
    return "–" if bits_per_s is None else bandwidth_words(bits_per_s)


def nic_columns() -> list[Column]:
    """The columns of the table."""

    def text(name: str, title: str, width: int, words: Any, key: Any = None) -> Column:
        return Column(name=name, title=title, text=words, key=key, width=width)

    def limit(name: str, title: str) -> Column:
        return Column(
            name=name,
            title=title,
            text=lambda line: limit_words(getattr(line.nic, f"{name}_bits_per_s")),
            key=lambda line: getattr(line.nic, f"{name}_bits_per_s") or 0,
            is_right=True,
            width=128,
        )

    return [
        text(
            "network",
            translate("Nics", "Network"),
            136,
            lambda line: line.nic.network_name,
            lambda line: natural(line.nic.network_name),
        ),
        text(
            "address",
            translate("Nics", "Address"),
            120,
            lambda line: line.nic.address,
            lambda line: address_key(line.nic.address),
        ),
        text(
            "default",
            translate("Nics", "Way out"),
            96,
            lambda line: translate("Nics", "default") if line.nic.is_default else "–",
        ),
        text(
            "elastic",
            translate("Nics", "Elastic IP"),
            120,
            lambda line: line.nic.elastic_address or "–",
        ),
        text("mac", translate("Nics", "MAC address"), 144, lambda line: line.nic.mac),
        text(
            "groups",
            translate("Nics", "Security groups"),
            136,
            lambda line: line.groups or translate("Nics", "none"),
        ),
        text(
            "guard",
            translate("Nics", "Anti-spoofing"),
            112,
            lambda line: (
                translate("Nics", "on") if line.nic.anti_spoofing else translate("Nics", "off")
            ),
        ),
        limit("inbound", translate("Nics", "Receives at most")),
        limit("outbound", translate("Nics", "Sends at most")),
    ]


def attach_reason(shell: Shell, vm: r.Vm | None) -> str:
    """Why a machine gets no further NIC now; empty if it does."""
    if vm is None:
        return translate("Actions", "Nothing is selected.")
    if vm.state not in (S.RUNNING, S.PAUSED, S.STOPPED):
        return translate("Nics", "This needs a machine that is running, paused or stopped.")
    if len(vm.nics) >= NICS_MAX:
        return translate("Nics", "A machine has at most {n} NICs.").format(n=NICS_MAX)
    if not attachable(shell.cache, vm):
        return translate("Nics", "It is in all networks of its cluster already.")
    return ""


def detach_reason(line: NicLine) -> str:
    """Why a NIC cannot be taken away now; empty if it can."""
    if line.nic.is_default:
        return translate("Nics", "Make another NIC the default one first.")
    if line.vm.state not in (S.RUNNING, S.STOPPED):
        return translate("Nics", "This needs a machine that is running or stopped.")
    return ""


def nic_actions(*, is_administrator: bool) -> list[Action]:
    """What can be done with a NIC, in the order of bar and menu."""

    def simple(operation: str, **fields: Any) -> Any:
        async def run(shell: Shell, lines: list[NicLine]) -> None:
            for line in lines:
                call = shell.ref.call(operation, id=line.vm.id, nic_id=line.id, **fields)
                await shell.bridge.run(call)

        return run

    async def set_groups(shell: Shell, lines: list[NicLine]) -> None:
        line = lines[0]
        show_members(shell, line.vm, groups_of(shell, line.vm.owner_id), line.nic)

    async def set_limits(shell: Shell, lines: list[NicLine]) -> None:
        change_limits(shell, lines[0].vm, lines[0].nic)

    is_default = translate("Nics", "It is the default NIC already.")
    actions = [
        Action(
            name="default",
            title=translate("Nics", "Make it the default NIC"),
            icon="exit-to-app",
            run=simple("vm.set_default_nic"),
            reason=lambda line: is_default if line.nic.is_default else "",
            is_single=True,
        ),
        Action(
            name="groups",
            title=translate("Nics", "Security groups of this NIC …"),
            icon="shield-outline",
            run=set_groups,
            is_single=True,
        ),
        Action(
            name="limits",
            title=translate("Nics", "Bandwidth limits …"),
            icon="speedometer",
            run=set_limits,
            is_single=True,
        ),
    ]
    if is_administrator:
        free = translate("Nics", "It may use other addresses already.")
        held = translate("Nics", "It is held to its own addresses already.")
        actions += [
            Action(
                name="let_spoof",
                title=translate("Nics", "Let it use other addresses, as routers do"),
                icon="shield-off-outline",
                run=simple("vm.set_anti_spoofing", is_enabled=False),
                reason=lambda line: "" if line.nic.anti_spoofing else free,
            ),
            Action(
                name="hold",
                title=translate("Nics", "Hold it to its own addresses"),
                icon="shield-lock-outline",
                run=simple("vm.set_anti_spoofing", is_enabled=True),
                reason=lambda line: held if line.nic.anti_spoofing else "",
            ),
        ]
    return [
        *actions,
        Action(
            name="detach",
            title=translate("Nics", "Detach this NIC"),
            icon="delete-outline",
            run=simple("vm.detach_nic"),
            reason=detach_reason,
            group=1,
        ),
    ]


class NicsTab(PartsTab):
    """All NICs of one machine, as they are now."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell, nic_actions(is_administrator=shell.is_administrator))
        self._vm: r.Vm | None = None
        self.model = TableModel(nic_columns(), self)
        self.table = ResourceTable(self.model, "vm-nics", shell.settings)
        self.attach = FlatButton(translate("Nics", "Attach NIC …"), "plus")
        self.attach.clicked.connect(self._attach)
        self.table.selection_changed.connect(self._refresh)
        self.build((self.attach,))

    def view(self) -> ResourceTable:
        """What shows them."""
        return self.table

    def show_vm(self, vm: r.Vm | None) -> None:
        """Show the NICs of a machine, or of its new version."""
        is_another = vm is None or self._vm is None or vm.id != self._vm.id
        self._vm = vm
        name_of = names_in(self._shell)
        lines = [] if vm is None else [_line(nic, vm, name_of) for nic in vm.nics]
        kept = {line.id for line in lines}
        gone = [line.id for line in self.model.resources() if line.id not in kept]
        self.model.apply(lines, gone)
        if lines and (is_another or self.table.current() is None):
            self.table.select(lines[0].id)
        self._refresh()

    def _refresh(self) -> None:
        self.refresh_actions()
        reason = attach_reason(self._shell, self._vm)
        self.attach.setEnabled(not reason)
        self.attach.setToolTip(reason)

    def _attach(self) -> None:
        if self._vm is not None:
            show_attach(self._shell, self._vm)


def _line(nic: r.Nic, vm: r.Vm, name_of: Any) -> NicLine:
    names = sorted(filter(None, map(name_of, nic.security_group_ids)))
    return NicLine(nic.id, nic, vm, ", ".join(names))
