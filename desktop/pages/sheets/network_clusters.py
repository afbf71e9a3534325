"""The sheets that have a network in a further cluster, or take it out of one."""

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

    names = ("network",)

    def __init__(self, operation: str, network: r.Network, clusters: Sequence[r.Cluster]) -> None:
        super().__init__(operation_title(operation), network.name)
        self.cluster = self.add_choice(
            "cluster_id",
            translate("Networks", "Cluster"),
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
        words = translate("Networks", "The zone has no further cluster.")
        self.tell("cluster_id", "" if is_there else words)
        return is_there


def cluster_actions() -> list[Action]:
    """Attach a network to a cluster, and detach it."""

    async def attach(shell: Shell, networks: list[Any]) -> None:
        network: r.Network = networks[0]
        others = [
            one
            for one in shell.cache.all("cluster")
            if one.zone_id == network.zone_id and one.id not in network.cluster_ids
        ]
        _open(shell, "network.attach_cluster", network, others)

    async def detach(shell: Shell, networks: list[Any]) -> None:
        network: r.Network = networks[0]
        own = [one for one in shell.cache.all("cluster") if one.id in network.cluster_ids]
        _open(shell, "network.detach_cluster", network, own)

    last = translate("Networks", "It is in one cluster only.")
    return [
        Action(
            name="attach_cluster",
            title=translate("Networks", "Attach to a cluster …"),
            icon="link-variant",
            run=attach,
            is_single=True,
        ),
        Action(
            name="detach_cluster",
            title=translate("Networks", "Detach from a cluster …"),
            icon="link-variant-off",
            run=detach,
            is_single=True,
            reason=lambda network: "" if len(network.cluster_ids) > 1 else last,
        ),
    ]


def _open(shell: Shell, operation: str, network: r.Network, clusters: Sequence[r.Cluster]) -> None:
    spec = SheetSpec(
        operation=operation, button=operation_title(operation), fixed={"id": network.id}
    )
    key = f"{operation}-{network.id}"
    open_sheet(shell, key, lambda: ClusterForm(operation, network, clusters), spec)
