"""Machines that get another size: at once if they are off; while they run they only grow.

What a running machine grows by is claimed, of its host and of its owner's quotas, in the
transaction that accepts the job. A job that fails asks the host what the machine really has: that
is what it claims from then on.
"""

from __future__ import annotations

from typing import Any

from appliance.engine import ledger
from appliance.engine.calls import Call
from appliance.engine.jobs import JobDefinition, JobRun, NewJob, Step
from appliance.protocol.errors import ApiError, Conflict, InvalidInput, NoResources
from appliance.protocol.hardware import MEMORY_STEP_BYTES
from appliance.protocol.hardware_requests import VmResize
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import State
from appliance.services.common import find
from appliance.services.compute.models import VmRow
from appliance.services.compute.standing import Standing, check_state, load_standing
from appliance.services.compute.steps import VmSteps
from appliance.services.hardware.models import hardware_of, running_hardware_of
from appliance.services.hardware.rules import check_hardware
from appliance.services.images.models import InstanceOfferingRow
from appliance.services.infrastructure.models import HostRow
from appliance.services.parts import Parts
from appliance.services.tenancy import quotas
from appliance.store.database import Transaction
from hostagent.protocol import commands as c
from hostagent.protocol.domain import VmRef
from hostagent.protocol.hardware import GrowParams, Size


class Resizing:
    """Changes CPUs and memory of machines."""

    def __init__(self, parts: Parts, steps: VmSteps) -> None:
        self._store = parts.store
        self._runner = parts.runner
        self._steps = steps
        self._job = parts.runner.define(
            JobDefinition(
                operation="vm.resize",
                steps=(Step("grow_machine", self._grow, self._look),),
                steps_for=lambda data: ("grow_machine",) if data["is_placed"] else (),
                failed=self._not_resized,
            )
        )
        parts.registry.bind("vm.resize", self._resize)

    async def _resize(self, call: Call, request: VmResize) -> Accepted:
        def accept(tx: Transaction) -> Accepted:
            vm = load_standing(tx, call.target)
            if not (request.offering_id or request.cpu_count or request.memory_bytes):
                raise InvalidInput("vm.size_needed", field="offering_id")
            check_state(vm, "resize")
            cpu_count, memory_bytes = wanted_size(vm, request)
            check_hardware(hardware_of(vm.id), cpu_count, memory_bytes)
            if vm.host_id is not None:
                check_growth(vm, cpu_count, memory_bytes)
                claim_growth(vm, cpu_count, memory_bytes)
            offering_id = VmRow.get_by_id(vm.id).offering_id
            tx.execute(
                "UPDATE vm SET cpu_count = ?, memory_bytes = ?, offering_id = ? WHERE id = ?",
                *(cpu_count, memory_bytes, request.offering_id, vm.id),
            )
            _touch(tx, vm.id, vm.host_id)
            data = vm.job_data | {
                "is_placed": vm.host_id is not None,
                "before": [vm.cpu_count, vm.memory_bytes, offering_id],
                "after": [cpu_count, memory_bytes],
            }
            return self._runner.accept(tx, call.caller, self._new(vm, data))

        return await self._store.write(accept)

    def _new(self, vm: Standing, data: dict[str, Any]) -> NewJob:
        return NewJob(
            definition=self._job,
            queue=f"vm:{vm.id}",
            resource_kind="vm",
            resource_id=vm.id,
            resource_name=vm.name,
            data=data,
        )

    # Steps

    async def _grow(self, run: JobRun) -> None:
        """Plug it in; a machine that has stopped meanwhile gets it when it starts."""
        run.data["asked"] = True
        cpu_count, memory_bytes = run.data["after"]
        params = GrowParams(vm_id=run.resource_id, cpu_count=cpu_count, memory_bytes=memory_bytes)
        await self._steps.call(run, c.DOMAIN_GROW, params, code="vm.not_grown")

    async def _look(self, run: JobRun) -> None:
        """Find out what the machine has got, and claim that. Later jobs know better."""
        size: Size = await self._steps.call(run, c.DOMAIN_SIZE, VmRef(vm_id=run.resource_id))
        cpu_count, memory_bytes, offering_id = run.data["before"]
        if size.is_active:
            cpu_count, memory_bytes = size.cpu_count, size.memory_bytes

        def note(tx: Transaction) -> None:
            _set_back(tx, run, (cpu_count, memory_bytes, offering_id))

        await self._store.write(note)

    def _not_resized(self, tx: Transaction, run: JobRun, error: ApiError) -> None:
        """If the host was not asked yet, the machine is what it was. Else `_look` says."""
        if "asked" not in run.data:
            _set_back(tx, run, tuple(run.data["before"]))


