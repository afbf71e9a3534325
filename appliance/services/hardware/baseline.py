"""The best processor that machines can have on all hosts of a cluster, found by one of them.

Machines that are started with it can go to any of these hosts. It is found anew when a host comes,
goes, or reports another processor; machines that run keep what they were started with.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog
from msgspec import UNSET

from appliance.hosts.links import HostLinks
from appliance.protocol.errors import ApiError, InvalidInput
from appliance.protocol.hardware import CpuBaseline, MissingFeatures
from appliance.protocol.hosts import ClusterUpdate
from appliance.services.hardware.models import ClusterCpuRow, cluster_cpu
from appliance.services.infrastructure.models import AgentRow, HostRow
from appliance.store.database import Store, Transaction
from hostagent.protocol import commands as c
from hostagent.protocol.hardware import Baseline, BaselineParams

log = structlog.get_logger()


@dataclass(frozen=True)
class _Processor:
    """The processor of a host."""

    host_id: str
    host_name: str
    accelerator: str
    cpu: str


class Baselines:
    """Keeps the baseline of each cluster."""

    def __init__(self, store: Store, links: HostLinks) -> None:
        self._store = store
        self._links = links

    async def host_connected(self, host_id: str) -> None:
        """A host has come, or come back with other facts: compare its cluster's hosts."""
        row = await self._store.read(lambda: HostRow.get_or_none(HostRow.id == host_id))
        if row is not None:
            await self.compare(row.cluster_id)

    async def compare(self, cluster_id: str) -> None:
        """Find the cluster's baseline, unless it is known of the very same hosts."""
        found = await self._store.read(lambda: _processors(cluster_id))
        ids = [one.host_id for one in found if self._links.is_connected(one.host_id)]
        mark = _mark(found)
        if not ids or mark == await self._store.read(lambda: _compared(cluster_id)):
            return
        params = BaselineParams(
            accelerator=found[0].accelerator, host_cpus=[one.cpu for one in found]
        )
        try:
            answer = await self._links.call(ids[0], c.HOST_BASELINE_CPU, params)
        except ApiError as error:  # asked again at the next connection
            log.warning("baseline_not_found", cluster=cluster_id, error=str(error))
            return

        def keep(tx: Transaction) -> None:
            baseline = msgspec.json.encode(_baseline(found, answer)).decode()
            tx.execute(
                "INSERT INTO cluster_cpu (cluster_id, baseline, compared) "
                "SELECT id, ?, ? FROM cluster WHERE id = ? ON CONFLICT (cluster_id) "
                "DO UPDATE SET baseline = excluded.baseline, compared = excluded.compared",
                *(baseline, mark, cluster_id),
            )
            tx.touch("cluster", cluster_id)

        await self._store.write(keep)
        log.info("baseline_found", cluster=cluster_id, model=answer.model, hosts=len(found))


def change_cluster_cpu(tx: Transaction, row: Any, request: ClusterUpdate) -> None:
    """The part of `cluster.update` that is about processors."""
    if request.cpu_mode is UNSET and request.cpu_model is UNSET:
        return
    mode, model, _ = cluster_cpu(row.id)
    mode = mode if request.cpu_mode is UNSET else request.cpu_mode
    model = request.cpu_model if request.cpu_model is not UNSET else model
    if mode != "custom" and request.cpu_model is UNSET:
        model = ""
    if (mode == "custom") != bool(model):
        raise InvalidInput("hardware.model_with_custom", field="cpu_model")
    tx.execute(
        "INSERT INTO cluster_cpu (cluster_id, mode, model) VALUES (?, ?, ?) "
        "ON CONFLICT (cluster_id) DO UPDATE SET mode = excluded.mode, model = excluded.model",
        *(row.id, mode, model),
    )


def _processors(cluster_id: str) -> list[_Processor]:
    """Those of the hosts with KVM; of all hosts if none has it."""
    hosts = HostRow.select(HostRow, AgentRow).join(AgentRow).where(HostRow.cluster == cluster_id)
    found = [
        _Processor(row.id, row.name, row.agent.facts.accelerator, row.agent.facts.machine.host_cpu)
        for row in hosts.order_by(HostRow.id)
        if row.agent.facts.machine.host_cpu
    ]
    return [one for one in found if one.accelerator == "kvm"] or found


def _mark(found: list[_Processor]) -> str:
    text = "\n".join(f"{one.host_id} {one.accelerator} {one.cpu}" for one in found)
    return hashlib.sha256(text.encode()).hexdigest()


def _compared(cluster_id: str) -> str:
    row = ClusterCpuRow.get_or_none(ClusterCpuRow.cluster == cluster_id)
    return row.compared if row is not None else ""


def _baseline(found: list[_Processor], answer: Baseline) -> CpuBaseline:
    """With what each host lacks of what any other one has."""
    features = [set(names) for names in answer.features_of]
    union = set().union(*features)
    lacking = [
        MissingFeatures(host_id=one.host_id, host_name=one.host_name, features=sorted(union - own))
        for one, own in zip(found, features, strict=True)
        if union - own
    ]
    return CpuBaseline(
        model=answer.model,
        features=answer.features,
        accelerator=found[0].accelerator,
        lacking=lacking,
    )
