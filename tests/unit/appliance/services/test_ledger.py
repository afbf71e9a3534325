"""Claims follow their rows exactly, whatever is done to them, and can be counted anew."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path
from typing import Any

import pytest

from appliance.engine import ledger
from appliance.engine.settings import Settings
from appliance.protocol.errors import NoResources
from appliance.protocol.hosts import ClusterUpdate, HostUpdate
from appliance.protocol.ids import new_id
from appliance.protocol.requests import PrimaryStorageUpdate
from appliance.services.compute.models import VmRow
from appliance.services.infrastructure.capacity import Limits
from appliance.services.infrastructure.models import ClusterRow, HostRow
from appliance.services.ledger import SOURCES
from appliance.services.networks.allocation import attach
from appliance.services.networks.models import NetworkRow, NicRow
from appliance.services.storage.models import PrimaryStorageRow, VolumeRow
from appliance.services.storage.places import change_limits
from appliance.store.database import Transaction
from tests.unit.appliance.services.rows import (
    CLUSTER,
    NETWORK,
    STORAGE,
    GiB,
    add_network,
    rows_store,
)


def add_vm(host_id: str | None, cpus: int = 1, memory_gib: int = 1) -> str:
    ref = new_id()
    VmRow.create(
        id=ref,
        name="v",
        description="",
        cluster=CLUSTER,
        host_id=host_id,
        last_host_id=host_id,
        image_id="i",
        offering_id=None,
        cpu_count=cpus,
        memory_bytes=memory_gib * GiB,
        state="running",
        state_reason="",
        ssh_public_key="",
        user_data="",
        owner_id="o",
        accelerator="tcg",
        created_at=0,
    )
    return ref


def add_volume(vm_id: str, host_id: str, size_gib: int) -> None:
    VolumeRow.create(
        id=new_id(),
        vm_id=vm_id,
        kind="root",
        image_id="i",
        primary_storage=STORAGE,
        host_id=host_id,
        size_bytes=size_gib * GiB,
        status="ready",
        created_at=0,
    )


HOSTS = [f"host-{number}" for number in range(4)]


class RolledBack(Exception):
    """A write that fails half-way."""


def change_something(tx: Transaction, chance: random.Random, network: NetworkRow) -> None:
    known: list[str] = [row.id for row in VmRow.select(VmRow.id)]
    pick = chance.choice(known) if known else ""
    vm, volume = VmRow.id == pick, VolumeRow.vm_id == pick
    match chance.randint(0, 5):
        case 0:
            ref = add_vm(chance.choice([*HOSTS, None]), chance.randint(1, 4))
            add_volume(ref, chance.choice(HOSTS), chance.randint(1, 9))
            attach(tx, ref, network, None)
        case 1:
            VmRow.update(host_id=chance.choice([*HOSTS, None])).where(vm).execute()
        case 2:
            VmRow.update(cpu_count=chance.randint(1, 8)).where(vm).execute()
        case 3:
            VolumeRow.update(size_bytes=chance.randint(1, 9) * GiB).where(volume).execute()
        case 4:
            for table in (VolumeRow, NicRow):
                table.delete().where(table.vm_id == pick).execute()
            VmRow.delete().where(vm).execute()
        case _:
            VolumeRow.update(host_id=chance.choice(HOSTS)).where(volume).execute()


@pytest.mark.parametrize("seed", range(5))
async def test_any_sequence_of_changes_keeps_the_sums(tmp_path: Path, seed: int) -> None:
    """Random rows come, move, grow and go; some writes fail half-way and are rolled back."""
    chance = random.Random(seed)

    async with rows_store(tmp_path, len(HOSTS)) as store:
        network = await store.write(lambda tx: add_network(tx, [(100, 400)]))

        def change(tx: Transaction) -> None:
            for _ in range(chance.randint(1, 4)):
                change_something(tx, chance, network)
            if chance.random() < 0.2:
                raise RolledBack

        for _ in range(120):
            with contextlib.suppress(RolledBack):
                await store.write(change)
            assert await store.read(lambda: ledger.differences(SOURCES)) == [], f"seed {seed}"


async def test_a_wrong_sum_is_found_and_corrected(tmp_path: Path) -> None:
    async with rows_store(tmp_path, 1) as store:
        await store.write(lambda tx: add_vm("host-0", 3))
        await store.write(lambda tx: tx.execute("UPDATE ledger SET claimed = 9 WHERE unit = 'cpu'"))
        wrong = await store.read(lambda: ledger.differences(SOURCES))
        assert wrong == [ledger.Difference("host-0", "cpu", kept=9, counted=3)]
        await store.write(lambda tx: ledger.repair(tx, wrong))
        assert await store.read(lambda: ledger.differences(SOURCES)) == []


async def test_changing_a_ratio_and_back_restores_the_numbers(tmp_path: Path) -> None:
    async with rows_store(tmp_path, 2) as store:
        await store.write(lambda tx: add_vm("host-0", 7, 5))
        await store.write(lambda tx: add_volume("v", "host-1", 7))

        def numbers() -> list[Any]:
            places = [f"{STORAGE}:host-{number}" for number in range(2)]
            hosts = ["host-0", "host-1"]
            return [
                *ledger.usage("cpu", hosts).values(),
                *ledger.usage("memory", hosts).values(),
                *ledger.usage("disk", places).values(),
            ]

        limits = Limits(Settings(store))

        def set_ratios(cpu: float, memory: float, disk: float) -> Any:
            def change(tx: Transaction) -> None:
                for row in HostRow.select():
                    limits.change_host(tx, row, HostUpdate(cpu_ratio=cpu, memory_ratio=memory))
                storage = PrimaryStorageRow.get_by_id(STORAGE)
                change_limits(tx, storage, PrimaryStorageUpdate(ratio=disk))
                storage.save()

            return store.write(change)

        before = await store.read(numbers)
        await set_ratios(2.5, 1.37, 2.5)
        changed = await store.read(numbers)
        assert [item.capacity for item in changed] != [item.capacity for item in before]
        assert [item.claimed for item in changed] == [item.claimed for item in before]
        await set_ratios(0.1, 0.3, 0.01)
        low = await store.read(numbers)
        assert min(item.free for item in low) < 0, "claims outlive a lower ratio"
        await set_ratios(10.0, 1.0, 1.0)
        assert await store.read(numbers) == before


async def test_hosts_follow_their_cluster_unless_they_have_limits_of_their_own(
    tmp_path: Path,
) -> None:
    async with rows_store(tmp_path, 2) as store:
        await store.write(lambda tx: add_vm("host-0", 7, 5))
        limits = Limits(Settings(store))

        def numbers() -> list[tuple[int, int]]:
            hosts = ["host-0", "host-1"]
            found = [*ledger.usage("cpu", hosts).values(), *ledger.usage("memory", hosts).values()]
            return [(item.capacity, item.claimed) for item in found]

        def change(tx: Transaction, cluster: ClusterUpdate, host: HostUpdate) -> None:
            row = ClusterRow.get_by_id(CLUSTER)
            limits.change_cluster(tx, row, cluster)
            row.save()
            limits.change_host(tx, HostRow.get_by_id("host-1"), host)
            tx.touched.clear()

        async def after(cluster: ClusterUpdate, host: HostUpdate) -> list[tuple[int, int]]:
            await store.write(lambda tx: change(tx, cluster, host))
            return await store.read(numbers)

        before = await store.read(numbers)
        assert before == [(40, 7), (40, 0), (16 * GiB, 5 * GiB), (16 * GiB, 0)]
        shared = ClusterUpdate(cpu_ratio=2.0, memory_ratio=1.5, memory_reserved_bytes=2 * GiB)
        followed = await after(shared, HostUpdate())
        assert followed == [(8, 7), (8, 0), (int(23.5 * GiB), 5 * GiB), (int(23.5 * GiB), 0)]
        own = await after(ClusterUpdate(), HostUpdate(cpu_ratio=0.5, memory_reserved_bytes=0))
        assert own == [(8, 7), (2, 0), (int(23.5 * GiB), 5 * GiB), (int(25.5 * GiB), 0)]
        kept = await after(ClusterUpdate(cpu_ratio=3.0), HostUpdate())
        assert kept[:2] == [(12, 7), (2, 0)]
        nothing = ClusterUpdate(cpu_ratio=None, memory_ratio=None, memory_reserved_bytes=None)
        back = await after(nothing, HostUpdate(cpu_ratio=None, memory_reserved_bytes=None))
        assert back == before


async def test_addresses_are_given_lowest_first_and_exactly_once(tmp_path: Path) -> None:
    async with rows_store(tmp_path, 1) as store:
        dhcp = 10 * 2**24 + 12
        spans = [(10 * 2**24 + 10, 10 * 2**24 + 14), (10 * 2**24 + 20, 10 * 2**24 + 21)]
        network = await store.write(lambda tx: add_network(tx, spans, "10.0.0.12"))

        def addresses() -> list[int]:
            query = NicRow.select().order_by(NicRow.address)
            return [row.address - 10 * 2**24 for row in query]

        for number in range(6):
            await store.write(lambda tx, number=number: attach(tx, f"vm{number}", network, None))
        assert await store.read(addresses) == [10, 11, 13, 14, 20, 21]
        with pytest.raises(NoResources, match="address"):
            await store.write(lambda tx: attach(tx, "more", network, None))
        # What is given back is given out again, the lowest first.
        for vm_id in ("vm4", "vm1"):
            await store.write(
                lambda tx, vm_id=vm_id: NicRow.delete().where(NicRow.vm_id == vm_id).execute()
            )
        await store.write(lambda tx: attach(tx, "again", network, None))
        assert await store.read(addresses) == [10, 11, 13, 14, 21]
        assert dhcp - 10 * 2**24 == 12
        usage = await store.read(lambda: ledger.usage_of("address", NETWORK))
        assert usage.claimed == 5
