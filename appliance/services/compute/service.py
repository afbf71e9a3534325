"""Operations on virtual machines."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from appliance.engine.calls import SYSTEM, Call, Caller
from appliance.engine.jobs import JobDefinition, JobRun, NewJob, Step
from appliance.engine.runner import Runner
from appliance.protocol import requests as q
from appliance.protocol.errors import ApiError, Conflict
from appliance.protocol.guests import VmUpdate
from appliance.protocol.ids import is_id
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import (
    Job,
    VmState,
)
from appliance.protocol.results import (
    PlacementReport,
)
from appliance.services.common import accepted_before, updater
from appliance.services.compute.affinity import affinity_of
from appliance.services.compute.bonds import bonds_of
from appliance.services.compute.creation import (
    Ingredients,
    check_request,
    create_rows,
    digest,
    explain_creation,
    gather,
    names_of,
)
from appliance.services.compute.data_disks import hold_new_disks, new_disks
from appliance.services.compute.endings import Endings, move
from appliance.services.compute.keepers import keeper_for, refuse_without_state
from appliance.services.compute.models import VmRow
from appliance.services.compute.nics import Nics
from appliance.services.compute.owed import Debt, Owed, debt_of, forget_debt
from appliance.services.compute.placement import (
    Wish,
    choose_host,
    special_networks_of,
)
from appliance.services.compute.standing import Standing, check_state, load_standing
from appliance.services.compute.steps import VmSteps
from appliance.services.compute.sync import StateSync
from appliance.services.compute.views import read_vms
from appliance.services.firewall.telling import tell_hosts
from appliance.services.guests.busy import refuse_if_reimaging
from appliance.services.guests.discs import has_discs
from appliance.services.guests.settings import change_start_data
from appliance.services.guests.start_data import user_data_bytes
from appliance.services.hardware.changing import HardwareChanges
from appliance.services.hardware.models import hardware_of
from appliance.services.hardware.processor import check_host, needs_of_vm
from appliance.services.hardware.resizing import Resizing
from appliance.services.networks.documents import Guest
from appliance.services.networks.service import Networks
from appliance.services.parts import Parts
from appliance.services.settings import NEW_MACHINES, VM_DELETION
from appliance.services.storage.models import VolumeRow
from appliance.services.tenancy import quotas
from appliance.services.tenancy.belonging import owner_for
from appliance.store.database import Transaction
from appliance.store.fields import database, tuples
from appliance.store.kinds import Relation, ResourceKind


class Compute:
    """Virtual machines."""

    def __init__(self, parts: Parts, networks: Networks) -> None:
        self._store = parts.store
        self._links = parts.hosts
        self._runner: Runner = parts.runner
        self._settings = parts.settings
        self._networks = networks
        self.owed = Owed()
        self.sync = StateSync(parts.store, parts.hosts, networks.documents, self.owed)
        self.steps = VmSteps(parts.store, parts.hosts, networks.documents, self.sync)
        self._endings = Endings(parts.hosts, networks.documents, self.sync, self.owed)
        networks.set_guest_source(guests_on)
        parts.store.kinds.add(
            ResourceKind(
                name="vm",
                model=VmRow,
                read=read_vms,
                search=(
                    "name",
                    "id",
                    "description",
                    "nics.address",
                    "nics.ipv6_address",
                    "nics.mac",
                ),
                internal=frozenset({"user_data", "request_sha256", "resume"}),
                relations={
                    "cluster": Relation("cluster", ("cluster_id", "id")),
                    "host": Relation("host", ("host_id", "id")),
                    "last_host": Relation("host", ("last_host_id", "id")),
                    "image": Relation("image", ("image_id", "id")),
                    "offering": Relation("instance_offering", ("offering_id", "id")),
                    "affinity_group": Relation("affinity_group", ("affinity_group_id", "id")),
                    "owner": Relation("account", ("owner_id", "id")),
                    "nics": Relation("nic", ("id", "vm_id"), many=True),
                    "volumes": Relation("volume", ("id", "vm_id"), many=True),
                    "jobs": Relation("job", ("id", "resource_id"), many=True),
                },
                aliases={
                    "zone_id": "cluster.zone_id",
                    "host_name": "host.name",
                    "image_name": "image.name",
                },
                owner="owner_id",
            )
        )
        self._jobs: dict[str, JobDefinition] = {}
        self._define_jobs()
        Nics(parts, self.steps, networks.documents)
        HardwareChanges(parts)
        Resizing(parts, self.steps)
        bind = parts.registry.bind
        bind("vm.create", self._create)
        bind("vm.plan", self._plan)
        bind("vm.bulk", self._bulk)
        bind("vm.update", updater(parts.store, VmRow, "vm", self._changed))
        for verb in ("start", "stop", "reboot", "pause", "resume", "destroy", "recover", "expunge"):
            bind(f"vm.{verb}", self._action(verb))

    def _define_jobs(self) -> None:
        s, ends = self.steps, self._endings
        start = (
            Step("cache_discs", s.cache_discs),
            Step("configure_network", s.configure_network, s.release),
            Step("start_domain", s.start_domain, s.take_back_start),
        )
        self._define(
            "create",
            (
                Step("cache_image", s.cache_image),
                Step("create_disk", s.create_disk, s.delete_disk),
                Step("create_data_disks", s.create_data_disks, s.delete_data_disks),
                *start,
            ),
            done=ends.created,
            failed=ends.not_created,
            again=ends.create_elsewhere,
            steps_for=_creation_steps,
        )
        self._define(
            "start", start, done=ends.running, failed=ends.not_started, steps_for=_start_steps
        )
        gone = (
            Step("delete_disk", s.delete_disk, forward_only=True),
            Step("drop_caches", s.drop_cache_of_deleted_image),
        )
        off = Step("power_off", s.power_off, s.look)
        self._define(
            "stop",
            (Step("shut_down", s.shut_down, s.look), off, Step("release", s.release)),
            done=ends.stopped,
            failed=ends.back,
            steps_for=_stop_steps,
        )
        self._define(
            "reboot",
            (Step("reboot_domain", s.reboot_domain, s.look),),
            done=ends.running,
            failed=ends.back,
        )
        self._define(
            "pause",
            (Step("pause_domain", s.pause_domain, s.look),),
            done=ends.paused,
            failed=ends.back,
        )
        self._define(
            "resume",
            (Step("resume_domain", s.resume_domain, s.look),),
            done=ends.running,
            failed=ends.back,
        )
        self._define(
            "destroy",
            (off, Step("release", s.release), *gone),
            done=ends.destroyed,
            failed=ends.back,
            steps_for=_destroy_steps,
            can_cancel=False,
        )
        self._define("recover", (), done=ends.stopped, failed=ends.back)
        self._define(
            "expunge",
            (
                Step("power_off", s.power_off),
                Step("release", s.release),
                *gone,
            ),
            done=ends.forgotten,
            failed=ends.back,
            can_cancel=False,
        )

    def _define(self, verb: str, steps: tuple[Step, ...], **hooks: Any) -> None:
        definition = JobDefinition(operation=f"vm.{verb}", steps=steps, **hooks)
        self._jobs[verb] = self._runner.define(definition)

    # Operations

    async def _create(self, call: Call, request: q.VmCreate) -> Accepted:
        check_request(request)

        def create(tx: Transaction) -> Accepted:
            if request.id is not None and is_id(request.id):
                existing = VmRow.get_or_none(VmRow.id == request.id)
                if existing is not None:
                    owner_id = owner_for(call.caller, request.owner_id, field="owner_id")
                    return _same_or_conflict(existing, request, owner_id)
            ingredients = self._gather(call.caller, request)
            jobs: list[Job] = []
            for name in names_of(request):
                vm = create_rows(tx, request, name, ingredients)
                data = load_standing(tx, vm.id).job_data | ingredients.source.job_data
                data |= {
                    "start": request.start,
                    "pinned": (request.host_id or ingredients.source.bound_host_id) is not None,
                    "tried": [],
                    "data_disks": new_disks(vm.id) if request.data_disks else [],
                    "has_discs": request.iso_id is not None,
                }
                new = self._new(vm.id, vm.name, "create", data)
                accepted = self._runner.accept(tx, call.caller, new).jobs
                if request.data_disks:
                    hold_new_disks(tx, vm.id, accepted[0].id)
                jobs += accepted
            tell_hosts(tx, self._networks.documents, ingredients.security_group_ids)
            return Accepted(jobs=jobs, resource_ids=[job.resource_id for job in jobs])

        return await self._store.write(create)

    def _changed(self, tx: Transaction, vm: VmRow, request: VmUpdate) -> None:
        """Volumes show the name of their machine; its host tells it what it is to know."""
        if request.name is not UNSET:
            for (ref,) in tuples(VolumeRow.select(VolumeRow.id).where(VolumeRow.vm_id == vm.id)):
                tx.touch("volume", ref)
        change_start_data(tx, vm, request)
        if vm.host_id is not None:
            tx.on_commit(partial(self._networks.documents.soon, vm.host_id))

    async def _plan(self, call: Call, request: q.VmCreate) -> PlacementReport:
        check_request(request)

        def plan() -> PlacementReport:
            return explain_creation(request, self._gather(call.caller, request))

        report = await self._store.read(plan)
        # Hosts are none of a tenant's business; whether and why something fits is.
        return report if call.caller.is_admin else replace(report, candidates=[])

    def _gather(self, caller: Caller, request: q.VmCreate) -> Ingredients:
        is_filtered = self._settings.get(NEW_MACHINES) == "default"
        return gather(caller, request, is_filtered=is_filtered)

    def _action(self, verb: str) -> Callable[[Call, Any], Any]:
        async def handle(call: Call, request: Any) -> Accepted:
            return await self.act(call.caller, verb, call.target, request)

        return handle

    async def act(self, caller: Caller, verb: str, vm_id: str, request: Any = None) -> Accepted:
        """Accept one action on a machine; raises Conflict if its state does not allow it."""

        return await self._store.write(lambda tx: self.accept(tx, caller, verb, vm_id, request))

    def accept(
        self, tx: Transaction, caller: Caller, verb: str, vm_id: str, request: Any = None
    ) -> Accepted:
        """The same within a write."""
        new = self._prepare(tx, caller, verb, load_standing(tx, vm_id), request)
        return self._runner.accept(tx, caller, new)

    async def _bulk(self, call: Call, request: q.VmBulk) -> Accepted:
        options = _BULK_OPTIONS.get(request.action, lambda _: None)(request)

        def accept(tx: Transaction) -> Accepted:
            parts = self._parts(tx, call.caller, request.action, request.ids, options)
            return self._runner.accept_bulk(tx, call.caller, "vm.bulk", "vm", parts)

        return await self._store.write(accept)

    def _parts(
        self, tx: Transaction, caller: Caller, verb: str, ids: Iterable[str], options: Any
    ) -> list[NewJob | tuple[NewJob, ApiError]]:
        """The same for several machines; what is not possible comes with its error."""
        parts: list[NewJob | tuple[NewJob, ApiError]] = []
        for vm_id in dict.fromkeys(ids):
            name = vm_id
            try:
                vm = load_standing(tx, vm_id)
                name = vm.name
                parts.append(self._prepare(tx, caller, verb, vm, options))
            except ApiError as error:
                parts.append((self._new(vm_id, name, verb, {}), error))
        return parts

    def forget(self, tx: Transaction, run: JobRun) -> None:
        """The machine of a job is gone, with its root disk and its addresses; within a write."""
        self._endings.forgotten(tx, run)

    async def start_owed(self, host_id: str, due: Callable[[Transaction], list[str]]) -> None:
        """Start the machines again that are `due` on a host, as parts of one job.

        What cannot be accepted is shown as failed there, and owed no more.
        """

        def accept(tx: Transaction) -> None:
            ids = due(tx)
            if not ids:
                return
            parts = self._parts(tx, SYSTEM, "start", ids, None)
            for vm_id in ids:
                forget_debt(tx, vm_id)
            name = tx.execute("SELECT name FROM host WHERE id = ?", host_id).fetchone()[0]
            self._runner.accept_bulk(tx, SYSTEM, "host.restart_vms", "host", parts, name=name)

        await self._store.write(accept)

    def _prepare(
        self, tx: Transaction, caller: Caller, verb: str, vm: Standing, request: Any
    ) -> NewJob:
        """Check and claim what one action needs; raises ApiError and then changes nothing."""
        check_state(vm, verb)
        if vm.state == VmState.DESTROYED:
            _refuse_if_recovering(tx, vm)
        if vm.state == VmState.STOPPED:
            refuse_if_reimaging(tx, vm)
        policy = self._settings.get(VM_DELETION)
        if verb == "expunge" and policy == "never" and caller is not SYSTEM:
            raise Conflict("vm.kept_for_ever", name=vm.name)
        quotas.check(vm.owner_id, _QUOTAS_OF.get(verb, lambda _: {})(vm))
        debt = debt_of(vm.id) if verb in _SETTLES else None
        if verb == "start":
            vm = dataclasses.replace(vm, host_id=_claim_place(tx, vm, debt))
        data = vm.job_data | {"before": vm.state}
        if verb == "start":
            data["has_discs"] = has_discs(vm.id)
        if debt is not None:
            data["debt"] = debt
            forget_debt(tx, vm.id)
        if verb == "destroy":
            data["direct"] = policy == "direct"
        if isinstance(request, q.VmStop):
            data |= {"force": request.force, "timeout_s": request.timeout_s}
        if isinstance(request, q.VmReboot):
            data |= {"force": request.force}
        if verb in _TRANSIENT_OF:
            move(tx, vm.id, _TRANSIENT_OF[verb])
        return self._new(vm.id, vm.name, verb, data)

    def _new(self, vm_id: str, name: str, verb: str, data: dict[str, Any]) -> NewJob:
        return NewJob(
            definition=self._jobs[verb],
            queue=f"vm:{vm_id}",
            resource_kind="vm",
            resource_id=vm_id,
            resource_name=name,
            data=data,
        )

    async def resume_stopped_by_us(self, host_id: str) -> None:
        """Start the machines again that the appliance itself stopped when it went down."""
        query = VmRow.select(VmRow.id).where(
            VmRow.resume, VmRow.last_host_id == host_id, VmRow.state == VmState.STOPPED
        )
        for (vm_id,) in await self._store.read(lambda: tuples(query)):
            await self.act(SYSTEM, "start", vm_id)


def _refuse_if_recovering(tx: Transaction, vm: Standing) -> None:
    """A machine on its way out of the recycle bin looks as if it lay in there still."""
    found = tx.execute(
        "SELECT 1 FROM job WHERE queue = ? AND finished_at IS NULL AND operation = 'vm.recover'",
        f"vm:{vm.id}",
    )
    if found.fetchone() is not None:
        raise Conflict("vm.recovering", name=vm.name)


# Actions by which somebody decides whether a machine runs, whatever it was owed.
_SETTLES = frozenset({"start", "stop", "destroy"})
# What an action takes of the owner's quotas.
_QUOTAS_OF: dict[str, Callable[[Standing], dict[str, int]]] = {
    "start": lambda vm: {"vm_running": 1, "cpu": vm.cpu_count, "memory": vm.memory_bytes},
    "recover": lambda vm: {"vm": 1},
}
_BULK_OPTIONS: dict[str, Callable[[q.VmBulk], Any]] = {
    "stop": lambda request: q.VmStop(force=request.force),
    "reboot": lambda request: q.VmReboot(force=request.force),
}
_TRANSIENT_OF = {
    "start": VmState.STARTING,
    "stop": VmState.STOPPING,
    "reboot": VmState.REBOOTING,
    "pause": VmState.PAUSING,
    "resume": VmState.RESUMING,
    "destroy": VmState.DESTROYING,
    "expunge": VmState.EXPUNGING,
}


def guests_on(host_id: str) -> list[Guest]:
    """The machines that are placed on a host, or on their way there, for its network document;
    within a read.
    """
    rows = database.execute_sql(
        "SELECT v.id, v.name, v.image_id, v.ssh_public_key, v.user_data, coalesce(g.hostname, ''), "
        "coalesce(g.cloud_init, 'auto') FROM vm v LEFT JOIN vm_guest g ON g.vm_id = v.id "
        "WHERE v.host_id = ?1 OR v.id IN (SELECT vm_id FROM vm_migration WHERE host_id = ?1 "
        "AND cpu_count > 0)",
        (host_id,),
    )
    return [
        Guest(
            vm_id=vm_id,
            name=name,
            host_id=host_id,
            image_id=image_id,
            ssh_public_keys=[] if mode == "none" else keys.splitlines(),
            user_data=user_data_bytes(user_data) if user_data and mode != "none" else None,
            hostname=hostname,
        )
        for vm_id, name, image_id, keys, user_data, hostname, mode in rows
    ]


def _creation_steps(data: dict[str, Any]) -> tuple[str, ...]:
    names = ("cache_image", "create_disk") if data["image_id"] else ("create_disk",)
    if data.get("data_disks"):
        names += ("create_data_disks",)
    return (*names, *_start_steps(data)) if data["start"] else names


def _start_steps(data: dict[str, Any]) -> tuple[str, ...]:
    names = ("configure_network", "start_domain")
    return ("cache_discs", *names) if data.get("has_discs") else names


def _destroy_steps(data: dict[str, Any]) -> tuple[str, ...]:
    names = ("power_off", "release")
    return (*names, "delete_disk", "drop_caches") if data.get("direct") else names


def _stop_steps(data: dict[str, Any]) -> tuple[str, ...]:
    names = ("power_off", "release")
    return names if data["force"] else ("shut_down", *names)


def _claim_place(tx: Transaction, vm: Standing, debt: Debt | None) -> str:
    """Claim CPU and memory where the machine's disks let it run; raises NoResources.

    Disks that hosts share let it run on each that reaches them, the last one first. A machine that
    is owed a start returns to its host, even if that takes no new ones.
    """
    bonds = bonds_of(vm.id)
    last_host_id = vm.last_host_id if debt is None else debt.host_id
    wish = Wish(
        cluster_id=vm.cluster_id,
        cpu_count=vm.cpu_count,
        memory_bytes=vm.memory_bytes,
        storage_id=vm.storage.storage_id,
        host_id=bonds.host_id or keeper_for(vm),
        last_host_id=last_host_id,
        strategy="least_loaded" if bonds.host_id and debt is None else "last_host",
        affinity=affinity_of(vm.id),
        networks=special_networks_of(vm.id),
        needs=needs_of_vm(vm.id, vm.cluster_id),
        is_return=debt is not None,
        storages=bonds.storages,
    )
    host = choose_host(wish)
    refuse_without_state(vm, host.host_id)
    check_host(hardware_of(vm.id), host.host_id)
    tx.execute(
        "UPDATE vm SET host_id = ?, last_host_id = ?, accelerator = ?, resume = 0 WHERE id = ?",
        *(host.host_id, host.host_id, host.accelerator, vm.id),
    )
    return host.host_id


def _same_or_conflict(vm: VmRow, request: q.VmCreate, owner_id: str) -> Accepted:
    if vm.owner_id != owner_id or vm.request_sha256 != digest(request):
        raise Conflict("request.id_taken", field="id", id=vm.id)
    return accepted_before(vm.id)
