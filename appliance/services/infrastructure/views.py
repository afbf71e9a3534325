"""How zones, clusters, hosts and candidates look to clients."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.engine import ledger
from appliance.hosts.links import HostLinks
from appliance.protocol.cpusets import write_cpus
from appliance.protocol.hardware import HostNumaNode
from appliance.protocol.resources import (
    Cluster,
    Host,
    HostCandidate,
    HostNic,
    HostState,
    State,
    Status,
    Zone,
)
from appliance.services.hardware.models import cluster_cpu
from appliance.services.infrastructure.loads import Loads
from appliance.services.infrastructure.models import AgentRow, ClusterRow, HostRow, ZoneRow
from appliance.store.fields import tuples, when
from hostagent.protocol.facts import HostFacts

CPU = "cpu."  # begins the ability to give machines a named processor


def render_zones(rows: Sequence[ZoneRow]) -> list[Zone]:
    """Zone rows as clients see them."""
    return [
        Zone(
            id=row.id,
            name=row.name,
            description=row.description,
            state=State(row.state),
            created_at=when(row.created_at),
        )
        for row in rows
    ]


def render_clusters(rows: Sequence[ClusterRow]) -> list[Cluster]:
    """Cluster rows as clients see them."""
    return [_cluster(row) for row in rows]


def _cluster(row: ClusterRow) -> Cluster:
    mode, model, baseline = cluster_cpu(row.id)
    return Cluster(
        id=row.id,
        name=row.name,
        description=row.description,
        zone_id=row.zone_id,
        hypervisor=row.hypervisor,
        state=State(row.state),
        cpu_ratio=row.cpu_ratio,
        memory_ratio=row.memory_ratio,
        memory_reserved_bytes=row.memory_reserved_bytes,
        cpu_mode=mode,
        cpu_model=model,
        cpu_baseline=baseline,
        created_at=when(row.created_at),
    )


def _numa_of(facts: HostFacts) -> list[HostNumaNode]:
    return [
        HostNumaNode(number=node.number, memory_bytes=node.memory_bytes, cpus=write_cpus(node.cpus))
        for node in facts.machine.numa
    ]


def nics_of(facts: HostFacts) -> list[HostNic]:
    """The NICs that an agent reported."""
    return [
        HostNic(
            name=nic.name,
            mac=nic.mac,
            addresses=list(nic.addresses),
            is_up=nic.is_up,
            is_default_route=nic.is_default_route,
        )
        for nic in facts.nics
    ]


class HostViews:
    """Renders hosts and candidates with the state of their links."""

    def __init__(self, links: HostLinks, loads: Loads) -> None:
        self._links = links
        self._loads = loads

    def candidates(self, rows: Sequence[AgentRow]) -> list[HostCandidate]:
        """Agent rows as clients see them."""
        return [
            HostCandidate(
                id=row.id,
                hostname=row.hostname,
                address=row.address,
                is_local=row.is_local,
                status=self._status(row.id),
                accelerator=row.facts.accelerator,
                accelerator_reason=row.facts.accelerator_reason,
                cpu_model=row.facts.cpu_model,
                cpu_count=row.facts.cpu_count,
                memory_bytes=row.facts.memory_bytes,
                nics=nics_of(row.facts),
                enrolled_at=when(row.enrolled_at),
            )
            for row in rows
        ]

    def hosts(self, rows: Sequence[HostRow]) -> list[Host]:
        """Host rows as clients see them."""
        ids = [row.id for row in rows]
        cpu, memory = ledger.usage("cpu", ids), ledger.usage("memory", ids)
        agents = {row.id: row for row in AgentRow.select().where(AgentRow.id.in_(ids))}
        zones = dict(tuples(ClusterRow.select(ClusterRow.id, ClusterRow.zone)))
        return [
            self._host(
                row, agents[row.agent_id], zones[row.cluster_id], cpu[row.id], memory[row.id]
            )
            for row in rows
        ]

    def _host(
        self, row: HostRow, agent: AgentRow, zone_id: str, cpu: ledger.Usage, memory: ledger.Usage
    ) -> Host:
        facts: HostFacts = agent.facts
        abilities = facts.machine.abilities
        return Host(
            id=row.id,
            name=row.name,
            description=row.description,
            zone_id=zone_id,
            cluster_id=row.cluster_id,
            address=agent.address,
            state=HostState(row.state),
            status=self._status(row.id),
            accelerator=facts.accelerator,
            accelerator_reason=facts.accelerator_reason,
            cpu_model=facts.cpu_model,
            cpu_count=facts.cpu_count,
            cpu_ratio=row.cpu_ratio,
            own_cpu_ratio=row.own_cpu_ratio,
            cpu_capacity=cpu.capacity,
            cpu_claimed=cpu.claimed,
            memory_bytes=facts.memory_bytes,
            memory_ratio=row.memory_ratio,
            own_memory_ratio=row.own_memory_ratio,
            memory_capacity_bytes=memory.capacity,
            memory_reserved_bytes=row.memory_reserved_bytes,
            own_memory_reserved_bytes=row.own_memory_reserved_bytes,
            memory_claimed_bytes=memory.claimed,
            load=self._loads.get(row.id),
            os=facts.os,
            kernel=facts.kernel,
            libvirt_version=facts.libvirt_version,
            qemu_version=facts.qemu_version,
            agent_version=facts.agent_version,
            nics=nics_of(facts),
            abilities=[name for name in abilities if not name.startswith(CPU)],
            cpu_models=[name.removeprefix(CPU) for name in abilities if name.startswith(CPU)],
            numa=_numa_of(facts),
            created_at=when(row.created_at),
        )

    def _status(self, host_id: str) -> Status:
        return Status.CONNECTED if self._links.is_connected(host_id) else Status.DISCONNECTED
