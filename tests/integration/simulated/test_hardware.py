"""Sizes, firmware and processors of machines: what is claimed, refused, told, and sent to hosts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace

from appliance.protocol.errors import NoResources
from appliance.protocol.resources import Vm
from hostagent.protocol.domain import DomainSpec
from hostagent.protocol.hardware import CpuSpec
from tests.integration.simulated.conftest import Lab
from tests.integration.simulated.test_nics import do, machine, refused
from tests.lab.simulated.faults import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")
MiB, GiB = 1024**2, 1024**3
ROOM = {"max_cpu_count": 8, "max_memory_bytes": 2 * GiB}
SMALL = {"offering_id": None, "cpu_count": 1, "memory_bytes": GiB}


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def nothing_left(lab: Lab) -> AsyncIterator[None]:
    yield
    lab.fleet.plan.replace([])
    await lab.remove_all()
    assert (await lab.client.call("ledger.check")).differences == []
    await lab.assert_clean()


def spec_of(lab: Lab, vm: Vm) -> DomainSpec:
    """A machine as its host was told to start it."""
    (spec,) = [
        domain.spec
        for host in lab.fleet.hosts
        for domain in host.state.domains.values()
        if domain.spec.vm_id == vm.id
    ]
    return spec


async def eventually(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await is_so():
            await asyncio.sleep(0.05)


async def claims(lab: Lab, vm: Vm) -> tuple[int, int]:
    host = await lab.client.call("host.get", id=vm.last_host_id or "")
    return host.cpu_claimed, host.memory_claimed_bytes


async def test_a_running_machine_grows_and_a_stopped_one_may_shrink(lab: Lab) -> None:
    vm = await machine(lab, **SMALL, hardware=ROOM)
    cpus, memory = await claims(lab, vm)
    vm = await do(lab, "vm.resize", vm.id, cpu_count=4, memory_bytes=GiB + 256 * MiB)
    assert (vm.cpu_count, vm.memory_bytes) == (4, GiB + 256 * MiB)
    assert (spec_of(lab, vm).cpu_count, spec_of(lab, vm).memory_bytes) == (4, GiB + 256 * MiB)
    assert await claims(lab, vm) == (cpus + 3, memory + 256 * MiB)
    assert await refused(lab, "vm.resize", id=vm.id, cpu_count=2) == ("vm.no_live_shrink", None)
    assert await refused(lab, "vm.resize", id=vm.id, cpu_count=9) == (
        "vm.no_room_for_cpus",
        "cpu_count",
    )
    assert await refused(lab, "vm.resize", id=vm.id, memory_bytes=3 * GiB) == (
        "vm.no_room_for_memory",
        "memory_bytes",
    )
    assert await refused(lab, "vm.resize", id=vm.id, memory_bytes=GiB + 257 * MiB) == (
        "hardware.memory_step",
        "memory_bytes",
    )
    assert await refused(lab, "vm.resize", id=vm.id) == ("vm.size_needed", "offering_id")
    await do(lab, "vm.stop", vm.id, force=True)
    offering = (await lab.client.call("instance_offering.list")).items[0]
    vm = await do(lab, "vm.resize", vm.id, offering_id=offering.id)
    assert (vm.offering_id, vm.cpu_count) == (offering.id, offering.cpu_count)
    vm = await do(lab, "vm.resize", vm.id, cpu_count=1, memory_bytes=512 * MiB)
    assert vm.offering_id is None
    vm = await do(lab, "vm.start", vm.id)
    assert spec_of(lab, vm).memory_bytes == 512 * MiB


async def test_what_cannot_be_added_is_not_claimed(lab: Lab) -> None:
    vm = await machine(lab, **SMALL, hardware=ROOM)
    before = await claims(lab, vm)
    lab.fleet.plan.replace([Fault(command="domain.grow", kind="fail")])
    accepted = await lab.client.call("vm.resize", id=vm.id, cpu_count=4)
    assert await lab.ended(accepted) == ["vm.not_grown"]
    lab.fleet.plan.replace([])
    vm = await lab.client.call("vm.get", id=vm.id)
    assert vm.cpu_count == 1
    assert await claims(lab, vm) == before


async def test_no_more_is_claimed_than_the_host_has(lab: Lab) -> None:
    room = {"max_cpu_count": 1024, "max_memory_bytes": 1024 * GiB}
    vm = await machine(lab, **SMALL, hardware=room)
    assert await refused(lab, "vm.resize", id=vm.id, cpu_count=1024) == (
        "placement.no_cpu",
        "cpu_count",
    )
    assert await refused(lab, "vm.resize", id=vm.id, memory_bytes=1024 * GiB) == (
        "placement.no_memory",
        "memory_bytes",
    )


async def test_hardware_reaches_the_host_and_changes_wait_for_the_next_start(lab: Lab) -> None:
    hardware = {"firmware": "uefi_secure", "tpm": True, "boot_order": ["cdrom", "disk"]}
    vm = await machine(lab, hardware=hardware, root_bus="virtio_scsi")
    told = spec_of(lab, vm)
    assert (told.hardware.firmware, told.hardware.tpm) == ("uefi_secure", True)
    assert told.hardware.boot_order == ("cdrom", "disk")
    assert told.disks[0].bus == vm.volumes[0].bus == "virtio_scsi"
    change: dict[str, Any] = {"cpu_mode": "custom", "cpu_model": "Simulated", "nested": True}
    vm = await lab.client.call("vm.update_hardware", id=vm.id, **change)
    assert vm.hardware.pending == ["cpu_mode", "cpu_model", "nested"]
    assert spec_of(lab, vm).hardware == told.hardware
    vm = await lab.client.call("vm.update_hardware", id=vm.id, nested=False)
    assert vm.hardware.pending == ["cpu_mode", "cpu_model"], "nested is what it was"
    vm = await do(lab, "vm.stop", vm.id, force=True)
    assert vm.hardware.pending == []
    vm = await do(lab, "vm.start", vm.id)
    assert spec_of(lab, vm).hardware.cpu == CpuSpec(mode="custom", model="Simulated")
    vm = await lab.client.call("vm.update_hardware", id=vm.id, cpu_mode="host_passthrough")
    assert vm.hardware.cpu_model == "", "it is of mode custom"


async def test_what_does_not_fit_together_is_refused_by_its_field(lab: Lab) -> None:
    vm = await machine(lab, **SMALL, hardware=ROOM)
    unfit: tuple[tuple[dict[str, Any], str, str], ...] = (
        ({"boot_order": ["disk", "disk"]}, "hardware.boot_twice", "boot_order"),
        ({"cpu_mode": "custom"}, "hardware.model_with_custom", "cpu_model"),
        ({"cpu_mode": "none", "nested": True}, "hardware.nested_needs_cpu", "nested"),
        ({"topology": {"sockets": 2, "cores": 2}}, "hardware.topology", "topology"),
        ({"cpu_pins": [{"cpu": 8, "host_cpus": "0"}]}, "hardware.pin_cpu", "cpu_pins[0].cpu"),
        (
            {"cpu_pins": [{"cpu": 0, "host_cpus": "64"}]},
            "hardware.no_host_cpu",
            "cpu_pins[0].host_cpus",
        ),
        (
            {"cpu_pins": [{"cpu": 0, "host_cpus": "3-1"}]},
            "hardware.bad_cpus",
            "cpu_pins[0].host_cpus",
        ),
        ({"numa": [{"cpus": "0-6", "memory_bytes": GiB}]}, "hardware.numa_cpus", "numa"),
        ({"numa": [{"cpus": "0-7", "memory_bytes": 512 * MiB}]}, "hardware.numa_memory", "numa"),
        (
            {"numa": [{"cpus": "0-7", "memory_bytes": GiB, "host_node": 3}]},
            "hardware.no_host_node",
            "numa[0].host_node",
        ),
    )
    for change, code, field in unfit:
        assert await refused(lab, "vm.update_hardware", id=vm.id, **change) == (code, field)
    assert (await lab.client.call("vm.get", id=vm.id)).hardware == vm.hardware
    fits = {"topology": {"sockets": 2, "cores": 2, "threads": 2}}
    pins = [{"cpu": 0, "host_cpus": "0-3,8"}]
    numa = [
        {"cpus": "0-3", "memory_bytes": 512 * MiB, "host_node": 0},
        {"cpus": "4-7", "memory_bytes": 512 * MiB},
    ]
    vm = await lab.client.call("vm.update_hardware", id=vm.id, **fits, cpu_pins=pins, numa=numa)
    assert set(vm.hardware.pending) == {"topology", "cpu_pins", "numa"}
    await do(lab, "vm.stop", vm.id, force=True)
    vm = await do(lab, "vm.start", vm.id)
    assert spec_of(lab, vm).hardware.pins[0].host_cpus == [0, 1, 2, 3, 8]


async def test_what_no_host_has_is_named(lab: Lab) -> None:
    request = lab.cloud.vm_request("x", hardware={"cpu_mode": "custom", "cpu_model": "Unheard"})
    with pytest.raises(NoResources) as caught:
        await lab.client.call("vm.create", **request)
    assert caught.value.code == "placement.no_hardware"
    assert caught.value.params["names"] == "cpu.Unheard"


async def test_machines_of_a_cluster_have_what_all_its_hosts_have(lab: Lab) -> None:
    host = lab.fleet.hosts[0]
    cluster_id = (await lab.client.call("host.get", id=host.id)).cluster_id
    before = host.state.traits
    host.change(replace(before, cpu_features=("aes", "sse4")))

    async def baseline() -> Any:
        return (await lab.client.call("cluster.get", id=cluster_id)).cpu_baseline

    async def is_less() -> bool:
        found = await baseline()
        return found is not None and "avx" not in found.features

    await eventually(is_less)
    (lacking,) = (await baseline()).lacking
    assert (lacking.host_id, lacking.features) == (host.id, ["avx"])
    vm = await machine(lab, hardware={"nested": True})
    told = spec_of(lab, vm).hardware.cpu
    assert told == CpuSpec(
        mode="custom", model="Simulated", features={"aes": True, "sse4": True}, nested=True
    )
    host.change(before)

    async def is_whole() -> bool:
        return "avx" in (await baseline()).features

    await eventually(is_whole)
    change = {"id": cluster_id, "cpu_mode": "host_passthrough"}
    assert (await lab.client.call("cluster.update", **change)).cpu_mode == "host_passthrough"
    await do(lab, "vm.stop", vm.id, force=True)
    vm = await do(lab, "vm.start", vm.id)
    assert spec_of(lab, vm).hardware.cpu.mode == "host_passthrough"
    assert await refused(lab, "cluster.update", id=cluster_id, cpu_mode="custom") == (
        "hardware.model_with_custom",
        "cpu_model",
    )
    await lab.client.call("cluster.update", id=cluster_id, cpu_mode="baseline")
