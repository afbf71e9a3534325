"""Pages of zones and clusters."""

from __future__ import annotations

from typing import Any

from appliance.protocol import resources as r
from desktop import texts
from desktop.models.columns import Column
from desktop.pages.actions import Action
from desktop.pages.common import (
    created_column,
    id_column,
    name_column,
    state_column,
)
from desktop.pages.resource_page import ResourcePage
from desktop.pages.sheets.cluster_cpu import cpu_action, cpu_facts
from desktop.pages.sheets.editing import edit_action
from desktop.pages.sheets.host_limits import edit_limits_action, limit_words
from desktop.pages.sheets.paths import show_cluster_paths
from desktop.texts import translate


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
            cpu_action(),
            edit_limits_action("cluster"),
        ]

    def facts(self, cluster: r.Cluster) -> list[tuple[str, str]]:
        """What the detail shows."""
        hosts = [one for one in self.shell.cache.all("host") if one.cluster_id == cluster.id]
        return [
            (translate("Clusters", "Zone"), self.shell.cache.name("zone", cluster.zone_id)),
            (translate("Clusters", "Hosts"), ", ".join(one.name for one in hosts)),
            (translate("Clusters", "Hypervisor"), cluster.hypervisor.upper()),
            *cpu_facts(cluster),
            *limit_words(cluster),
            (translate("Clusters", "Description"), cluster.description),
            (translate("Clusters", "Created"), texts.moment(cluster.created_at)),
            (translate("Clusters", "ID"), cluster.id),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What a cluster is for."""
        words = translate("Clusters", "A cluster is a group of hosts of one kind.")
        return "server-network", words, ""
