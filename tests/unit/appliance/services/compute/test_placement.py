"""Placement says which filter removed whom, and its choice is exact."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.protocol.errors import NoResources
from appliance.protocol.requests import PrimaryStorageUpdate
from appliance.services.compute.models import AffinityGroupRow, VmRow
from appliance.services.compute.placement import Affinity, Wish, choose_host, explain
from appliance.services.infrastructure.models import HostRow
from appliance.services.storage.models import PrimaryStorageRow, StoragePlaceRow
from appliance.services.storage.places import change_limits
from appliance.store.database import Store, Transaction
from tests.unit.appliance.services.rows import CLUSTER, STORAGE, GiB, rows_store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with rows_store(tmp_path, 4) as store:
        yield store


def wish(**changes: Any) -> Wish:
    values: dict[str, Any] = {
        "cluster_id": CLUSTER,
        "cpu_count": 1,
        "memory_bytes": GiB,
        "storage_id": STORAGE,
        "disk_bytes": GiB,
        "image_bytes": GiB,
    }
    return Wish(**(values | changes))


def claim(tx: Transaction, host_id: str, cpus: int, memory_gib: int) -> None:
    tx.execute(
        "UPDATE ledger SET claimed = claimed + ? WHERE holder = ? AND unit = 'cpu'", cpus, host_id
    )
    tx.execute(
        "UPDATE ledger SET claimed = claimed + ? WHERE holder = ? AND unit = 'memory'",
        *(memory_gib * GiB, host_id),
    )


async def refusal(store: Store, asked: Wish) -> NoResources:
    with pytest.raises(NoResources) as caught:
        await store.write(lambda tx: choose_host(asked))
    return caught.value


async def test_strategies(store: Store) -> None:
    def load(tx: Transaction) -> None:
        for number in range(4):
            claim(tx, f"host-{number}", 0, number)

    await store.write(load)

    def choose(**changes: Any) -> Any:
        return store.write(lambda tx: choose_host(wish(**changes)).host_id)

    assert await choose() == "host-0"
    assert await choose(strategy="most_packed") == "host-3"
    assert await choose(strategy="last_host", last_host_id="host-2") == "host-2"
    assert await choose(strategy="last_host", last_host_id="gone") == "host-0"
    assert await choose(host_id="host-1") == "host-1"
    assert await choose(avoid=["host-0"]) == "host-1"
    # Packed, but not over the brim.
    await store.write(lambda tx: claim(tx, "host-3", 0, 13))
    assert await choose(strategy="most_packed") == "host-2"


async def test_each_filter_says_why(store: Store) -> None:
    assert (await refusal(store, wish(cluster_id="other"))).code == "placement.no_hosts"
    error = await refusal(store, wish(host_id="nobody"))
    assert (error.code, error.field) == ("placement.no_hosts", "host_id")
    error = await refusal(store, wish(cpu_count=41))
    assert error.code == "placement.no_cpu"
    assert error.params["needed"] == 41
    assert error.params["free"] == 40
    error = await refusal(store, wish(memory_bytes=17 * GiB))
    assert error.code == "placement.no_memory"
    assert error.params["free_bytes"] == 16 * GiB
    assert error.params["count"] == 4
    error = await refusal(store, wish(disk_bytes=101 * GiB))
    assert error.code == "placement.no_claim"
    assert error.params["free_bytes"] == 100 * GiB
    error = await refusal(store, wish(image_bytes=91 * GiB))
    assert error.code == "placement.no_disk"
    assert error.params["available_bytes"] == 90 * GiB
    everyone = [f"host-{number}" for number in range(4)]
    assert (await refusal(store, wish(avoid=everyone))).code == "placement.all_failed"
    await store.write(lambda tx: HostRow.update(connected=False).execute())
    assert (await refusal(store, wish())).code == "placement.none_connected"
    await store.write(lambda tx: HostRow.update(state="disabled").execute())
    error = await refusal(store, wish())
    assert error.code == "placement.none_enabled"
    assert str(error) == "None of the 4 hosts is enabled."


async def test_numbers_are_of_the_best_host_that_came_so_far(store: Store) -> None:
    def load(tx: Transaction) -> None:
        claim(tx, "host-0", 40, 0)  # all memory, no CPU
        claim(tx, "host-1", 0, 10)
        claim(tx, "host-2", 0, 12)
        HostRow.update(state="disabled").where(HostRow.id == "host-3").execute()

    await store.write(load)
    error = await refusal(store, wish(cpu_count=2, memory_bytes=8 * GiB))
    assert error.code == "placement.no_memory"
    assert (error.params["host"], error.params["free_bytes"]) == ("host-1", 6 * GiB)
    assert ["enabled", 1] in error.params["filters"]
    assert ["cpu", 1] in error.params["filters"]
    assert error.params["filters"][-1] == ["memory", 2]


async def test_a_storage_that_is_really_full_takes_nothing_new(store: Store) -> None:
    def fill(tx: Transaction) -> None:
        StoragePlaceRow.update(available_bytes=9 * GiB).execute()

    await store.write(fill)
    error = await refusal(store, wish())
    assert error.code == "placement.threshold"
    assert (error.params["used"], error.params["limit"]) == (91, 90)
    assert "exceeded the threshold" in str(error)

    # Machines that have their disks already are not held up by it.
    there = wish(disk_bytes=0, image_bytes=0)
    assert await store.write(lambda tx: choose_host(there).host_id)

    def raise_limit(tx: Transaction) -> None:
        storage = PrimaryStorageRow.get_by_id(STORAGE)
        change_limits(tx, storage, PrimaryStorageUpdate(threshold=0.95))
        storage.save()

    await store.write(raise_limit)
    assert await store.write(lambda tx: choose_host(wish()).host_id)


async def test_a_dry_run_shows_filters_and_candidates(store: Store) -> None:
    def load(tx: Transaction) -> None:
        claim(tx, "host-0", 0, 16)
        HostRow.update(connected=False).where(HostRow.id == "host-1").execute()
        claim(tx, "host-2", 0, 3)

    await store.write(load)
    report = await store.read(lambda: explain(wish()))
    removed = {item.name: item.removed for item in report.filters if item.removed}
    assert removed == {"connected": 1, "memory": 1}
    assert report.filters[-1].left == 2
    assert [item.host_id for item in report.candidates] == ["host-3", "host-2"]
    assert report.candidates[1].memory_free_bytes == 13 * GiB
    assert report.candidates[1].disk_free_bytes == 100 * GiB
    assert report.considered == 4


def group_of(*, is_apart: bool, is_required: bool, vm_id: str = "") -> Affinity:
    return Affinity("group", is_apart=is_apart, is_required=is_required, vm_id=vm_id)


def add_members(tx: Transaction, *host_ids: str, state: str = "running") -> None:
    """A group with one machine on each of these hosts."""
    AffinityGroupRow.get_or_create(
        id="group",
        defaults={"name": "pair", "description": "", "policy": "", "is_required": True}
        | {"owner_id": "a", "created_at": 0},
    )
    for number, host_id in enumerate(host_ids):
        VmRow.create(
            id=f"{state}-{number}",
            name="m",
            description="",
            cluster=CLUSTER,
            host_id=host_id if state == "running" else None,
            last_host_id=host_id,
            image_id="i",
            affinity_group_id="group",
            cpu_count=0,
            memory_bytes=0,
            state=state,
            state_reason="",
            ssh_public_key="",
            user_data="",
            owner_id="a",
            accelerator="tcg",
            created_at=0,
        )


async def test_a_group_that_is_only_preferred_orders_hosts(store: Store) -> None:
    def load(tx: Transaction) -> None:
        for number in range(4):
            claim(tx, f"host-{number}", 0, number)
        add_members(tx, "host-0", "host-2")

    await store.write(load)

    def choose(is_apart: bool, **changes: Any) -> Any:
        wanted = wish(affinity=group_of(is_apart=is_apart, is_required=False), **changes)
        return store.write(lambda tx: choose_host(wanted).host_id)

    assert await choose(True) == "host-1"
    assert await choose(True, strategy="most_packed") == "host-3"
    assert await choose(False) == "host-0"
    assert await choose(False, strategy="most_packed") == "host-2"
    # Nothing that fits the policy is left: any host will do.
    assert await choose(True, avoid=["host-1", "host-3"]) == "host-0"
    assert await choose(False, avoid=["host-0", "host-2"]) == "host-1"


async def test_a_group_that_is_required_refuses_hosts(store: Store) -> None:
    apart = group_of(is_apart=True, is_required=True)
    together = group_of(is_apart=False, is_required=True)
    await store.write(lambda tx: add_members(tx))
    assert await store.write(lambda tx: choose_host(wish(affinity=together)).host_id)

    await store.write(lambda tx: add_members(tx, "host-0", "host-1", "host-2"))
    assert await store.write(lambda tx: choose_host(wish(affinity=apart)).host_id) == "host-3"
    chosen = await store.write(lambda tx: choose_host(wish(affinity=together)).host_id)
    assert chosen == "host-0"
    error = await refusal(store, wish(affinity=together, host_id="host-3"))
    assert error.code == "placement.affinity"
    # Machines that are off keep their place, those in the recycle bin do not.
    await store.write(lambda tx: add_members(tx, "host-3", state="destroyed"))
    assert await store.write(lambda tx: choose_host(wish(affinity=apart)).host_id) == "host-3"
    await store.write(lambda tx: add_members(tx, "host-3", state="stopped"))
    error = await refusal(store, wish(affinity=apart))
    assert (error.params["name"], error.params["vms"], error.params["count"]) == ("pair", 4, 4)
    # Its own place does not stand in a machine's way.
    own = group_of(is_apart=True, is_required=True, vm_id="stopped-0")
    assert await store.write(lambda tx: choose_host(wish(affinity=own)).host_id) == "host-3"
    report = await store.read(lambda: explain(wish(affinity=apart)))
    removed = {item.name: item.removed for item in report.filters if item.removed}
    assert removed == {"affinity_group": 4}
