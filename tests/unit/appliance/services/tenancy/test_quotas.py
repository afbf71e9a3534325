"""Quotas are exact, however many ask at once, and follow their rows."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.engine import ledger
from appliance.engine.calls import Caller
from appliance.engine.permissions import EVERYTHING
from appliance.protocol import requests as q
from appliance.protocol.errors import NoResources
from appliance.protocol.messages import render
from appliance.protocol.resources import ImageStatus, State
from appliance.protocol.tenancy import QUOTA_NAMES
from appliance.services.compute.creation import create_rows, gather
from appliance.services.compute.models import VmRow
from appliance.services.images.models import ImageRow
from appliance.services.ledger import SOURCES
from appliance.services.storage.models import ImageStoreRow
from appliance.services.tenancy import quotas
from appliance.store.database import Store, Transaction
from tests.unit.appliance.services.rows import NETWORK, ZONE, GiB, add_network, rows_store

TENANT = Caller(
    account_id="tenant", account_name="t", is_admin=False, address="", rights=EVERYTHING
)
IMAGE = "image"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with rows_store(tmp_path, 8) as found:
        await found.write(_add_image)
        await found.write(lambda tx: add_network(tx, [(167772180, 167772680)]))
        yield found


def _add_image(tx: Transaction) -> None:
    common: dict[str, Any] = {"description": "", "created_at": 0, "state": State.ENABLED}
    sizes = {"total_bytes": 0, "available_bytes": 0}
    ImageStoreRow.create(id="s", name="s", zone=ZONE, host="host-0", path="/i", **sizes, **common)
    ImageRow.create(
        id=IMAGE,
        name="i",
        image_store="s",
        source="url",
        url="",
        platform="linux",
        format="qcow2",
        status=ImageStatus.READY,
        expected_size_bytes=0,
        expected_sha256="",
        size_bytes=1,
        virtual_size_bytes=GiB,
        sha256="",
        owner_id="admin",
        **common,
    )


def create(tx: Transaction) -> str:
    request = q.VmCreate(
        name="v", image_id=IMAGE, network_id=NETWORK, cpu_count=1, memory_bytes=64 * 1024**2
    )
    made = create_rows(tx, request, "v", gather(TENANT, request)).id
    tx.touched.clear()  # the store of this test shows nothing to clients
    return made


async def limit(store: Store, name: str, value: int) -> None:
    await store.write(lambda tx: ledger.set_capacity(tx, "tenant", quotas.unit_of(name), value))


@pytest.mark.parametrize(
    ("name", "value", "fit"),
    [("vm", 7, 7), ("cpu", 5, 5), ("memory", 3 * 64 * 1024**2 + 1, 3), ("volume_bytes", GiB, 1)],
)
async def test_exactly_the_quota_is_given_to_many_at_once(
    store: Store, name: str, value: int, fit: int
) -> None:
    await limit(store, name, value)
    results = await asyncio.gather(
        *(store.write(create) for _ in range(40)), return_exceptions=True
    )
    made = [item for item in results if isinstance(item, str)]
    refused = [item for item in results if not isinstance(item, str)]
    assert len(made) == fit
    for error in refused:
        assert isinstance(error, NoResources)
        assert error.code.startswith("quota.exceeded")
        assert error.params["quota"] == name
    text = render(refused[0].code, refused[0].params, "zh")  # type: ignore[union-attr]
    assert "配额" in text.message
    assert "{" not in text.message
    assert await store.read(lambda: ledger.differences(SOURCES)) == []


async def test_what_is_given_back_can_be_had_again(store: Store) -> None:
    await limit(store, "vm", 1)
    first = await store.write(create)
    with pytest.raises(NoResources):
        await store.write(create)
    gone = VmRow.update(state="destroyed", host_id=None).where(VmRow.id == first)
    await store.write(lambda tx: gone.execute())
    await store.write(create)
    with pytest.raises(NoResources):
        await store.write(lambda tx: quotas.check("tenant", {"vm": 1}))


async def test_without_a_limit_nothing_is_refused(store: Store) -> None:
    for value in (None, -1):
        if value is not None:
            await limit(store, "vm", value)
        await store.write(create)
    shown = await store.read(lambda: quotas.quotas_of("tenant"))
    figures = {item.name: (item.limit, item.used) for item in shown.items}
    assert figures["vm"] == (-1, 2)
    assert set(figures) == set(QUOTA_NAMES)


async def test_a_lowered_limit_takes_nothing_away_and_gives_nothing_more(store: Store) -> None:
    await store.write(create)
    await store.write(create)
    await limit(store, "vm", 1)
    await store.write(lambda tx: quotas.check("tenant", {"vm": 0, "image_bytes": -5}))
    with pytest.raises(NoResources) as caught:
        await store.write(create)
    assert dict(caught.value.params) == {"quota": "vm", "limit": 1, "used": 2, "asked": 1}


@pytest.mark.parametrize("seed", range(3))
async def test_any_sequence_of_changes_keeps_the_usage(store: Store, seed: int) -> None:
    chance = random.Random(seed)

    def change(tx: Transaction) -> None:
        known = [row.id for row in VmRow.select(VmRow.id)]
        if not known or chance.random() < 0.3:
            create(tx)
            return
        vm = VmRow.id == chance.choice(known)
        match chance.randint(0, 5):
            case 0:
                VmRow.update(owner_id=chance.choice(["tenant", "b", "c"])).where(vm).execute()
            case 1:
                VmRow.update(state=chance.choice(["running", "destroyed"])).where(vm).execute()
            case 2:
                VmRow.update(host_id=chance.choice([None, "host-1"])).where(vm).execute()
            case 3:
                VmRow.update(cpu_count=chance.randint(1, 4)).where(vm).execute()
            case 4:
                ImageRow.update(
                    size_bytes=chance.randint(0, 9), owner_id=chance.choice("ab")
                ).execute()
            case _:
                VmRow.delete().where(vm).execute()

    for _ in range(100):
        await store.write(change)
        assert await store.read(lambda: ledger.differences(SOURCES)) == [], f"seed {seed}"
    owners = (
        "SELECT COUNT(*) FROM volume d JOIN vm v ON v.id = d.vm_id WHERE d.owner_id <> v.owner_id"
    )
    assert await store.write(lambda tx: tx.execute(owners).fetchone()) == (0,)
