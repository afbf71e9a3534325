"""Pages of zones, clusters and hosts."""

from __future__ import annotations

from collections import Counter
from typing import Any

from appliance.protocol import resources as r
from desktop import texts
from desktop.models.columns import Column, address_key, natural
from desktop.pages.actions import Action, call_each
from desktop.pages.common import (
    created_column,
    id_column,
    name_column,
    share,
    state_column,
    status_column,
)
from desktop.pages.resource_page import ResourcePage
from desktop.pages.sheets.editing import edit_action
from desktop.pages.sheets.host_network import show_host_network
from desktop.pages.sheets.paths import show_cluster_paths
from desktop.texts import translate
from desktop.wizard.page_host import emulation_words


def accelerator_words(host: r.Host) -> str:
    """Whether guests run on the hardware or emulated, and why."""
    if host.accelerator == "kvm":
        return translate("Hosts", "KVM (hardware virtualisation)")
    words = translate("Hosts", "runs emulated (TCG), slowly: {reason}")
    return words.format(reason=emulation_words(host.accelerator_reason) or "–")


class ZonePage(ResourcePage):
    """Zones: sites."""

    kind = "zone"

    def title(self) -> str:
        """The page's title."""
        return translate("Zones", "Zones")

    def columns(self) -> list[Column]:
        """The columns of the list."""
        return [name_column(), state_column(), created_column(), id_column()]

    def actions_of(self) -> list[Action]:
        """Edit."""
        return [edit_action("zone")]

    def facts(self, zone: r.Zone) -> list[tuple[str, str]]:
        """What the detail shows."""
        cache = self.shell.cache
        clusters = [one.name for one in cache.all("cluster") if one.zone_id == zone.id]
        return [
            (translate("Zones", "Description"), zone.description),
            (translate("Zones", "Clusters"), ", ".join(clusters)),
            (translate("Zones", "Created"), texts.moment(zone.created_at)),
            (translate("Zones", "ID"), zone.id),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What a zone is for."""
        words = translate("Zones", "A zone is a site: it holds clusters, storage and networks.")
        return "office-building-outline", words, translate("Zones", "Set up the cloud")

    def start_creating(self) -> None:
        """The first zone is made by the set-up."""
        self.shell.go("setup", "")


class ClusterPage(ResourcePage):
    """Clusters: hosts that share networks and storage."""

    kind = "cluster"

    def title(self) -> str:
        """The page's title."""
        return translate("Clusters", "Clusters")

    def columns(self) -> list[Column]:
        """The columns of the list."""
        return [
            name_column(),
            state_column(),
            Column(
                name="zone",
                title=translate("Clusters", "Zone"),
                text=lambda one: self.shell.cache.name("zone", one.zone_id) or "–",
            ),
            Column(
                name="hosts",
                title=translate("Clusters", "Hosts"),
                text=lambda one: str(self._hosts(one)),
                key=self._hosts,
                is_right=True,
                width=80,
            ),
            Column(
                name="hypervisor",
                title=translate("Clusters", "Hypervisor"),
                text=lambda one: one.hypervisor.upper(),
            ),
            created_column(),
            id_column(),
        ]

    def _hosts(self, cluster: r.Cluster) -> int:
        return sum(1 for one in self.shell.cache.all("host") if one.cluster_id == cluster.id)

    def related_changed(self, kind: str) -> None:
        """Names of zones and numbers of hosts."""
        if kind in ("zone", "host"):
            self.model.texts_changed()

    def actions_of(self) -> list[Action]:
        """Paths between its hosts, edit."""

        async def probe(shell: Any, clusters: list[Any]) -> None:
            show_cluster_paths(shell, clusters[0])

        return [
            Action(
                name="paths",
                title=translate("Clusters", "Paths between hosts …"),
                icon="lan-check",
                run=probe,
                is_single=True,
            ),
            edit_action("cluster"),
        ]

    def facts(self, cluster: r.Cluster) -> list[tuple[str, str]]:
        """What the detail shows."""
        hosts = [one for one in self.shell.cache.all("host") if one.cluster_id == cluster.id]
        return [
            (translate("Clusters", "Zone"), self.shell.cache.name("zone", cluster.zone_id)),
            (translate("Clusters", "Hosts"), ", ".join(one.name for one in hosts)),
            (translate("Clusters", "Hypervisor"), cluster.hypervisor.upper()),
            (translate("Clusters", "Description"), cluster.description),
            (translate("Clusters", "Created"), texts.moment(cluster.created_at)),
            (translate("Clusters", "ID"), cluster.id),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What a cluster is for."""
        words = translate("Clusters", "A cluster is a group of hosts of one kind.")
        return "server-network", words, ""


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
                text=lambda host: f"{host.cpu_claimed} / {_cpu_total(host)}",
                key=lambda host: share(host.cpu_claimed, _cpu_total(host)),
                fraction=lambda host: share(host.cpu_claimed, _cpu_total(host)),
                width=112,
            ),
            Column(
                name="memory",
                title=translate("Hosts", "Memory"),
                text=_memory_words,
                key=_memory_share,
                fraction=_memory_share,
                width=160,
            ),
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
        """Enable, disable, network state, edit."""

        async def enable(shell: Any, hosts: list[Any]) -> None:
            await call_each(shell, "host.enable", hosts)

        async def disable(shell: Any, hosts: list[Any]) -> None:
            await call_each(shell, "host.disable", hosts)

        async def show_network(shell: Any, hosts: list[Any]) -> None:
            show_host_network(shell, hosts[0])

        return [
            Action(
                name="enable",
                title=translate("Hosts", "Enable"),
                icon="check-circle-outline",
                run=enable,
                reason=lambda host: (
                    translate("Hosts", "It is enabled already.")
                    if host.state is r.State.ENABLED
                    else ""
                ),
                is_main=True,
            ),
            Action(
                name="disable",
                title=translate("Hosts", "Disable: start no new VMs here"),
                icon="cancel",
                run=disable,
                reason=lambda host: (
                    translate("Hosts", "It is disabled already.")
                    if host.state is r.State.DISABLED
                    else ""
                ),
                is_main=True,
            ),
            Action(
                name="network",
                title=translate("Hosts", "Network state …"),
                icon="lan",
                run=show_network,
                reason=lambda host: (
                    ""
                    if host.status is r.Status.CONNECTED
                    else translate("Hosts", "The host does not answer.")
                ),
                is_single=True,
            ),
            edit_action("host"),
        ]

    def facts(self, host: r.Host) -> list[tuple[str, str]]:
        """What the detail shows."""
        nics = [f"{nic.name}  {', '.join(nic.addresses)}".strip() for nic in host.nics]
        return [
            (translate("Hosts", "Accelerator"), accelerator_words(host)),
            (translate("Hosts", "Address"), host.address),
            (translate("Hosts", "CPU model"), f"{host.cpu_model} × {host.cpu_count}"),
            (
                translate("Hosts", "CPU claimed"),
                f"{host.cpu_claimed} / {_cpu_total(host)}  (× {host.cpu_ratio:g})",
            ),
            (translate("Hosts", "Memory claimed"), _memory_words(host)),
            (
                translate("Hosts", "Memory kept for the host"),
                texts.size(host.memory_reserved_bytes),
            ),
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


def _cpu_total(host: r.Host) -> int:
    return int(host.cpu_count * host.cpu_ratio)


def _memory_total(host: r.Host) -> int:
    return max(0, host.memory_bytes - host.memory_reserved_bytes)


def _memory_share(host: r.Host) -> float:
    return share(host.memory_claimed_bytes, _memory_total(host))


def _memory_words(host: r.Host) -> str:
    return f"{texts.size(host.memory_claimed_bytes)} / {texts.size(_memory_total(host))}"
