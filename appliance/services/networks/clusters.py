"""The clusters that a network is in, and how it comes into further ones and out of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from appliance.engine.calls import Call
from appliance.engine.jobs import JobDefinition, JobRun, NewJob, Step
from appliance.protocol.errors import ApiError, Conflict, InvalidInput
from appliance.protocol.ids import new_id
from appliance.protocol.layer2 import NetworkCluster
from appliance.protocol.operations import Accepted
from appliance.services.common import find
from appliance.services.infrastructure.models import ClusterRow, hosts_of
from appliance.services.networks.documents import Documents
from appliance.services.networks.models import NetworkClusterRow, NetworkRow
from appliance.services.parts import Parts
from appliance.store.database import Transaction
from appliance.store.fields import database, tuples

# Raises ApiError if a network cannot be in a further cluster.
Check = Callable[[NetworkRow, str], None]


def clusters_of(network_id: str) -> list[str]:
    """The clusters that a network is in, its first one first; within a read or write."""
    rows = database.execute_sql(
        "SELECT c.cluster_id FROM network_cluster c JOIN network n ON n.id = c.network_id "
        "WHERE c.network_id = ? AND NOT c.is_leaving "
        "ORDER BY c.cluster_id != n.cluster_id, c.cluster_id",
        (network_id,),
    )
    return [ref for (ref,) in rows]


def networks_in(cluster_id: str) -> list[str]:
    """The networks of a cluster, also those that are leaving it."""
    query = NetworkClusterRow.select(NetworkClusterRow.network)
    return [ref for (ref,) in tuples(query.where(NetworkClusterRow.cluster == cluster_id))]


def is_in_cluster(network_id: str, cluster_id: str) -> bool:
    """Whether machines of a cluster may be in a network."""
    return cluster_id in clusters_of(network_id)


def hosts_of_network(network_id: str) -> list[str]:
    """The hosts of all clusters that a network is in."""
    return [host_id for ref in clusters_of(network_id) for host_id in hosts_of(ref)]


class NetworkClusters:
    """Attaches networks to clusters and detaches them. Each bears being repeated."""

    def __init__(self, parts: Parts, documents: Documents, check: Check) -> None:
        self._store = parts.store
        self._links = parts.hosts
        self._runner = parts.runner
        self._documents = documents
        self._check = check
        self._attach_job = parts.runner.define(
            JobDefinition(
                operation="network.attach_cluster",
                steps=(Step("apply_network", self.apply, self._unapply),),
                failed=self._not_attached,
            )
        )
        self._detach_job = parts.runner.define(
            JobDefinition(
                operation="network.detach_cluster",
                steps=(Step("remove_network", self.apply),),
                done=self._detached,
                failed=self._still_attached,
            )
        )
        parts.registry.bind("network.attach_cluster", self._attach)
        parts.registry.bind("network.detach_cluster", self._detach)

    async def _attach(self, call: Call, request: NetworkCluster) -> Accepted:
        def accept(tx: Transaction) -> Accepted:
            row = find(NetworkRow, call.target, "network")
            cluster = find(ClusterRow, request.cluster_id, "cluster", field="cluster_id")
            if row.is_deleting:
                raise Conflict("resource.disabled", field="id", name=row.name)
            if cluster.zone_id != row.cluster.zone_id:
                raise InvalidInput(
                    "network.cluster_elsewhere", field="cluster_id", name=cluster.name
                )
            if cluster.id in _all_clusters(row.id):
                raise Conflict(
                    "network.in_cluster", field="cluster_id", name=row.name, cluster=cluster.name
                )
            self._check(row, cluster.id)
            NetworkClusterRow.create(id=new_id(), network=row.id, cluster=cluster.id)
            return self._accept(tx, call, self._attach_job, row, cluster.id)

        return await self._store.write(accept)

    async def _detach(self, call: Call, request: NetworkCluster) -> Accepted:
        def accept(tx: Transaction) -> Accepted:
            row = find(NetworkRow, call.target, "network")
            cluster = find(ClusterRow, request.cluster_id, "cluster", field="cluster_id")
            names = {"name": row.name, "cluster": cluster.name}
            left = clusters_of(row.id)
            if cluster.id not in left:
                raise Conflict("network.not_in_cluster", field="cluster_id", **names)
            if left == [cluster.id]:
                raise Conflict("network.last_cluster", field="cluster_id", **names)
            count = _users(row.id, cluster.id)
            if count:
                raise Conflict("network.cluster_used", field="cluster_id", count=count, **names)
            _mark(row.id, cluster.id, is_leaving=True)
            first = clusters_of(row.id)[0]
            NetworkRow.update(cluster=first).where(NetworkRow.id == row.id).execute()
            return self._accept(tx, call, self._detach_job, row, cluster.id)

        return await self._store.write(accept)

    def _accept(
        self,
        tx: Transaction,
        call: Call,
        definition: JobDefinition,
        row: NetworkRow,
        cluster_id: str,
    ) -> Accepted:
        tx.touch("network", row.id)
        new = NewJob(
            definition=definition,
            queue=f"network:{row.id}",
            resource_kind="network",
            resource_id=row.id,
            resource_name=row.name,
            data={"cluster_ids": [cluster_id]},
        )
        return self._runner.accept(tx, call.caller, new)

    # Steps

    async def apply(self, run: JobRun) -> None:
        """Converge the connected hosts of the job's clusters; others follow when they return."""
        hosts = await self._store.read(lambda: hosts_in(run))
        connected = [ref for ref in hosts if self._links.is_connected(ref)]
        await asyncio.gather(*(self._documents.converge(host_id) for host_id in connected))

    async def _unapply(self, run: JobRun) -> None:
        def hide(tx: Transaction) -> None:
            _mark(run.resource_id, run.data["cluster_ids"][0], is_leaving=True)
            self._bring_soon(tx, run)

        await self._store.write(hide)

    # Endings

    def _not_attached(self, tx: Transaction, run: JobRun, error: ApiError) -> None:
        self._detached(tx, run)

    def _detached(self, tx: Transaction, run: JobRun) -> None:
        NetworkClusterRow.delete().where(
            NetworkClusterRow.network == run.resource_id,
            NetworkClusterRow.cluster == run.data["cluster_ids"][0],
        ).execute()
        tx.touch("network", run.resource_id)

    def _still_attached(self, tx: Transaction, run: JobRun, error: ApiError) -> None:
        _mark(run.resource_id, run.data["cluster_ids"][0], is_leaving=False)
        self._bring_soon(tx, run)
        tx.touch("network", run.resource_id)

    def _bring_soon(self, tx: Transaction, run: JobRun) -> None:
        for host_id in hosts_in(run):
            tx.on_commit(partial(self._documents.soon, host_id))


