"""A real host: what runs on it in maintenance, after its power went, and what was there before.

All tests use one cloud and one guest.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from appliance.client import wait
from appliance.protocol.errors import Conflict
from appliance.protocol.ids import new_id
from appliance.protocol.resources import Vm, VmState
from tests.lab.cloud import LabCloud
from tests.system.conftest import Cloud, set_up
from tests.system.test_vm_life import LOGIN_WITHIN_S

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
STATE_WITHIN_S = 60.0
MAC = "52:54:00:12:34:56"
# As people make domains by hand: another machine type, another bus, a raw disk.
DOMAIN = """
<domain type="qemu">
  <name>{name}</name>
  <uuid>{ref}</uuid>
  <memory unit="MiB">160</memory>
  <vcpu>1</vcpu>
  <os><type arch="x86_64" machine="q35">hvm</type>{firmware}</os>
  <features><acpi/></features>
  <devices>
    <disk type="file" device="disk">
      <driver name="qemu" type="{format}"/>
      <source file="{path}"/>
      <target dev="{target}" bus="{bus}"/>
    </disk>
    <interface type="user"><mac address="{mac}"/></interface>
  </devices>
</domain>
"""

UEFI = """
  <loader readonly="yes" type="pflash">/usr/share/OVMF/OVMF_CODE_4M.fd</loader>
  <nvram template="/usr/share/OVMF/OVMF_VARS_4M.fd">{path}.fd</nvram>
"""


class Lab:
    """The cloud, its guest, and its host's boot."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.call = cloud.client.call
        self.host = cloud.lab.host
        self.vm_id = ""

    async def prepare(self) -> None:
        """One guest."""
        self.vm_id = (await self.cloud.create("web")).id

    @property
    def host_id(self) -> str:
        """The host."""
        return self.cloud.flow.step("host").request["candidate_id"]

    async def done(self, operation: str, **fields: Any) -> None:
        """Run an operation on the host to its end."""
        accepted = await self.call(operation, id=self.host_id, **fields)
        await wait(self.cloud.client, accepted, timeout_s=120)

    async def is_in(self, state: VmState) -> Vm:
        """Wait until the guest is in a state."""
        return await self.cloud.vm_becomes(self.vm_id, lambda vm: vm.state == state, STATE_WITHIN_S)

    def running(self) -> list[str]:
        """What libvirt runs, by name."""
        return self.host.run("virsh", "-q", "list", "--name").split()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    boot_id = tmp_path_factory.mktemp("boot") / "id"
    boot_id.write_text("first\n")
    async with LabCloud(9, boot_id=boot_id) as made:
        cloud = await set_up(made)
        found = Lab(cloud)
        await found.prepare()
        yield found
        await cloud.client.close()


async def test_load_and_facts_are_of_this_machine(lab: Lab) -> None:
    async with asyncio.timeout(STATE_WITHIN_S):
        while (host := await lab.call("host.get", id=lab.host_id)).load is None:
            await asyncio.sleep(0.5)
    assert 0 <= host.load.cpu_share <= 1
    assert host.load.memory_total_bytes == host.memory_bytes
    await lab.done("host.reconnect")
    again = await lab.call("host.refresh_facts", id=lab.host_id)
    assert (again.kernel, again.qemu_version) == (host.kernel, host.qemu_version)
    assert lab.running() == [f"anyun-{lab.vm_id}"]


async def test_maintenance_stops_what_cannot_move_and_starts_it_again(lab: Lab) -> None:
    plan = await lab.call("host.maintenance_plan", id=lab.host_id)
    assert [(one.vm_name, one.action) for one in plan.machines] == [("web", "stop")]
    assert plan.machines[0].reasons
    await lab.done("host.enter_maintenance", timeout_s=5)
    assert lab.running() == []
    assert (await lab.call("host.get", id=lab.host_id)).state == "maintenance"
    await lab.done("host.leave_maintenance")
    await lab.is_in(VmState.RUNNING)
    assert lab.running() == [f"anyun-{lab.vm_id}"]


async def test_what_ran_runs_again_after_the_power_went(lab: Lab) -> None:
    """Agent, libvirtd, QEMU, links and rules are gone; then the host boots."""
    assert lab.cloud.lab.boot_id is not None
    await asyncio.to_thread(lab.host.crash)
    await lab.is_in(VmState.UNKNOWN)
    assert lab.running() == [], "libvirt starts nothing by itself"
    lab.cloud.lab.boot_id.write_text("second\n")
    lab.cloud.lab.start_agent()
    vm = await lab.is_in(VmState.RUNNING)
    assert lab.running() == [f"anyun-{lab.vm_id}"]
    assert "anyb" in lab.host.run("ip", "-o", "link")
    assert vm.nics[0].address