def wanted_size(vm: Standing, request: VmResize) -> tuple[int, int]:
    """CPUs and bytes of memory; raises NotFound or Conflict naming the offering."""
    cpu_count, memory_bytes = request.cpu_count, request.memory_bytes
    if request.offering_id is not None:
        offering = find(
            InstanceOfferingRow, request.offering_id, "instance_offering", field="offering_id"
        )
        if offering.state != State.ENABLED:
            raise Conflict("resource.disabled", field="offering_id", name=offering.name)
        cpu_count = cpu_count or offering.cpu_count
        memory_bytes = memory_bytes or offering.memory_bytes
    return cpu_count or vm.cpu_count, memory_bytes or vm.memory_bytes


def check_growth(vm: Standing, cpu_count: int, memory_bytes: int) -> None:
    """Raises Conflict if a machine that runs cannot become as large while it does."""
    room = running_hardware_of(vm.id)
    if cpu_count < vm.cpu_count or memory_bytes < vm.memory_bytes:
        raise Conflict("vm.no_live_shrink", name=vm.name)
    most = max(vm.cpu_count, room.max_cpu_count)
    if cpu_count > most:
        raise Conflict("vm.no_room_for_cpus", field="cpu_count", name=vm.name, count=most)
    most_bytes = max(vm.memory_bytes, room.max_memory_bytes)
    if memory_bytes > most_bytes:
        raise Conflict(
            "vm.no_room_for_memory", field="memory_bytes", name=vm.name, most_bytes=most_bytes
        )
    if (memory_bytes - vm.memory_bytes) % MEMORY_STEP_BYTES:
        raise InvalidInput(
            "hardware.memory_step", field="memory_bytes", step_bytes=MEMORY_STEP_BYTES
        )
    if memory_bytes > vm.memory_bytes and running_hardware_of(vm.id).numa:
        raise Conflict("vm.numa_fixed", field="memory_bytes", name=vm.name)


def claim_growth(vm: Standing, cpu_count: int, memory_bytes: int) -> None:
    """Raises NoResources if the host or the owner's quotas have no room for what is added.

    The rows that are written next are the claim.
    """
    cpus, size = cpu_count - vm.cpu_count, memory_bytes - vm.memory_bytes
    quotas.check(vm.owner_id, {"cpu": cpus, "memory": size})
    host = HostRow.get_by_id(vm.host_id)
    cpu = ledger.usage("cpu", [host.id])[host.id]
    if cpus and cpu.free < cpus:
        raise NoResources(
            "placement.no_cpu",
            field="cpu_count",
            host=host.name,
            needed=cpus,
            free=cpu.free,
            ratio=host.cpu_ratio,
            count=1,
        )
    memory = ledger.usage("memory", [host.id])[host.id]
    if size and memory.free < size:
        raise NoResources(
            "placement.no_memory",
            field="memory_bytes",
            host=host.name,
            needed_bytes=size,
            free_bytes=memory.free,
            reserved_bytes=host.memory_reserved_bytes,
            count=1,
        )


def _set_back(tx: Transaction, run: JobRun, size: tuple[int, int, str | None]) -> None:
    """Unless a later job has given the machine another size."""
    cpu_count, memory_bytes = run.data["after"]
    changed = tx.execute(
        "UPDATE vm SET cpu_count = ?, memory_bytes = ?, offering_id = ? "
        "WHERE id = ? AND cpu_count = ? AND memory_bytes = ?",
        *(*size, run.resource_id, cpu_count, memory_bytes),
    )
    if changed.rowcount:
        _touch(tx, run.resource_id, run.data["host_id"])


def _touch(tx: Transaction, vm_id: str, host_id: str | None) -> None:
    tx.touch("vm", vm_id)
    if host_id and HostRow.get_or_none(HostRow.id == host_id):
        tx.touch("host", host_id)
