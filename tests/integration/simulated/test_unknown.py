"""Machines that were found on hosts: shown, taken over, and never touched unasked."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from appliance.client import wait
from appliance.protocol.ids import new_id
from appliance.protocol.resources import VmState
from tests.integration.simulated.conftest import Lab
from tests.integration.simulated.test_maintenance import refusal
from tests.lab.simulated.faults import Fault
from tests.lab.simulated.foreign import add_foreign, mac_of
from tests.lab.simulated.host import SimulatedHost

pytestmark = pytest.mark.asyncio(loop_scope="module")
MiB = 1024**2


async def unknown(lab: Lab, host: SimulatedHost) -> dict[str, Any]:
    found = await lab.client.call("host.unknown_vms", id=host.id)
    return {item.id: item for item in found.items}


async def request(lab: Lab, ref: str, **fields: Any) -> dict[str, Any]:
    (storage,) = (await lab.client.call("primary_storage.list")).items
    nics = [{"network_id": lab.cloud.network_ids[0], "mac": mac_of(ref)}]
    return {"machine": ref, "primary_storage_id": storage.id, "nics": nics} | fields


async def adopt(lab: Lab, host: SimulatedHost, ref: str, **fields: Any) -> Any:
    wanted = await request(lab, ref, **fields)
    return await lab.client.call("host.adopt_vm", id=host.id, **wanted)


async def test_one_that_is_off_is_taken_over_whole(lab: Lab) -> None:
    host = lab.fleet.hosts[0]
    ref, other = new_id(), new_id()
    domain = add_foreign(host.state, ref, disks=2)
    add_foreign(host.state, other, running=True)
    shown = await unknown(lab, host)
    assert (shown[ref].problems, shown[other].problems) == ([], ["runs"])
    assert [disk.path for disk in shown[ref].disks] == [disk.path for disk in domain.disks]

    accepted = await adopt(lab, host, ref, name="erp")
    again = await adopt(lab, host, ref, name="erp")
    assert [job.id for job in again.jobs] == [job.id for job in accepted.jobs]
    assert await lab.ended(accepted) == []
    vm = await lab.client.call("vm.get", id=ref)
    assert (vm.name, vm.state, vm.cpu_count, vm.memory_bytes) == ("erp", "stopped", 2, 128 * MiB)
    assert [volume.kind for volume in vm.volumes] == ["root", "data"]
    assert vm.nics[0].mac == mac_of(ref)
    assert set(await unknown(lab, host)) == {other}
    assert not any(disk.path in host.state.files for disk in domain.disks)

    await lab.cloud.do("vm.start", ref)
    spec = host.state.domains[ref].spec
    assert [(disk.position, disk.bus) for disk in spec.disks] == [(0, "sata"), (1, "sata")]
    assert spec.nics[0].mac == mac_of(ref)
    await lab.remove_all()
    await forget_data_disks(lab)
    assert set(host.state.foreign) == {other}, "it was not touched"
    host.state.foreign.clear()
    host.state.files.clear()
    await lab.assert_clean()


async def test_what_its_firmware_has_kept_goes_along(lab: Lab) -> None:
    host = lab.fleet.hosts[0]
    ref = new_id()

    def keeps() -> bool:
        return any(path.endswith(f"/{ref}") for path in host.state.firmware)

    add_foreign(host.state, ref, firmware="uefi")
    assert await lab.ended(await adopt(lab, host, ref)) == []
    assert keeps()
    vm = await lab.client.call("vm.get", id=ref)
    assert vm.hardware.firmware == "uefi"
    await lab.cloud.do("vm.start", ref)
    assert host.state.domains[ref].spec.hardware.firmware == "uefi"
    await lab.remove_all()
    assert not keeps()
    # If it cannot be taken, nothing of it stays.
    add_foreign(host.state, ref, firmware="uefi")
    rules = [Fault(kind="fail", command="foreign.take_firmware", when="after", times=1)]
    lab.fleet.plan.replace(rules)
    assert len(await lab.ended(await adopt(lab, host, ref))) == 1
    lab.fleet.plan.replace([])
    await lab.retry_cleanup()
    assert not keeps()
    assert set(host.state.foreign) == {ref}
    host.state.foreign.clear()
    host.state.files.clear()
    await lab.assert_clean()


async def test_a_disk_of_sata_is_plugged_again_on_virtio(lab: Lab) -> None:
    host = lab.fleet.hosts[0]
    ref = new_id()
    add_foreign(host.state, ref, disks=2)
    assert await lab.ended(await adopt(lab, host, ref)) == []
    vm = await lab.client.call("vm.get", id=ref)
    data = vm.volumes[1].id
    for operation, fields in (("volume.detach", {}), ("volume.attach", {"vm_id": ref})):
        assert await lab.ended(await lab.client.call(operation, id=data, **fields)) == []
    vm = await lab.client.call("vm.get", id=ref)
    assert [volume.bus for volume in vm.volumes] == ["sata", "virtio"]
    await lab.remove_all()
    await forget_data_disks(lab)
    host.state.files.clear()
    await lab.assert_clean()


async def forget_data_disks(lab: Lab) -> None:
    async for volume in lab.client.iterate("volume.list"):
        await wait(lab.client, await lab.client.call("volume.delete", id=volume.id), timeout_s=20)
        await wait(lab.client, await lab.client.call("volume.expunge", id=volume.id), timeout_s=20)


async def test_what_stands_against_it_is_told_and_changes_nothing(lab: Lab) -> None:
    host = lab.fleet.hosts[1]
    runs, ready = new_id(), new_id()
    add_foreign(host.state, runs, running=True)
    add_foreign(host.state, ready)
    before = dict(host.state.foreign), dict(host.state.files)
    assert await refusal(adopt(lab, host, runs)) == "foreign.not_now"
    assert await refusal(adopt(lab, host, new_id())) == "foreign.gone"
    elsewhere = await request(lab, ready, nics=[{"network_id": new_id()}])
    asked = lab.client.call("host.adopt_vm", id=host.id, **elsewhere)
    assert await refusal(asked) == "resource.not_found"
    accepted = await lab.create("web", host_id=host.id)
    assert await lab.ended(accepted) == []
    (web,) = accepted.resource_ids
    taken = (await lab.client.call("vm.get", id=web)).nics[0].mac
    nics = [{"network_id": lab.cloud.network_ids[0], "mac": taken}]
    assert await refusal(adopt(lab, host, ready, nics=nics)) == "foreign.mac_taken"
    assert await refusal(adopt(lab, host, web)) == "foreign.known"
    assert set(await unknown(lab, host)) == {runs, ready}
    await lab.remove_all()
    files = {path: file for path, file in host.state.files.items() if "/cache/" not in path}
    assert (host.state.foreign, files) == before
    host.state.foreign.clear()
    host.state.files.clear()
    await lab.assert_clean()


async def test_a_failure_leaves_the_domain_as_it_was(lab: Lab) -> None:
    host = lab.fleet.hosts[2]
    ref = new_id()
    add_foreign(host.state, ref, disks=2)
    before = dict(host.state.foreign), dict(host.state.files)
    lab.fleet.plan.replace([Fault(kind="fail", command="foreign.take_disk", when="after", times=1)])
    failed = await lab.ended(await adopt(lab, host, ref))
    assert failed == ["host.command_failed"]
    lab.fleet.plan.replace([])
    await lab.retry_cleanup()
    assert (host.state.foreign, host.state.files) == before
    host.state.foreign.clear()
    host.state.files.clear()
    await lab.assert_clean()


async def test_what_is_left_of_a_former_cloud_is_said_so(lab: Lab) -> None:
    """The machine is on the host, but this cloud's database knows nothing of it."""
    host = lab.fleet.hosts[3]
    accepted = await lab.create("web", host_id=host.id)
    assert await lab.ended(accepted) == []
    (vm_id,) = accepted.resource_ids
    assert await unknown(lab, host) == {}
    lost = host.state.domains.pop(vm_id)
    ref = new_id()
    lost.spec = replace(lost.spec, vm_id=ref)
    host.state.domains[ref] = lost
    shown = await unknown(lab, host)
    assert (shown[ref].was_ours, shown[ref].problems) == (True, ["runs"])
    del host.state.domains[ref]
    await lab.client.call("host.reconnect", id=host.id)
    await lab.becomes(vm_id, VmState.STOPPED)
    await lab.remove_all()
    await lab.assert_clean()
