"""What clients ask for in a random run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.client import Client
from appliance.protocol.ids import new_id
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import Vm
from tests.integration.simulated.conftest import Lab
from tests.integration.simulated.model.contents import Contents
from tests.integration.simulated.model.plan import Call
from tests.integration.simulated.model.replay import Replay
from tests.lab.simulated.contents import write_all

MiB = 1024**2
CANCELLABLE = (
    *("vm.create", "vm.start", "vm.stop", "vm.reboot", "vm.pause", "vm.resume"),
    *("vm.attach_nic", "vm.detach_nic", "vm.migrate", "vm.create_snapshot", "vm.resize"),
    "vm.reimage",
)
STOPS_WITHIN_S = 1
ROOM = {"max_cpu_count": 4}


@dataclass(frozen=True)
class Places:
    """What runs use besides machines: made once."""

    side_id: str  # the network of further NICs
    local_id: str  # the hosts' own storage
    shared_id: str  # a storage that all hosts share
    disc_id: str


@dataclass
class Asker:
    """Says what a call means for the machines of a run, and asks for it."""

    lab: Lab
    replay: Replay
    places: Places
    contents: Contents
    ids: list[str]

    async def ask(self, client: Client, call: Call) -> object:
        """Ask; raises ApiError when it is refused."""
        ref, verb = self.ids[call.slot], call.what
        match verb:
            case "create":
                return await client.call("vm.create", **self._request(call.slot))
            case "cancel":
                return await self._cancel(client, ref)
            case "write":
                return self._write(ref)
            case "enter_host" | "leave_host" | "enter_storage" | "leave_storage":
                return await self._maintain(client, call)
            case "delete_volume" | "recover_volume" | "expunge_volume":
                return await self._bin(client, verb.removesuffix("_volume"), call.slot)
            case "make_volume" | "attach_volume" | "detach_volume" | "grow_volume":
                return await self._ask_volume(client, verb, ref, call.slot)
            case "move_volume":
                return await self._move(client, call)
            case "snapshot" | "snapshot_all":
                return await self._take(client, ref, call)
            case "revert" | "revert_all" | "delete_snapshot" | "copy_snapshot":
                return await self._ask_snapshot(client, verb, ref, call)
            case "insert_disc":
                return await client.call("vm.attach_iso", id=ref, image_id=self.places.disc_id)
            case "eject_disc":
                return await client.call("vm.detach_iso", id=ref, slot=0)
            case _:
                return await client.call(f"vm.{verb}", id=ref, **self._options(verb, ref))

    def _request(self, slot: int) -> dict[str, Any]:
        """Half of the machines have their disks on the shared storage."""
        fields: dict[str, Any] = {"id": self.ids[slot], "hardware": ROOM}
        if slot % 2:
            fields["primary_storage_id"] = self.places.shared_id
        return self.lab.cloud.vm_request(f"slot-{slot}", **fields)

    def _vm(self, ref: str) -> Vm | None:
        return self.replay.vms.get(ref)

    def _options(self, verb: str, ref: str) -> dict[str, Any]:
        """What a verb needs besides the machine."""
        vm = self._vm(ref)
        match verb:
            case "stop":
                return {"timeout_s": 5}
            case "attach_nic":
                return {"network_id": self.places.side_id}
            case "detach_nic":
                # The last one, or one that nobody has; others may have changed it meanwhile.
                return {"nic_id": vm.nics[-1].id if vm is not None and vm.nics else new_id()}
            case "resize":
                return {"cpu_count": 1 + (vm is not None and vm.cpu_count == 1)}
            case _:
                return {}

    def _write(self, ref: str) -> None:
        """The guest writes to all its disks, wherever it runs."""
        content = self.contents.next()
        for host in self.lab.fleet.hosts:
            self.contents.wrote(write_all(host.state, ref, content), content)

    async def _cancel(self, client: Client, ref: str) -> object:
        """Cancel the newest job of a machine, if it is one that can be taken back."""
        jobs = [job for job in self.replay.jobs.values() if job.resource_id == ref]
        newest = max(jobs, key=lambda job: job.id, default=None)
        if newest is None or newest.operation not in CANCELLABLE:
            return None
        return await client.call("job.cancel", id=newest.id)

    async def _maintain(self, client: Client, call: Call) -> object:
        """Any host, or one that is in maintenance; or the shared storage."""
        if call.what == "enter_host":
            hosts = self.lab.fleet.hosts
            ref = hosts[call.host % len(hosts)].id
            return await client.call("host.enter_maintenance", id=ref, timeout_s=STOPS_WITHIN_S)
        if call.what == "leave_host":
            hosts = (await client.call("host.list", filter="state = maintenance")).items
            ref = hosts[call.host % len(hosts)].id if hosts else new_id()
            return await client.call("host.leave_maintenance", id=ref)
        if call.what == "leave_storage":
            return await client.call("primary_storage.enable", id=self.places.shared_id)
        options = {"stop_machines": call.host % 2 == 0, "timeout_s": STOPS_WITHIN_S}
        ref = self.places.shared_id
        return await client.call("primary_storage.enter_maintenance", id=ref, **options)

    # Disks

    async def _ask_volume(self, client: Client, verb: str, ref: str, slot: int) -> object:
        """What is asked of the data disks of a machine; of one that it has, or of a free one."""
        if verb == "make_volume":
            name = f"data-{slot}"
            return await client.call("volume.create", name=name, size_bytes=MiB, vm_id=ref)
        if verb == "attach_volume":
            chosen = await self._free(client, "status != deleted", slot)
            return await client.call("volume.attach", id=chosen, vm_id=ref)
        vm = self._vm(ref)
        last = vm.volumes[-1] if vm is not None and vm.volumes else None
        chosen = new_id() if last is None else last.id
        if verb == "detach_volume":
            return await client.call("volume.detach", id=chosen)
        size_bytes = MiB + (0 if last is None else last.size_bytes // MiB * MiB)
        return await client.call("volume.resize", id=chosen, size_bytes=size_bytes)

    async def _move(self, client: Client, call: Call) -> object:
        """A free disk, or one of a machine, goes to the shared storage or to a host."""
        vm = self._vm(self.ids[call.slot])
        chosen = vm.volumes[-1].id if vm is not None and call.client % 2 else ""
        chosen = chosen or await self._free(client, "status != deleted", call.slot)
        hosts = self.lab.fleet.hosts
        where = {"primary_storage_id": self.places.shared_id}
        if call.host % 2:
            where = {
                "primary_storage_id": self.places.local_id,
                "host_id": hosts[call.host % len(hosts)].id,
            }
        return await client.call("volume.move", id=chosen, **where)

    async def _bin(self, client: Client, verb: str, slot: int) -> object:
        """A free disk goes to the recycle bin, comes back from it, or goes for good."""
        condition = "status != deleted" if verb == "delete" else "status = deleted"
        return await client.call(f"volume.{verb}", id=await self._free(client, condition, slot))

    async def _free(self, client: Client, condition: str, slot: int) -> str:
        """A data disk that no machine has, or one that is not there."""
        where = f"kind = data and vm is null and {condition}"
        free = (await client.call("volume.list", filter=where)).items
        return free[slot % len(free)].id if free else new_id()

    # Snapshots

    async def _take(self, client: Client, ref: str, call: Call) -> object:
        if call.what == "snapshot_all":
            return await client.call("vm.create_snapshot", id=ref, name="all")
        vm = self._vm(ref)
        volumes = vm.volumes if vm is not None else []
        chosen = volumes[call.host % len(volumes)].id if volumes else new_id()
        return await client.call("snapshot.create", volume_id=chosen, name="one")

    async def _ask_snapshot(self, client: Client, verb: str, ref: str, call: Call) -> object:
        """What is asked of a snapshot of one of the machine's disks."""
        found = (await client.call("snapshot.list", filter=f"vm_id = {ref}")).items
        chosen = found[call.host % len(found)] if found else None
        snapshot_id = new_id() if chosen is None else chosen.id
        if verb == "delete_snapshot":
            return await client.call("snapshot.delete", id=snapshot_id)
        if verb == "copy_snapshot":
            fields = {"name": f"copy-{call.slot}", "snapshot_id": snapshot_id}
            accepted = await client.call("volume.create", **fields)
            self.contents.copies(accepted.jobs[0].id, accepted.resource_ids[0], snapshot_id)
            return accepted
        options = {"save_as": "kept"} if call.client % 2 else {}
        if verb == "revert":
            accepted = await client.call("snapshot.revert", id=snapshot_id, **options)
            group = found[:0] if chosen is None else [chosen]
        else:
            options["snapshot_id"] = snapshot_id
            accepted = await client.call("vm.revert_snapshot", id=ref, **options)
            group = [
                one
                for one in found
                if chosen in (one, None) or (chosen.group_id and one.group_id == chosen.group_id)
            ]
        return self._reverted(accepted, {one.volume_id: one.id for one in group})

    def _reverted(self, accepted: Accepted, snapshots: dict[str, str]) -> Accepted:
        self.contents.reverts(accepted.jobs[0].id, snapshots)
        return accepted
