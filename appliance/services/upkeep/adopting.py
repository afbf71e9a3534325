"""Taking over a machine that was found on a host: its disks become volumes, its domain ours."""

from __future__ import annotations

from typing import Any

import msgspec

from appliance.engine.calls import Call
from appliance.engine.jobs import JobDefinition, JobRun, NewJob, Step
from appliance.protocol.errors import ApiError, Conflict, InvalidInput, NotFound
from appliance.protocol.foreign import HostAdoptVm
from appliance.protocol.hardware import Firmware, Hardware
from appliance.protocol.hosts import HostState
from appliance.protocol.ids import new_id
from appliance.protocol.operations import Accepted
from appliance.protocol.requests import DATA_VOLUMES_MAX
from appliance.protocol.resources import State, VmState
from appliance.services.common import accepted_before, clean_name, find, link_wait_s
from appliance.services.compute.data_disks import disks_are_made, forget_new_disks
from appliance.services.compute.endings import move
from appliance.services.compute.models import VmRow
from appliance.services.compute.service import Compute
from appliance.services.compute.wiring import check_network, wire_for
from appliance.services.firewall.telling import tell_hosts
from appliance.services.hardware.models import USUAL, keep_hardware
from appliance.services.infrastructure.models import HostRow
from appliance.services.networks.documents import Documents
from appliance.services.networks.models import NicRow
from appliance.services.parts import Parts
from appliance.services.settings import NEW_MACHINES
from appliance.services.storage.models import PrimaryStorageRow, VolumeRow
from appliance.services.storage.places import check_room
from appliance.services.storage.refs import ref_of
from appliance.services.tenancy import quotas
from appliance.services.tenancy.belonging import owner_for
from appliance.services.upkeep.unknown import Unknown, problems_of
from appliance.store.database import Transaction
from appliance.store.fields import now_ms
from appliance.store.rows import insert
from hostagent.protocol import commands as c
from hostagent.protocol.foreign import (
    ForeignDomain,
    ForsakenDisk,
    ReleaseDomainParams,
    TakeDiskParams,
    TakeFirmwareParams,
)
from hostagent.protocol.hardware import ForgetParams
from hostagent.protocol.storage import VolumeRef

MiB = 1024**2


