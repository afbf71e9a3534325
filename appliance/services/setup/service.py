"""The set-up plan: kept by the service, so that any client can go on with it at any time."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from appliance.engine.calls import Call
from appliance.engine.jobs import JobDefinition, NewJob
from appliance.engine.models import JobRow
from appliance.engine.runner import ACTIVE
from appliance.protocol import requests as q
from appliance.protocol.errors import Conflict, InvalidInput, NotFound
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import SetupPlan, SetupStepPlan
from appliance.services.images.models import ImageRow, InstanceOfferingRow
from appliance.services.images.service import starter_image
from appliance.services.infrastructure.models import AgentRow, ClusterRow, HostRow, ZoneRow
from appliance.services.networks.models import NetworkRow
from appliance.services.parts import Parts
from appliance.services.setup.models import SetupStepRow
from appliance.services.setup.proposals import STEPS, Machine, propose
from appliance.services.setup.removal import Removal
from appliance.services.storage.models import ImageStoreRow, PrimaryStorageRow
from appliance.store.database import Transaction

MODELS: dict[str, Any] = {
    "zone": ZoneRow,
    "cluster": ClusterRow,
    "host": HostRow,
    "image_store": ImageStoreRow,
    "primary_storage": PrimaryStorageRow,
    "offering": InstanceOfferingRow,
    "image": ImageRow,
    "network": NetworkRow,
}
# Fields that tie the steps together; what a client sends for them is not taken.
FIXED = frozenset({"id", "zone_id", "cluster_id", "image_store_id"})


class Setup:
    """Proposals, edits and progress of the seven-step set-up."""

    def __init__(self, parts: Parts, removal: Removal) -> None:
        self._parts = parts
        self._store = parts.store
        self._removal = removal
        self._remove_job = parts.runner.define(
            JobDefinition(operation="setup.remove", steps=removal.steps, done=self._removed)
        )
        parts.registry.bind("setup.get", self._get)
        parts.registry.bind("setup.update", self._update)
        parts.registry.bind("setup.remove", self._remove)

    async def _get(self, call: Call, _: q.Empty) -> SetupPlan:
        return await self._store.write(lambda tx: self._plan())

    async def _update(self, call: Call, request: q.SetupPlanUpdate) -> SetupPlan:
        if request.step not in STEPS:
            raise InvalidInput(
                "setup.step_unknown", field="step", step=request.step, steps=", ".join(STEPS)
            )

        def change(tx: Transaction) -> SetupPlan:
            self._plan()
            row = SetupStepRow.get_by_id(request.step)
            unknown = set(request.request) - set(row.request) - _extra_fields(request.step)
            if unknown:
                raise InvalidInput(
                    "request.unknown_field", field="request", name=", ".join(sorted(unknown))
                )
            edits = {key: value for key, value in request.request.items() if key not in FIXED}
            row.request = row.request | edits
            row.edited = True
            row.save()
            if request.step == "host":
                _follow_host(row.request["candidate_id"])
            return self._plan()

        return await self._store.write(change)

    async def _remove(self, call: Call, _: q.Empty) -> Accepted:
        def accept(tx: Transaction) -> Accepted:
            row = SetupStepRow.get_or_none(SetupStepRow.name == "zone")
            zone_id = row.resource_id if row else ""
            new = NewJob(
                definition=self._remove_job,
                queue="setup",
                resource_kind="zone",
                resource_id=zone_id,
                resource_name=row.request["name"] if row else "",
            )
            if row is None:
                raise Conflict("setup.nothing")
            return self._parts.runner.accept(tx, call.caller, new)

        return await self._store.write(accept)

    def _removed(self, tx: Transaction, run: Any) -> None:
        InstanceOfferingRow.delete().where(
            InstanceOfferingRow.id.in_(SetupStepRow.select(SetupStepRow.resource_id))
        ).execute()
        for row in SetupStepRow.select().where(SetupStepRow.name == "offering"):
            tx.touch("instance_offering", row.resource_id)
        SetupStepRow.delete().execute()

    def _plan(self) -> SetupPlan:
        rows = list(SetupStepRow.select().order_by(SetupStepRow.position))
        if not rows or self._must_wait_for_machine(rows):
            rows = self._propose_anew()
        _offer_machine(rows)
        steps = [self._step(row) for row in rows]
        return SetupPlan(complete=all(step.done for step in steps), steps=steps)

    def _step(self, row: SetupStepRow) -> SetupStepPlan:
        ref = row.request["candidate_id"] if row.name == "host" else row.resource_id
        model = MODELS[row.name]
        exists = model.select().where(model.id == ref).exists()
        job = JobRow.get_or_none(JobRow.resource_id == ref, JobRow.state.in_(ACTIVE))
        return SetupStepPlan(
            name=row.name,
            request=row.request,
            done=exists and job is None,
            job_id=job.id if job else None,
        )

    def _must_wait_for_machine(self, rows: list[SetupStepRow]) -> bool:
        """Proposals made before an agent enrolled are made anew, unless somebody edited them."""
        host = next(row for row in rows if row.name == "host")
        untouched = not any(row.edited for row in rows)
        started = ZoneRow.select().exists()
        return not host.request["candidate_id"] and untouched and not started

    def _propose_anew(self) -> list[SetupStepRow]:
        SetupStepRow.delete().execute()
        root = PurePosixPath(str(self._parts.storage_root))
        plan = propose(_local_machine(), root, has_starter=self._has_starter())
        for position, name in enumerate(STEPS):
            request = plan[name]
            SetupStepRow.create(
                name=name,
                position=position,
                resource_id=request.get("id", request.get("candidate_id", "")),
                request=request,
                edited=False,
            )
        return list(SetupStepRow.select().order_by(SetupStepRow.position))

    def _has_starter(self) -> bool:
        try:
            starter_image(self._parts.starter_folder)
        except NotFound:
            return False
        return True


def _offer_machine(rows: list[SetupStepRow]) -> None:
    """A machine that came after somebody had begun to edit is proposed all the same."""
    host = next(row for row in rows if row.name == "host")
    machine = _local_machine()
    if host.request["candidate_id"] or machine is None:
        return
    name = host.request["name"] or machine.hostname
    host.request = host.request | {"candidate_id": machine.agent_id, "name": name}
    host.save()
    for row in rows:
        if row.name == "image_store":
            row.request = row.request | {"host_id": machine.agent_id}
            row.save()


def _follow_host(candidate_id: str) -> None:
    """The image store is on the host that was chosen."""
    row = SetupStepRow.get_by_id("image_store")
    row.request = row.request | {"host_id": candidate_id}
    row.save()


def _extra_fields(step: str) -> set[str]:
    optional = {
        "image": {"size_bytes", "sha256", "url"},
        "network": {"domain", "mtu", "dns", "physical_interface"},
    }
    return optional.get(step, set())


def _local_machine() -> Machine | None:
    row = AgentRow.select().order_by(AgentRow.is_local.desc(), AgentRow.enrolled_at).first()
    if row is None:
        return None
    addresses = tuple(address for nic in row.facts.nics for address in nic.addresses)
    return Machine(row.id, row.hostname, row.facts.memory_bytes, addresses)
