"""A small cloud as rows of the database, for tests of what happens within one write."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from appliance.engine import ledger
from appliance.protocol.ids import new_id
from appliance.protocol.resources import State
from appliance.services.infrastructure.capacity import note_capacity
from appliance.services.infrastructure.models import AgentRow, ClusterRow, HostRow, ZoneRow
from appliance.services.networks.models import NetworkRow, RangeRow
from appliance.services.storage.models import PrimaryStorageRow
from appliance.services.storage.places import note_place
from appliance.store.database import Store, Transaction
from appliance.store.kinds import Kinds, ResourceKind
from hostagent.protocol.facts import HostFacts
from hostagent.protocol.storage import CheckPathResult

GiB = 1024**3
ZONE, CLUSTER, STORAGE, NETWORK = "zone", "cluster", "storage", "network"


@asynccontextmanager
async def rows_store(folder: Path, hosts: int, *, memory_gib: int = 16) -> AsyncIterator[Store]:
    """A store with a zone, a cluster, hosts `host-0` …, a local storage and a network."""
    kinds = Kinds()
    kinds.add(ResourceKind(name="primary_storage", model=PrimaryStorageRow, render=list))
    store = Store(folder / "rows.db", kinds)
    await store.start()
    await store.write(lambda tx: _fill(tx, hosts, memory_gib))
    yield store
    await store.stop()


def _fill(tx: Transaction, hosts: int, memory_gib: int) -> None:
    common = {"description": "", "state": State.ENABLED, "created_at": 0}
    ZoneRow.create(id=ZONE, name="z", **common)
    ClusterRow.create(id=CLUSTER, name="c", zone=ZONE, hypervisor="kvm", **common)
    sizes = {"total_bytes": 0, "available_bytes": 0}
    storage = PrimaryStorageRow.create(
        id=STORAGE, name="s", cluster=CLUSTER, kind="local", path="/s", **sizes, **common
    )
    for number in range(hosts):
        ref = f"host-{number}"
        facts = HostFacts(hostname=ref, cpu_count=4, memory_bytes=(memory_gib + 1) * GiB)
        AgentRow.create(
            id=ref,
            hostname=ref,
            address="",
            is_local=False,
            certificate_sha256="",
            facts=facts,
            enrolled_at=0,
        )
        row = HostRow.create(
            id=ref,
            agent=ref,
            name=ref,
            cluster=CLUSTER,
            cpu_ratio=10.0,
            memory_reserved_bytes=GiB,
            connected=True,
            **common,
        )
        note_capacity(tx, row)
        note_place(
            tx, storage, ref, CheckPathResult(total_bytes=100 * GiB, available_bytes=90 * GiB)
        )
    tx.touched.clear()


def add_network(
    tx: Transaction, ranges: list[tuple[int, int]], dhcp: str = "10.0.0.2"
) -> NetworkRow:
    """The network `network` with these ranges of addresses as numbers."""
    row = NetworkRow.create(
        id=NETWORK,
        name="n",
        description="",
        cluster=CLUSTER,
        kind="nat",
        physical_interface="",
        cidr="10.0.0.0/8",
        gateway="10.0.0.1",
        dns=[],
        domain="",
        mtu=1500,
        dhcp_address=dhcp,
        state=State.ENABLED,
        created_at=0,
    )
    for first, last in ranges:
        RangeRow.create(id=new_id(), network=NETWORK, first=first, last=last, next_free=first)
    total = sum(last - first + 1 for first, last in ranges)
    ledger.set_capacity(tx, NETWORK, "address", total)
    return row