class Adopting:
    """`host.adopt_vm`. Until its last step nothing of the domain has changed."""

    def __init__(
        self, parts: Parts, compute: Compute, documents: Documents, unknown: Unknown
    ) -> None:
        self._store, self._links, self._runner = parts.store, parts.hosts, parts.runner
        self._settings = parts.settings
        self._compute = compute
        self._documents = documents
        self._unknown = unknown
        self._job = parts.runner.define(
            JobDefinition(
                operation="host.adopt_vm",
                steps=(
                    Step("take_disks", self._take_disks, self._delete_disks),
                    Step("take_firmware", self._take_firmware, self._forget_firmware),
                    Step("release_domain", self._release, forward_only=True),
                ),
                steps_for=_chosen_steps,
                done=self._adopted,
                failed=self._not_adopted,
            )
        )
        parts.registry.bind("host.adopt_vm", self._adopt)

    async def _adopt(self, call: Call, request: HostAdoptVm) -> Accepted:
        known = await self._store.read(lambda: VmRow.get_or_none(VmRow.id == request.machine))
        if known is not None:
            return await self._again(call.target, known)
        found = await self._unknown.on_host(call.target)
        domain = next((one for one in found if one.domain_id == request.machine), None)
        if domain is None:
            raise NotFound("foreign.gone", field="machine", id=request.machine)
        _check(domain)
        return await self._store.write(lambda tx: self._accept(tx, call, request, domain))

    async def _again(self, host_id: str, known: VmRow) -> Accepted:
        """Somebody asks a second time for what is ours by now."""
        if known.last_host_id != host_id or known.image_id:
            raise Conflict("foreign.known", field="machine", name=known.name)
        return await self._store.read(lambda: accepted_before(known.id))

    def _accept(
        self, tx: Transaction, call: Call, request: HostAdoptVm, domain: ForeignDomain
    ) -> Accepted:
        host = find(HostRow, call.target, "host")
        if host.state in (HostState.PRE_MAINTENANCE, HostState.MAINTENANCE):
            raise Conflict("host.in_maintenance", name=host.name)
        storage = _storage(host, request.primary_storage_id)
        owner_id = owner_for(call.caller, request.owner_id, field="owner_id")
        sizes = [_whole(disk.size_bytes) for disk in domain.disks]
        quotas.check(owner_id, {"vm": 1, "data_volume": len(sizes) - 1, "volume_bytes": sum(sizes)})
        check_room(storage, host.id, sum(sizes))
        vm = _vm_row(request, domain, host, owner_id)
        insert(tx, vm)
        groups = self._add_nics(tx, vm, request)
        if domain.firmware != USUAL.firmware:
            firmware = msgspec.convert(domain.firmware, Firmware)
            keep_hardware(tx, vm.id, Hardware(firmware=firmware), runs=False)
        buses = [disk.our_bus for disk in domain.disks]
        volumes = _add_disks(tx, vm, storage, sizes, buses)
        tell_hosts(tx, self._documents, groups)
        disks = [
            {"path": disk.path, "volume": msgspec.to_builtins(ref)}
            for disk, ref in zip(domain.disks, volumes, strict=True)
        ]
        new = NewJob(
            definition=self._job,
            queue=f"vm:{vm.id}",
            resource_kind="vm",
            resource_id=vm.id,
            resource_name=vm.name,
            data={
                "host_id": host.id,
                "disks": disks,
                "before": VmState.CREATED,
                "firmware": domain.firmware,
            },
        )
        accepted = self._runner.accept(tx, call.caller, new)
        tx.execute("UPDATE volume SET job_id = ? WHERE vm_id = ?", accepted.jobs[0].id, vm.id)
        for kind, ref in (("vm", vm.id), ("host", host.id)):
            tx.touch(kind, ref)
        return accepted

    def _add_nics(self, tx: Transaction, vm: VmRow, request: HostAdoptVm) -> set[str]:
        """NICs in networks of ours, with the MACs that the guest knows; returns their groups."""
        is_filtered = self._settings.get(NEW_MACHINES) == "default"
        taken: set[str] = set()
        groups: set[str] = set()
        for position, wanted in enumerate(request.nics):
            field = f"nics[{position}]."
            if wanted.mac is not None and NicRow.select().where(NicRow.mac == wanted.mac).exists():
                raise Conflict("foreign.mac_taken", field=f"{field}mac", mac=wanted.mac)
            wire = wire_for(wanted, vm.owner_id, is_filtered=is_filtered, field=field)
            check_network(wire, [vm.cluster_id], taken, vm.name)
            wire.claim(tx, vm.id, position, wanted.mac)
            taken.add(wire.network.id)
            groups |= wire.security_group_ids
        return groups

    # Steps and endings

    async def _take_disks(self, run: JobRun) -> None:
        """Volumes with the content of the domain's disks, which stay as they are."""
        for disk in run.data["disks"]:
            params = TakeDiskParams(
                domain_id=run.resource_id,
                path=disk["path"],
                volume=msgspec.convert(disk["volume"], VolumeRef),
            )
            await self._call(run, c.FOREIGN_TAKE_DISK, params, report=run.report)

    async def _delete_disks(self, run: JobRun) -> None:
        for disk in run.data["disks"]:
            await self._call(run, c.VOLUME_DELETE, msgspec.convert(disk["volume"], VolumeRef))

    async def _take_firmware(self, run: JobRun) -> None:
        """What its UEFI has kept, such as what to boot, goes along."""
        params = TakeFirmwareParams(domain_id=run.resource_id, volume=_root_of(run))
        await self._call(run, c.FOREIGN_TAKE_FIRMWARE, params)

    async def _forget_firmware(self, run: JobRun) -> None:
        params = ForgetParams(vm_id=run.resource_id, volume=_root_of(run))
        await self._call(run, c.DOMAIN_FORGET, params)

    async def _release(self, run: JobRun) -> None:
        """The domain is forgotten, with the former names of what are volumes now."""
        disks = [msgspec.convert(disk, ForsakenDisk) for disk in run.data["disks"]]
        params = ReleaseDomainParams(domain_id=run.resource_id, disks=disks)
        await self._call(run, c.FOREIGN_RELEASE, params)

    async def _call(
        self, run: JobRun, command: c.Command[Any, Any], params: Any, **how: Any
    ) -> Any:
        return await self._links.call(
            run.data["host_id"],
            command,
            params,
            on_wait=run.wait,
            wait_s=link_wait_s(run),
            **how,
        )

    def _adopted(self, tx: Transaction, run: JobRun) -> None:
        disks_are_made(tx, run.resource_id)
        move(tx, run.resource_id, VmState.STOPPED)

    def _not_adopted(self, tx: Transaction, run: JobRun, error: ApiError) -> None:
        """As if nobody had asked; the domain is what it was."""
        forget_new_disks(tx, run)
        self._compute.forget(tx, run)


