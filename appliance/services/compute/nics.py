"""NICs that machines get and lose, also while they run; and which of them is the default one."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
from msgspec import UNSET

from appliance.engine.calls import Call
from appliance.engine.jobs import JobDefinition, JobRun, NewJob, Step
from appliance.protocol.errors import ApiError, Conflict, InvalidInput
from appliance.protocol.operations import Accepted
from appliance.protocol.requests import NICS_MAX, VmAttachNic, VmNic, VmSetNicLimits
from appliance.services.compute.standing import Standing, check_state, load_standing
from appliance.services.compute.steps import VmSteps
from appliance.services.compute.target import nics_of
from appliance.services.compute.wiring import check_network, wire_for
from appliance.services.firewall.membership import groups_of_vm
from appliance.services.firewall.telling import tell_hosts
from appliance.services.networks.documents import Documents
from appliance.services.networks.models import ElasticIpRow, NetworkRow, NicRow
from appliance.services.networks.tunnels import unable
from appliance.services.parts import Parts
from appliance.services.settings import NEW_MACHINES
from appliance.store.database import Transaction
from hostagent.protocol import commands as c
from hostagent.protocol.domain import NicParams, NicSpec


class Nics:
    """The NICs of machines. A NIC has its row, and so its address, from acceptance on until its
    machine has really lost it.
    """

    def __init__(self, parts: Parts, steps: VmSteps, documents: Documents) -> None:
        self._store = parts.store
        self._runner = parts.runner
        self._settings = parts.settings
        self._steps = steps
        self._documents = documents
        self._attach_job = parts.runner.define(
            JobDefinition(
                operation="vm.attach_nic",
                steps=(
                    Step("configure_network", steps.configure_network),
                    Step("plug_nic", self._plug, self._unplug),
                ),
                failed=self._not_attached,
                steps_for=_steps_if_placed("configure_network", "plug_nic"),
            )
        )
        self._detach_job = parts.runner.define(
            JobDefinition(
                operation="vm.detach_nic",
                steps=(Step("unplug_nic", self._unplug, self._plug),),
                done=self._forget,
                steps_for=_steps_if_placed("unplug_nic"),
            )
        )
        parts.registry.bind("vm.attach_nic", self._attach)
        parts.registry.bind("vm.detach_nic", self._detach)
        parts.registry.bind("vm.set_default_nic", self._set_default)
        parts.registry.bind("vm.set_nic_limits", self._set_limits)

    # Operations

    async def _attach(self, call: Call, request: VmAttachNic) -> Accepted:
        def accept(tx: Transaction) -> Accepted:
            vm = load_standing(tx, call.target)
            check_state(vm, "attach_nic")
            is_filtered = self._settings.get(NEW_MACHINES) == "default"
            wire = wire_for(request, vm.owner_id, is_filtered=is_filtered)
            nics = _nics_with_room(vm)
            check_network(wire, [vm.cluster_id], {nic.network_id for nic in nics}, vm.name)
            _check_host(vm, wire.network)
            last = max((nic.position for nic in nics), default=-1)
            nic_id = wire.claim(tx, vm.id, last + 1)
            tell_hosts(tx, self._documents, wire.security_group_ids)
            tx.touch("vm", vm.id)
            return self._accept(tx, call, self._attach_job, vm, nic_id)

        return await self._store.write(accept)

    async def _detach(self, call: Call, request: VmNic) -> Accepted:
        def accept(tx: Transaction) -> Accepted:
            vm = load_standing(tx, call.target)
            check_state(vm, "detach_nic")
            nic = _nic_of(vm.id, request.nic_id)
            if nic.id == _default_of(vm.id):
                raise Conflict("vm.default_nic", field="nic_id", name=vm.name)
            return self._accept(tx, call, self._detach_job, vm, nic.id)

        return await self._store.write(accept)

    async def _set_default(self, call: Call, request: VmNic) -> Any:
        def change(tx: Transaction) -> Any:
            vm = load_standing(tx, call.target)
            nic = _nic_of(vm.id, request.nic_id)
            if nic.id != _default_of(vm.id):
                tx.execute(
                    "UPDATE nic SET position = "
                    "(SELECT min(y.position) FROM nic y WHERE y.vm_id = nic.vm_id) - 1 "
                    "WHERE id = ?",
                    nic.id,
                )
                tx.touch("vm", vm.id)
                if vm.host_id is not None:
                    tx.on_commit(partial(self._documents.soon, vm.host_id))
            return self._store.kinds.render_one("vm", vm.id)

        return await self._store.write(change)

    async def _set_limits(self, call: Call, request: VmSetNicLimits) -> Any:
        given = {
            name: value
            for name in ("inbound_bits_per_s", "outbound_bits_per_s")
            if (value := getattr(request, name)) is not UNSET
        }

        def change(tx: Transaction) -> Any:
            vm = load_standing(tx, call.target)
            meant = NicRow.vm_id == vm.id
            if request.nic_id is not None:
                meant &= NicRow.id == _nic_of(vm.id, request.nic_id).id
            if given:
                NicRow.update(given).where(meant).execute()
                tx.touch("vm", vm.id)
                if vm.host_id is not None:
                    tx.on_commit(partial(self._documents.soon, vm.host_id))
            return self._store.kinds.render_one("vm", vm.id)

        return await self._store.write(change)

    def _accept(
        self, tx: Transaction, call: Call, definition: JobDefinition, vm: Standing, nic_id: str
    ) -> Accepted:
        (nic,) = [one for one in nics_of(vm.id) if one.nic_id == nic_id]
        data = vm.job_data | {
            "nic": msgspec.to_builtins(nic),
            "is_placed": vm.host_id is not None,
        }
        new = NewJob(
            definition=definition,
            queue=f"vm:{vm.id}",
            resource_kind="vm",
            resource_id=vm.id,
            resource_name=vm.name,
            data=data,
        )
        return self._runner.accept(tx, call.caller, new)

    # Steps

    async def _plug(self, run: JobRun) -> None:
        """Plug it in; a machine that has stopped meanwhile gets it when it starts."""
        await self._steps.call(run, c.DOMAIN_ATTACH_NIC, _params(run), code="vm.nic_not_attached")

    async def _unplug(self, run: JobRun) -> None:
        """Pull it out; the guest has to let go of it."""
        await self._steps.call(run, c.DOMAIN_DETACH_NIC, _params(run), code="vm.nic_not_detached")

    # Endings

    def _not_attached(self, tx: Transaction, run: JobRun, error: ApiError) -> None:
        self._forget(tx, run)

    def _forget(self, tx: Transaction, run: JobRun) -> None:
        """The NIC gives its address back; an elastic IP that it had is free."""
        nic_id = run.data["nic"]["nic_id"]
        nic = NicRow.get_or_none(NicRow.id == nic_id)
        if nic is None:
            return
        for row in ElasticIpRow.select(ElasticIpRow.id).where(ElasticIpRow.nic_id == nic_id):
            tx.touch("elastic_ip", row.id)
        tell_hosts(tx, self._documents, groups_of_vm(nic.vm_id))
        nic.delete_instance()
        tx.touch("vm", nic.vm_id)
        tx.touch("network", nic.network_id)
        tx.on_commit(partial(self._documents.soon, run.data["host_id"]))


def _steps_if_placed(*names: str) -> Any:
    """A machine that is off has nothing to be plugged into."""
    return lambda data: names if data["is_placed"] else ()


def _params(run: JobRun) -> NicParams:
    nic = msgspec.convert(run.data["nic"], NicSpec)
    return NicParams(vm_id=run.resource_id, nic=nic)


def _check_host(vm: Standing, network: NetworkRow) -> None:
    """Raises Conflict if the machine's host cannot carry a network."""
    host_id = vm.host_id or vm.volume_host_id
    if host_id and network.id in dict(unable(host_id)):
        raise Conflict("vm.network_not_there", field="network_id", name=network.name)


def _nics_with_room(vm: Standing) -> list[NicRow]:
    """The machine's NICs; raises Conflict if there may be no other one."""
    nics = list(NicRow.select().where(NicRow.vm_id == vm.id))
    if len(nics) >= NICS_MAX:
        raise Conflict("vm.too_many_nics", name=vm.name, count=NICS_MAX)
    return nics


def _nic_of(vm_id: str, nic_id: str) -> NicRow:
    nic = NicRow.get_or_none(NicRow.id == nic_id, NicRow.vm_id == vm_id)
    if nic is None:
        raise InvalidInput("resource.not_found", field="nic_id", kind="nic", id=nic_id)
    return nic


def _default_of(vm_id: str) -> str:
    first = NicRow.select(NicRow.id).where(NicRow.vm_id == vm_id).order_by(NicRow.position).first()
    return first.id if first is not None else ""
