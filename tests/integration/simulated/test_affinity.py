"""Affinity groups on simulated hosts: together, apart, required and preferred."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from appliance.protocol.errors import ApiError, Conflict, NoResources
from appliance.protocol.ids import new_id
from tests.integration.simulated.conftest import Lab
from tests.lab.simulated.faults import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def groups(lab: Lab) -> AsyncIterator[Lab]:
    yield lab
    lab.fleet.plan.replace([])
    await lab.remove_all()
    async for group in lab.client.iterate("affinity_group.list"):
        await lab.client.call("affinity_group.delete", id=group.id)
    await lab.assert_clean()


async def _group(lab: Lab, policy: str, *, is_required: bool = True) -> str:
    ref = new_id()
    fields: dict[str, Any] = {"policy": policy, "is_required": is_required}
    await lab.client.call("affinity_group.create", id=ref, name=policy, **fields)
    return ref


async def _hosts(lab: Lab) -> Counter[str]:
    return Counter(vm.host_id for vm in await lab.vms() if vm.host_id)


async def test_machines_stay_apart(groups: Lab) -> None:
    ref = await _group(groups, "anti_affinity")
    hosts = len(groups.fleet.hosts)
    accepted = await groups.create("apart", hosts, affinity_group_id=ref)
    assert await groups.ended(accepted) == []
    assert set((await _hosts(groups)).values()) == {1}
    with pytest.raises(NoResources) as caught:
        await groups.create("one-more", affinity_group_id=ref)
    assert caught.value.code == "placement.affinity"
    assert caught.value.params["vms"] == hosts
    group = await groups.client.call("affinity_group.get", id=ref)
    assert group.vm_count == hosts
    found = await groups.client.call("vm.list", filter="affinity_group.name = anti_affinity")
    assert len(found.items) == hosts


async def test_machines_stay_together_and_move_together(groups: Lab) -> None:
    ref = await _group(groups, "affinity")
    accepted = await groups.create("one", 5, affinity_group_id=ref)
    assert await groups.ended(accepted) == []
    assert len(await _hosts(groups)) == 1


async def test_a_failing_host_is_replaced_within_the_policy(groups: Lab) -> None:
    ref = await _group(groups, "anti_affinity")
    assert await groups.ended(await groups.create("first", affinity_group_id=ref)) == []
    groups.fleet.plan.replace([Fault(kind="fail", command="domain.start", times=1)])
    assert await groups.ended(await groups.create("second", affinity_group_id=ref)) == []
    assert set((await _hosts(groups)).values()) == {1}


async def test_a_preference_gives_way(groups: Lab) -> None:
    ref = await _group(groups, "anti_affinity", is_required=False)
    hosts = len(groups.fleet.hosts)
    accepted = await groups.create("apart", hosts + 1, affinity_group_id=ref)
    assert await groups.ended(accepted) == []
    assert sorted((await _hosts(groups)).values()) == [1] * (hosts - 1) + [2]


async def test_joining_checks_where_the_machine_stands(groups: Lab) -> None:
    ref = await _group(groups, "anti_affinity")
    host_id = groups.fleet.hosts[0].id
    for name in ("one", "two"):
        assert await groups.ended(await groups.create(name, host_id=host_id)) == []
    one, two = sorted(await groups.vms(), key=lambda vm: vm.name)
    put = groups.client.call
    vm = await put("vm.set_affinity_group", id=one.id, affinity_group_id=ref)
    assert vm.affinity_group_id == ref
    with pytest.raises(Conflict) as caught:
        await put("vm.set_affinity_group", id=two.id, affinity_group_id=ref)
    assert caught.value.code == "affinity.violated"
    assert caught.value.params["other"] == "one"
    # A machine that is off may join; it cannot start beside the other one.
    assert await groups.on_all("vm.stop", [two.id], force=True) == []
    await put("vm.set_affinity_group", id=two.id, affinity_group_id=ref)
    with pytest.raises(NoResources) as refused:
        await put("vm.start", id=two.id)
    assert refused.value.code == "placement.affinity"
    await put("vm.set_affinity_group", id=two.id)
    assert await groups.on_all("vm.start", [two.id]) == []


async def test_a_deleted_group_lets_its_machines_go(groups: Lab) -> None:
    ref = await _group(groups, "anti_affinity")
    assert await groups.ended(await groups.create("web", affinity_group_id=ref)) == []
    shown = await groups.client.call("deletion.preview", kind="affinity_group", id=ref)
    assert [item.effect for item in shown.items] == ["detached"]
    await groups.client.call("affinity_group.delete", id=ref)
    (vm,) = await groups.vms()
    assert (vm.state, vm.affinity_group_id) == ("running", None)
    with pytest.raises(ApiError) as caught:
        await groups.create("late", affinity_group_id=ref)
    assert (caught.value.code, caught.value.field) == ("resource.not_found", "affinity_group_id")