def _chosen_steps(data: dict[str, Any]) -> tuple[str, ...]:
    """A BIOS keeps nothing."""
    is_uefi = data.get("firmware", USUAL.firmware) != USUAL.firmware
    firmware = ("take_firmware",) if is_uefi else ()
    return ("take_disks", *firmware, "release_domain")


def _root_of(run: JobRun) -> VolumeRef:
    return msgspec.convert(run.data["disks"][0]["volume"], VolumeRef)


def _check(domain: ForeignDomain) -> None:
    """Raises Conflict with all that stands against taking a domain over."""
    name = domain.title or domain.name
    problems = problems_of(domain)
    if problems:
        raise Conflict("foreign.not_now", field="machine", name=name, problems=", ".join(problems))
    if len(domain.disks) > DATA_VOLUMES_MAX + 1:
        raise Conflict(
            "foreign.too_many_disks", name=name, count=len(domain.disks), most=DATA_VOLUMES_MAX + 1
        )


def _storage(host: HostRow, storage_id: str) -> PrimaryStorageRow:
    """A local storage of the host's cluster; raises NotFound or InvalidInput."""
    storage = find(PrimaryStorageRow, storage_id, "primary_storage", field="primary_storage_id")
    is_here = storage.cluster_id == host.cluster_id and storage.kind == "local"
    if not is_here or storage.state != State.ENABLED:
        raise InvalidInput(
            "foreign.no_place", field="primary_storage_id", name=storage.name, host=host.name
        )
    return storage


def _vm_row(request: HostAdoptVm, domain: ForeignDomain, host: HostRow, owner_id: str) -> VmRow:
    name = request.name or domain.title or domain.name
    return VmRow(
        id=domain.domain_id,
        name=clean_name(name),
        description=request.description,
        cluster=host.cluster_id,
        last_host_id=host.id,
        image_id="",
        cpu_count=domain.cpu_count,
        memory_bytes=domain.memory_bytes,
        state=VmState.CREATED,
        state_reason="",
        ssh_public_key="",
        user_data="",
        owner_id=owner_id,
        accelerator=host.agent.facts.accelerator,
        created_at=now_ms(),
    )


def _add_disks(
    tx: Transaction, vm: VmRow, storage: PrimaryStorageRow, sizes: list[int], buses: list[str]
) -> list[VolumeRef]:
    """The first disk is the root disk, the others are data disks, in their order."""
    made = []
    for position, (size_bytes, bus) in enumerate(zip(sizes, buses, strict=True)):
        row = VolumeRow(
            id=new_id(),
            name=vm.name if not position else f"{vm.name}-data-{position}",
            vm_id=vm.id,
            position=position,
            kind="data" if position else "root",
            primary_storage=storage,
            host_id=vm.last_host_id,
            size_bytes=size_bytes,
            bus=bus,
            owner_id=vm.owner_id,
            status="creating",
            created_at=now_ms(),
        )
        insert(tx, row)
        tx.touch("volume", row.id)
        made.append(VolumeRef(volume_id=row.id, storage=ref_of(storage)))
    return made


def _whole(size_bytes: int) -> int:
    """What hosts make is of whole MiB."""
    return -(-size_bytes // MiB) * MiB
