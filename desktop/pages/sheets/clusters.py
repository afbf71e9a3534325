"""The sheets that have something in a further cluster of its zone, or take it out of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from appliance.protocol import resources as r
from desktop.operation_titles import operation_title
from desktop.pages.accounts import open_sheet
from desktop.pages.actions import Action
from desktop.pages.base import Shell
from desktop.pages.sheets.form_sheet import SheetSpec
from desktop.texts import translate
from desktop.wizard.page import Request, StepPage


class ClusterForm(StepPage):
    """One of several clusters."""

    def __init__(self, operation: str, name: str, clusters: Sequence[r.Cluster]) -> None:
        super().__init__(operation_title(operation), name)
        self.names = (operation.partition(".")[0],)
        self.cluster = self.add_choice(
            "cluster_id",
            translate("Clusters", "Cluster"),
            [(one.name, one.id) for one in sorted(clusters, key=lambda one: one.name)],
        )

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """What is chosen."""
        return {"cluster_id": self.cluster.currentData() or ""}

    def review(self) -> bool:
        """There must be one to choose."""
        is_there = self.cluster.count() > 0
        words = translate("Clusters", "The zone has no further cluster.")
        self.tell("cluster_id", "" if is_there else words)
        return is_there


def cluster_actions(kind: str, *, group: int = 0) -> list[Action]:
    """Attach a resource of this kind to a cluster, and detach it."""

    async def attach(shell: Shell, chosen: list[Any]) -> None:
        one = chosen[0]
        others = [
            cluster
            for cluster in shell.cache.all("cluster")
            if cluster.zone_id == one.zone_id and cluster.id not in one.cluster_ids
        ]
        _open(shell, f"{kind}.attach_cluster", one, others)

    async def detach(shell: Shell, chosen: list[Any]) -> None:
        one = chosen[0]
        own = [cluster for cluster in shell.cache.all("cluster") if cluster.id in one.cluster_ids]
        _open(shell, f"{kind}.detach_cluster", one, own)

    last = translate("Clusters", "It is in one cluster only.")
    return [
        Action(
            name="attach_cluster",
            title=translate("Clusters", "Attach to a cluster …"),
            icon="link-variant",
            run=attach,
            is_single=True,
            group=group,
        ),
        Action(
            name="detach_cluster",
            title=translate("Clusters", "Detach from a cluster …"),
            icon="link-variant-off",
            run=detach,
            is_single=True,
            reason=lambda one: "" if len(one.cluster_ids) > 1 else last,
            group=group,
        ),
    ]


def _open(shell: Shell, operation: str, one: Any, clusters: Sequence[r.Cluster]) -> None:
    spec = SheetSpec(operation=operation, button=operation_title(operation), fixed={"id": one.id})
    key = f"{operation}-{one.id}"
    open_sheet(shell, key, lambda: ClusterForm(operation, one.name, clusters), spec)