def hosts_in(run: JobRun) -> Sequence[str]:
    """The hosts of the clusters that a job is about."""
    # Jobs that an earlier version accepted name one cluster.
    clusters = run.data.get("cluster_ids") or [run.data["cluster_id"]]
    return [host_id for ref in clusters for host_id in hosts_of(ref)]


def _all_clusters(network_id: str) -> list[str]:
    query = NetworkClusterRow.select(NetworkClusterRow.cluster)
    return [ref for (ref,) in tuples(query.where(NetworkClusterRow.network == network_id))]


def _mark(network_id: str, cluster_id: str, *, is_leaving: bool) -> None:
    NetworkClusterRow.update(is_leaving=is_leaving).where(
        NetworkClusterRow.network == network_id, NetworkClusterRow.cluster == cluster_id
    ).execute()


def _users(network_id: str, cluster_id: str) -> int:
    """Machines of a cluster that have a NIC in a network, or an elastic IP of it."""
    (count,) = database.execute_sql(
        "SELECT COUNT(DISTINCT v.id) FROM vm v JOIN nic x ON x.vm_id = v.id "
        "LEFT JOIN elastic_ip e ON e.nic_id = x.id "
        "WHERE v.cluster_id = ? AND (x.network_id = ? OR e.network_id = ?)",
        (cluster_id, network_id, network_id),
    ).fetchone()
    return count
