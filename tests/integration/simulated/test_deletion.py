"""Recycle bin, consequences and removal: what is deleted is what was said, and nothing stays."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing

import pytest
import pytest_asyncio

from appliance.protocol.errors import Conflict
from appliance.protocol.ids import new_id
from appliance.protocol.operations import Accepted
from tests.lab.simulated.cloud import IMAGE_BYTES, until_all
from tests.lab.simulated.faults import Fault
from tests.lab.simulated.fleet import Fleet
from tests.lab.simulated.service import ServiceProcess
from tests.lab.simulated.stages import DISKS_PATH, Stage
from tests.lab.simulated.theatre import Theatre
from tests.lab.simulated.tokens import prepare_secrets, tokens_for
from tests.lab.simulated.truth import View, disagreements

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOSTS = 2
POLICY, PERIOD = "recycle_bin.vm_policy", "recycle_bin.vm_period_s"
IMAGE_PERIOD = "recycle_bin.image_period_s"
PERIOD_S = 60  # the shortest
KINDS = ("zone", "cluster", "host", "vm", "volume", "network", "primary_storage")
STORED = ("image_store", "image")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def theatre(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Theatre]:
    state = tmp_path_factory.mktemp("deletion") / "state"
    words = await asyncio.to_thread(prepare_secrets, state, HOSTS)
    service = ServiceProcess(state)
    try:
        ready = await service.start()
        client = await service.log_in()
        async with client, Fleet(tokens_for(ready, words)) as fleet:
            yield Theatre(service, fleet, client)
    finally:
        await service.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def stage(theatre: Theatre) -> AsyncIterator[Stage]:
    """A zone with settings as they are at first; it is removed after the test."""
    stages = await theatre.open_stages(1)
    yield stages[0]
    theatre.fleet.plan.replace([])
    for name in (POLICY, PERIOD):
        await theatre.client.call("setting.reset", name=name)
    if stages[0].zone_id in (await View.read(theatre.client)).zones:
        await stages[0].done(await theatre.client.call("zone.delete", id=stages[0].zone_id))
    assert theatre.fleet.leftovers() == {}


async def choose(stage: Stage, policy: str) -> None:
    """Set the policy of the recycle bin."""
    await stage.client.call("setting.change", name=POLICY, value=policy)


async def assert_agreed(stage: Stage) -> View:
    """The host holds what the service says."""
    view = await View.read(stage.client)
    assert (disagreements(stage, view), view.ledger) == ([], [])
    return view


async def test_direct_leaves_nothing_in_the_bin(stage: Stage) -> None:
    await choose(stage, "direct")
    await stage.make_vm("destroy")
    assert (await assert_agreed(stage)).vms == {}


async def test_direct_never_brings_a_machine_without_its_disk_back(
    theatre: Theatre, stage: Stage
) -> None:
    await choose(stage, "direct")
    ref = await stage.make_vm()
    theatre.fleet.plan.replace([Fault(kind="fail", command="volume.delete", times=1)])
    await stage.done(await stage.client.call("vm.destroy", id=ref))
    (left,) = (await stage.client.call("cleanup.list")).items
    assert (left.operation, left.step) == ("vm.destroy", "delete_disk")
    await stage.client.call("cleanup.retry", id=left.id)
    assert (await assert_agreed(stage)).vms == {}


async def test_direct_zones_go_without_a_bin(theatre: Theatre, stage: Stage) -> None:
    await choose(stage, "direct")
    await stage.make_vm()
    await stage.make_vm("stop")
    accepted = await stage.client.call("zone.delete", id=stage.zone_id)
    await assert_gone(theatre, stage, accepted)


async def test_folders_are_given_back_whenever_their_host_can(
    theatre: Theatre, stage: Stage
) -> None:
    image_id = await stage.make_image()
    await stage.make_vm("destroy", "expunge", image_id=image_id)
    plan = theatre.fleet.plan
    plan.replace([Fault(kind="fail", command="storage.leave")])
    await stage.client.call("primary_storage.delete", id=stage.storage_id)
    (left,) = (await stage.client.call("cleanup.list")).items
    assert (left.operation, left.resource_id) == ("primary_storage.delete", stage.storage_id)
    assert DISKS_PATH in stage.host.state.folders
    plan.replace([])
    await stage.client.call("cleanup.retry", id=left.id)
    assert DISKS_PATH not in stage.host.state.folders
    # Images stay, but their copies went with the folder.
    assert stage.host.state.files == {}
    assert (await View.read(stage.client)).standing(image_id) == "ready"


async def test_delay_keeps_what_can_come_back(stage: Stage) -> None:
    await choose(stage, "delay")
    ref = await stage.make_vm("destroy")
    assert (await assert_agreed(stage)).standing(ref) == "destroyed"
    for verb in ("recover", "start"):
        await stage.done(await stage.client.call(f"vm.{verb}", id=ref))
    assert (await assert_agreed(stage)).standing(ref) == "running"


async def test_on_its_way_out_of_the_bin_a_machine_is_left_alone(stage: Stage) -> None:
    await choose(stage, "delay")
    ref = await stage.make_vm("destroy")
    verbs = ("recover", "recover", "expunge", "recover")
    answers = await asyncio.gather(
        *(stage.client.call(f"vm.{verb}", id=ref) for verb in verbs), return_exceptions=True
    )
    accepted = [answer for answer in answers if isinstance(answer, Accepted)]
    refused = {answer.code for answer in answers if isinstance(answer, Conflict)}
    assert len(accepted) == 1
    assert refused <= {"vm.recovering", "vm.wrong_state"}
    if accepted[0] is not answers[2]:
        await stage.done(accepted[0])
        assert (await assert_agreed(stage)).standing(ref) == "stopped"


async def test_never_keeps_it_whoever_asks(stage: Stage) -> None:
    await choose(stage, "never")
    ref = await stage.make_vm("destroy")
    with pytest.raises(Conflict) as refused:
        await stage.client.call("vm.expunge", id=ref)
    assert refused.value.code == "vm.kept_for_ever"
    assert (await assert_agreed(stage)).standing(ref) == "destroyed"


async def grow_older(theatre: Theatre, vm_id: str, image_id: str) -> None:
    """Let both have lain in the bin for their whole period, while the service is down."""
    await theatre.service.stop()
    path = theatre.service.state / "service" / "anyun.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "UPDATE vm SET destroyed_at = destroyed_at - ? WHERE id = ?",
            ((PERIOD_S + 1) * 1000, vm_id),
        )
        connection.execute(
            "UPDATE image SET deleted_at = deleted_at - ? WHERE id = ?",
            ((PERIOD_S + 1) * 1000, image_id),
        )
    await theatre.service.start()
    await theatre.connect()


async def test_the_sweep_takes_what_is_due(theatre: Theatre, stage: Stage) -> None:
    await stage.client.call("setting.change", name=PERIOD, value=PERIOD_S)
    await stage.client.call("setting.change", name=IMAGE_PERIOD, value=PERIOD_S)
    old, new = await stage.make_vm("destroy"), await stage.make_vm("destroy")
    images = [await stage.make_image() for _ in range(2)]
    for ref in images:
        await stage.done(await stage.client.call("image.delete", id=ref))
    await grow_older(theatre, old, images[0])
    await until_all(stage.client, "vm", [old], lambda vm: vm is None, timeout_s=20)
    await until_all(stage.client, "image", images[:1], lambda image: image is None, timeout_s=20)
    kept = await stage.client.call("image.get", id=images[1])
    assert kept.status == "deleted"
    view = await assert_agreed(stage)
    assert (view.standing(old), view.standing(new)) == ("gone", "destroyed")


async def resources(stage: Stage) -> set[tuple[str, str]]:
    """Everything that there is."""
    return {
        (kind, item.id)
        for kind in (*KINDS, *STORED)
        async for item in stage.client.iterate(f"{kind}.list")
    }


async def test_the_preview_is_what_happens(stage: Stage) -> None:
    await stage.make_vm()
    await stage.make_vm("stop")
    await stage.make_vm("destroy")
    preview = await stage.client.call("deletion.preview", kind="zone", id=stage.zone_id)
    assert not preview.refused
    assert {item.effect for item in preview.items} == {"deleted"}
    said = {(item.kind, item.id) for item in preview.items}
    before = await resources(stage)
    await stage.done(await stage.client.call("zone.delete", id=stage.zone_id))
    assert before - await resources(stage) == said | {("zone", stage.zone_id)}


async def busy(theatre: Theatre, stage: Stage) -> None:
    """Machines in the making on a slow host, and an image that waits for its file."""
    await stage.client.call(
        "image.create",
        name="waits",
        image_store_id=stage.store_id,
        source="upload",
        size_bytes=IMAGE_BYTES,
    )
    await stage.make_vm()
    theatre.fleet.plan.replace([Fault(kind="delay", seconds=0.05, seconds_to=0.3)])
    for _ in range(6):
        await stage.ask_vm(new_id())


async def assert_gone(theatre: Theatre, stage: Stage, accepted: Accepted) -> None:
    """The removal succeeds and leaves nothing, neither said nor real."""
    await stage.done(accepted)
    await assert_agreed(stage)
    assert await resources(stage) == set()
    assert (await stage.client.call("cleanup.list")).items == []
    assert theatre.fleet.leftovers() == {}
    assert stage.host.state.files == {}
    assert stage.host.state.stores == {}


async def test_a_busy_zone_goes_without_remains(theatre: Theatre, stage: Stage) -> None:
    await busy(theatre, stage)
    accepted = await stage.client.call("zone.delete", id=stage.zone_id)
    await assert_gone(theatre, stage, accepted)