async def test_an_agent_that_only_starts_anew_starts_no_machine(lab: Lab) -> None:
    await lab.cloud.do("vm.stop", lab.vm_id, force=True)
    lab.cloud.lab.kill_agent()
    lab.cloud.lab.start_agent()
    await lab.done("host.reconnect")
    assert lab.running() == []
    await lab.cloud.do("vm.start", lab.vm_id)


@pytest.mark.parametrize("image_format", ["qcow2", "raw"])
async def test_a_machine_made_by_hand_is_taken_over_and_boots(lab: Lab, image_format: str) -> None:
    """As a second name of its file, or as a copy; it keeps its id, its MAC, its bus, and what its
    firmware has kept.
    """
    ref = new_id()
    path = await asyncio.to_thread(make_domain, lab, ref, image_format)
    (found,) = (await lab.call("host.unknown_vms", id=lab.host_id)).items
    assert (found.id, found.name, found.state) == (ref, "old-erp", "stopped")
    assert (found.was_ours, found.problems) == (False, [])
    assert found.disks[0].is_copied is (image_format == "raw")
    await asyncio.to_thread(define, lab, "other", new_id(), image_format, path)
    both = (await lab.call("host.unknown_vms", id=lab.host_id)).items
    assert [one.problems for one in both] == [["disk_shared"], ["disk_shared"]]
    lab.host.run("virsh", "-q", "undefine", "--keep-nvram", "other")
    request = {
        "machine": ref,
        "primary_storage_id": lab.cloud.flow.step("primary_storage").request["id"],
        "nics": [{"network_id": lab.cloud.flow.step("network").request["id"], "mac": MAC}],
    }
    lab.host.run("virsh", "-q", "start", "--paused", "old-erp")
    with pytest.raises(Conflict) as refused:
        await lab.call("host.adopt_vm", id=lab.host_id, **request)
    assert refused.value.code == "foreign.not_now"
    lab.host.run("virsh", "-q", "destroy", "old-erp")

    await lab.done("host.adopt_vm", **request)
    assert "old-erp" not in lab.host.run("virsh", "-q", "list", "--all", "--name")
    assert path.exists() is (image_format == "raw"), "what was copied stays"
    kept = lab.cloud.lab.state / "agent" / "taken-over" / f"{ref}.xml"
    assert "old-erp" in kept.read_text()
    await lab.cloud.do("vm.start", ref)
    vm = await lab.cloud.vm(ref)
    assert (vm.name, vm.nics[0].mac) == ("old-erp", MAC)
    firmware = "bios" if image_format == "qcow2" else "uefi"
    bus = "virtio" if image_format == "qcow2" else "sata"
    assert (vm.volumes[0].bus, vm.hardware.firmware) == (bus, firmware)
    if image_format == "qcow2":
        await lab.cloud.read_serial(ref, b"login:", LOGIN_WITHIN_S)
    else:
        xml = lab.host.run("virsh", "-q", "dumpxml", f"anyun-{ref}")
        assert f"firmware/{ref}/uefi.fd" in xml
        assert "bus='sata'" in xml
        (kept_variables,) = lab.cloud.lab.state.rglob(f"firmware/{ref}/uefi.fd")
        assert kept_variables.stat().st_size == (path.with_suffix(".raw.fd")).stat().st_size
    await lab.cloud.do("vm.destroy", ref)
    await lab.cloud.do("vm.expunge", ref)
    path.unlink(missing_ok=True)


def make_domain(lab: Lab, ref: str, image_format: str) -> Path:
    """A domain that somebody has made on the host, with a copy of the starter image."""
    folder = lab.cloud.lab.state / "storage" / "by-hand"
    folder.mkdir(exist_ok=True)
    (source,) = sorted((lab.cloud.lab.state / "storage").rglob("images/*.qcow2"))[:1]
    path = folder / f"erp.{image_format}"
    lab.host.run("qemu-img", "convert", "-O", image_format, str(source), str(path))
    define(lab, "old-erp", ref, image_format, path)
    return path


def define(lab: Lab, name: str, ref: str, image_format: str, path: Path) -> None:
    """Let libvirt know a domain."""
    xml = path.with_suffix(".xml")
    is_bios = image_format == "qcow2"
    text = DOMAIN.format(
        name=name,
        ref=ref,
        format=image_format,
        path=path,
        mac=MAC,
        firmware="" if is_bios else UEFI.format(path=path),
        target="vda" if is_bios else "sda",
        bus="virtio" if is_bios else "sata",
    )
    xml.write_text(text)
    lab.host.run("virsh", "-q", "define", str(xml))
