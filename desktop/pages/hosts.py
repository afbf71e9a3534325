"""The page of hosts: what they have, what is claimed of it, and what is really used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from appliance.protocol import resources as r
from desktop import texts
from desktop.models.columns import Column, address_key, natural
from desktop.pages.actions import Action
from desktop.pages.common import id_column, name_column, share, state_column, status_column
from desktop.pages.host_actions import host_actions
from desktop.pages.host_detail import HostDetail
from desktop.pages.resource_page import ResourcePage
from desktop.pages.sheets.host_limits import limit_words
from desktop.texts import translate
from desktop.wizard.page_host import emulation_words


def accelerator_words(host: r.Host) -> str:
    """Whether guests run on the hardware or emulated, and why."""
    if host.accelerator == "kvm":
        return translate("Hosts", "KVM (hardware virtualisation)")
    words = translate("Hosts", "runs emulated (TCG), slowly: {reason}")
    return words.format(reason=emulation_words(host.accelerator_reason) or "–")


class HostPage(ResourcePage):
    """Hosts with what they have and what is claimed of it."""

    kind = "host"
    _counts: Counter[str | None] | None = None

    def title(self) -> str:
        """The page's title."""
        return translate("Hosts", "Hosts")

    def columns(self) -> list[Column]:
        """The columns of the list."""
        return [
            name_column(),
            status_column(),
            state_column(),
            Column(
                name="address",
                title=translate("Hosts", "Address"),
                text=lambda host: host.address,
                key=lambda host: address_key(host.address),
            ),
            Column(
                name="cpu",
                title=translate("Hosts", "CPU"),
                text=lambda host: f"{host.cpu_claimed} / {host.cpu_capacity}",
                key=lambda host: share(host.cpu_claimed, host.cpu_capacity),
                fraction=lambda host: share(host.cpu_claimed, host.cpu_capacity),
                width=104,
            ),
            _used_column("cpu_used", translate("Hosts", "CPU in use"), cpu_used),
            Column(
                name="memory",
                title=translate("Hosts", "Memory"),
                text=_memory_words,
                key=_memory_share,
                fraction=_memory_share,
                width=144,
            ),
            _used_column("memory_used", translate("Hosts", "Memory in use"), memory_used),
            Column(
                name="vms",
                title=translate("Hosts", "VMs"),
                text=lambda host: str(self._vms(host)),
                key=self._vms,
                is_right=True,
                is_searched=False,
                width=64,
            ),
            Column(
                name="accelerator",
                title=translate("Hosts", "Accelerator"),
                text=lambda host: (
                    "KVM" if host.accelerator == "kvm" else translate("Hosts", "emulated (TCG)")
                ),
                width=136,
            ),
            Column(
                name="cluster",
                title=translate("Hosts", "Cluster"),
                text=lambda host: self.shell.cache.name("cluster", host.cluster_id) or "–",
                key=lambda host: natural(self.shell.cache.name("cluster", host.cluster_id)),
            ),
            id_column(),
        ]

    def _vms(self, host: r.Host) -> int:
        if self._counts is None:
            self._counts = Counter(one.host_id for one in self.shell.cache.all("vm"))
        return self._counts[host.id]

    def related_changed(self, kind: str) -> None:
        """Names of clusters and numbers of VMs."""
        if kind == "vm":
            self._counts = None
        if kind in ("cluster", "vm") and self.isVisible():
            self.model.texts_changed()

    def actions_of(self) -> list[Action]:
        """Enable, disable, reconnect, ask anew, network state, edit."""
        return host_actions()

    def make_detail(self) -> HostDetail:
        """Facts, and what was found on it."""
        return HostDetail(self.shell, self.facts, self.state_of)

    def facts(self, host: r.Host) -> list[tuple[str, str]]:
        """What the detail shows."""
        nics = [f"{nic.name}  {', '.join(nic.addresses)}".strip() for nic in host.nics]
        return [
            (translate("Hosts", "Accelerator"), accelerator_words(host)),
            (translate("Hosts", "Address"), host.address),
            (translate("Hosts", "CPU model"), f"{host.cpu_model} × {host.cpu_count}"),
            (translate("Hosts", "CPU claimed"), f"{host.cpu_claimed} / {host.cpu_capacity}"),
            (translate("Hosts", "Memory claimed"), _memory_words(host)),
            *limit_words(host),
            *load_words(host.load),
            (translate("Hosts", "Operating system"), host.os),
            (translate("Hosts", "Kernel"), host.kernel),
            ("libvirt · QEMU", f"{host.libvirt_version} · {host.qemu_version}"),
            (translate("Hosts", "Network interfaces"), "\n".join(nics)),
            (translate("Hosts", "Cluster"), self.shell.cache.name("cluster", host.cluster_id)),
            (translate("Hosts", "Description"), host.description),
            (translate("Hosts", "ID"), host.id),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What a host is for."""
        words = translate(
            "Hosts", "A host is a machine that runs virtual machines. The set-up takes this one."
        )
        return "server", words, ""


def cpu_used(host: r.Host) -> float | None:
    """The share of its CPU time that a host really uses now; None if it does not tell."""
    return None if host.load is None else host.load.cpu_share


def memory_used(host: r.Host) -> float | None:
    """The share of its memory that a host really uses now; None if it does not tell."""
    load = host.load
    return None if load is None else share(load.memory_used_bytes, load.memory_total_bytes)


def load_words(load: r.HostLoad | None) -> list[tuple[str, str]]:
    """How busy a host is, for its detail."""
    if load is None:
        return [(translate("Hosts", "In use now"), translate("Hosts", "The host does not tell."))]
    memory = f"{texts.size(load.memory_used_bytes)} / {texts.size(load.memory_total_bytes)}"
    disks = [
        f"{item.path}  {texts.size(item.total_bytes - item.available_bytes)} / "
        f"{texts.size(item.total_bytes)}"
        for item in load.file_systems
    ]
    return [
        (translate("Hosts", "CPU in use"), f"{load.cpu_share:.0%}  ({load.load_1:.2f})"),
        (translate("Hosts", "Memory in use"), memory),
        (translate("Hosts", "File systems"), "\n".join(disks)),
    ]


def _used_column(name: str, title: str, used: Callable[[r.Host], float | None]) -> Column:
    def words(host: r.Host) -> str:
        found = used(host)
        return "–" if found is None else f"{found:.0%}"

    return Column(
        name=name,
        title=title,
        text=words,
        key=lambda host: used(host) or 0.0,
        fraction=used,
        is_searched=False,
        width=104,
    )


def _memory_share(host: r.Host) -> float:
    return share(host.memory_claimed_bytes, host.memory_capacity_bytes)


def _memory_words(host: r.Host) -> str:
    total = max(0, host.memory_capacity_bytes)
    return f"{texts.size(host.memory_claimed_bytes)} / {texts.size(total)}"
