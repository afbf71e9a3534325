"""The set-up plan: kept by the service, so that any client can go on with it at any time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, get_args, get_origin

import msgspec
import structlog

from appliance.engine.calls import Call
from appliance.engine.jobs import JobDefinition, NewJob
from appliance.engine.models import JobRow
from appliance.engine.runner import ACTIVE
from appliance.protocol import requests as q
from appliance.protocol.errors import ApiError, Conflict, InvalidInput, NotFound
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import SetupPlan, SetupStepPlan
from appliance.protocol.storages import PrimaryStorageCreate
from appliance.services.images.models import ImageRow, InstanceOfferingRow
from appliance.services.images.service import starter_image
from appliance.services.infrastructure.models import AgentRow, ClusterRow, HostRow, ZoneRow
from appliance.services.networks.models import NetworkRow
from appliance.services.parts import Parts
from appliance.services.setup.models import SetupStepRow
from appliance.services.setup.proposals import (
    STEPS,
    Machine,
    Survey,
    addressing,
    free_networks,
    propose,
)
from appliance.services.setup.removal import Removal
from appliance.services.storage.models import ImageStoreRow, PrimaryStorageRow
from appliance.store.database import Transaction
from hostagent.protocol.commands import NETWORK_CHECK
from hostagent.protocol.network import AddressSpan, NetworkCheck

SURVEY_WITHIN_S = 5.0
SHOWN_CHARACTERS = 80
REQUESTS: dict[str, type[q.Create]] = {
    "zone": q.ZoneCreate,
    "cluster": q.ClusterCreate,
    "host": q.HostCreate,
    "image_store": q.ImageStoreCreate,
    "primary_storage": PrimaryStorageCreate,
    "offering": q.InstanceOfferingCreate,
    "image": q.ImageCreate,
    "network": q.NetworkCreate,
}
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

log = structlog.get_logger()


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
        survey = await self._survey()
        return await self._store.write(lambda tx: self._plan(survey))

    async def _update(self, call: Call, request: q.SetupPlanUpdate) -> SetupPlan:
        if request.step not in STEPS:
            raise InvalidInput(
                "setup.step_unknown", field="step", step=request.step, steps=", ".join(STEPS)
            )
        if request.request.get("key"):
            raise InvalidInput("setup.no_secret", field="request")
        survey = await self._survey()

        def change(tx: Transaction) -> SetupPlan:
            self._plan(survey)
            row = SetupStepRow.get_by_id(request.step)
            check_values(request.step, row.request | request.request)
            edits = {key: value for key, value in request.request.items() if key not in FIXED}
            row.request = row.request | edits
            row.edited = True
            row.save()
            if request.step == "host":
                _follow_host(row.request["candidate_id"])
            return self._plan()

        return await self._store.write(change)

    async def _survey(self) -> Survey | None:
        """Ask the machine what a first network could be, if a plan is to be proposed now."""
        machine = await self._store.read(self._machine_to_propose)
        if machine is None:
            return None
        try:
            async with asyncio.timeout(SURVEY_WITHIN_S):
                return await self._ask(machine)
        except (ApiError, TimeoutError) as error:
            log.info("machine_not_surveyed", host=machine.agent_id, reason=str(error))
            return None

    def _machine_to_propose(self) -> Machine | None:
        rows = list(SetupStepRow.select())
        is_new = not rows or self._must_wait_for_machine(rows)
        return _local_machine() if is_new else None

    async def _ask(self, machine: Machine) -> Survey:
        """The first network that nothing on the machine overlaps, routes included."""
        survey = None
        for cidr in free_networks(machine.addresses):
            fields = addressing(cidr)
            answer = await self._parts.hosts.call(
                machine.agent_id,
                NETWORK_CHECK,
                NetworkCheck(
                    kind="nat",
                    cidr=fields["cidr"],
                    gateway=fields["gateway"],
                    ranges=[AddressSpan(**item) for item in fields["ranges"]],
                ),
            )
            found = Survey(cidr, tuple(answer.resolvers))
            if answer.ok:
                return found
            survey = survey or found
        assert survey is not None, "there is always a choice"
        return survey

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

    def _plan(self, survey: Survey | None = None) -> SetupPlan:
        rows = list(SetupStepRow.select().order_by(SetupStepRow.position))
        if not rows or self._must_wait_for_machine(rows):
            rows = self._propose_anew(survey)
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

    def _propose_anew(self, survey: Survey | None) -> list[SetupStepRow]:
        SetupStepRow.delete().execute()
        root = PurePosixPath(str(self._parts.storage_root))
        has_starter = self._has_starter()
        plan = propose(_local_machine(), root, has_starter=has_starter, survey=survey)
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


def check_values(step: str, values: Mapping[str, Any]) -> None:
    """Raises InvalidInput naming `step.field` for what the step's create request cannot hold.

    Texts may be shorter than the request wants them: somebody is typing.
    """
    fields = {item.name: item.type for item in msgspec.structs.fields(REQUESTS[step])}
    for name, value in values.items():
        place = f"{step}.{name}"
        if name not in fields:
            raise InvalidInput("request.unknown_field", field=place, name=place)
        try:
            msgspec.convert(value, _while_typing(fields[name]))
        except msgspec.ValidationError as error:
            shown = value if isinstance(value, str) else msgspec.json.encode(value).decode()
            if len(shown) > SHOWN_CHARACTERS:
                shown = shown[:SHOWN_CHARACTERS] + "…"
            raise InvalidInput(
                "request.bad_value", field=place, name=place, value=shown, reason=str(error)
            ) from None


def _while_typing(kind: Any) -> Any:
    """The type of a field, without the least length of its text."""
    if get_origin(kind) is not Annotated or get_args(kind)[0] is not str:
        return kind
    limits = [item for item in get_args(kind)[1:] if isinstance(item, msgspec.Meta)]
    longest = [item.max_length for item in limits if item.max_length is not None]
    return Annotated[str, msgspec.Meta(max_length=min(longest))] if longest else str


def _local_machine() -> Machine | None:
    row = AgentRow.select().order_by(AgentRow.is_local.desc(), AgentRow.enrolled_at).first()
    if row is None:
        return None
    addresses = tuple(address for nic in row.facts.nics for address in nic.addresses)
    return Machine(row.id, row.hostname, row.facts.memory_bytes, addresses)
