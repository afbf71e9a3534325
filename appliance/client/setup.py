"""The seven-step set-up without any screen: what the wizard and `anyun quickstart` share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import msgspec

from appliance.client.client import Client, Progress
from appliance.client.feed import Connected, Lost
from appliance.client.jobs import ENDED, wait
from appliance.protocol.errors import Conflict, ErrorBody, InvalidInput, NotFound
from appliance.protocol.events import Change
from appliance.protocol.operations import OPERATIONS, Accepted
from appliance.protocol.requests import NetworkCheck
from appliance.protocol.resources import (
    CheckResult,
    HostCandidate,
    Image,
    ImageStatus,
    Job,
    SetupPlan,
    SetupStepPlan,
)
from appliance.protocol.storages import FIELDS_OF_KIND, KIND_FIELDS

# Which create operation each step of the plan stands for.
OPERATION_OF = {
    "zone": "zone.create",
    "cluster": "cluster.create",
    "host": "host.create",
    "image_store": "image_store.create",
    "primary_storage": "primary_storage.create",
    "offering": "instance_offering.create",
    "image": "image.create",
    "network": "network.create",
}
# The seven screens and the steps of the plan that each one shows.
SCREENS: tuple[tuple[str, ...], ...] = (
    ("zone",),
    ("cluster",),
    ("host",),
    ("image_store",),
    ("primary_storage",),
    ("offering", "image"),
    ("network",),
)

# Operations whose jobs take a set-up away.
REMOVALS = ("setup.remove", "zone.delete")

OnJob = Callable[[Job], None]


class Caller(Protocol):
    """Calls operations: a client, or what stands for the client of the present login."""

    async def call(self, operation: str, /, **fields: Any) -> Any:
        """The answer to an operation."""
        ...


async def check_on_host(
    client: Caller, host_id: str, name: str, request: dict[str, Any]
) -> CheckResult:
    """Have a host try the request of a step, such as a path or an address, before it is made.

    Without a host, and for steps that no host can try, nothing is found: servers of storage are
    looked at when the storage is made.
    """
    if not host_id:
        return CheckResult(problems=[], warnings=[], facts={})
    if name in ("image_store", "primary_storage") and "path" in request:
        return await client.call("host.check_path", id=host_id, path=request["path"])
    if name == "network":
        fields = {field.name for field in msgspec.structs.fields(NetworkCheck)}
        body = {key: value for key, value in request.items() if key in fields}
        return await client.call("host.check_network", id=host_id, **body)
    if name == "image" and request["source"] == "url":
        return await client.call("host.check_url", id=host_id, url=request["url"])
    return CheckResult(problems=[], warnings=[], facts={})


async def send_content(
    client: Client, image_id: str, file: Path, on_upload: Progress | None = None
) -> None:
    """Send the file of an image that waits for it, unless somebody has sent it before."""
    image: Image = await client.call("image.get", id=image_id)
    if image.status != ImageStatus.UPLOADING:
        return
    try:
        await client.upload_image(image.id, file, on_upload)
    except Conflict as error:
        if error.code != "image.not_uploading":
            raise


@dataclass
class SetupFlow:
    """The plan of one appliance and what can be done with it. Nothing is done twice: the
    service has fixed the ids beforehand.

    `upload_from` is the file to send when the image step's source is `upload`; `on_upload` is
    told how many of its bytes have been sent. `storage_key` is the key of the primary storage's
    Ceph user: plans keep no secrets, so it is here until the storage is made.
    """

    client: Client
    plan: SetupPlan = field(default_factory=lambda: SetupPlan(complete=False, steps=[]))
    upload_from: Path | None = None
    on_upload: Progress | None = None
    storage_key: str = ""

    async def load(self) -> SetupPlan:
        """Get the plan as the service keeps it."""
        self.plan = await self.client.call("setup.get")
        return self.plan

    def step(self, name: str) -> SetupStepPlan:
        """One step of the plan."""
        return next(step for step in self.plan.steps if step.name == name)

    def next_screen(self) -> int | None:
        """Index of the first screen with something left to do, or None when all is done."""
        for index, names in enumerate(SCREENS):
            if not all(self.step(name).done for name in names):
                return index
        return None

    async def candidates(self) -> list[HostCandidate]:
        """Machines that have enrolled and could become the first host."""
        return (await self.client.call("host_candidate.list")).items

    async def wait_for_machine(self, timeout_s: float) -> HostCandidate | None:
        """Wait until a machine has enrolled, then load the plan with proposals for it.

        Returns the machine, or None if the host step is done already. Raises TimeoutError.
        """
        async with asyncio.timeout(timeout_s), aclosing(self.client.follow()) as events:
            async for event in events:
                if isinstance(event, Lost):
                    continue
                if isinstance(event, Change) and event.kind != "host_candidate":
                    continue
                if isinstance(event, Connected):
                    await self.load()
                    if self.step("host").done:
                        return None
                found = await self.candidates()
                if found:
                    await self.load()
                    wanted = self.step("host").request["candidate_id"]
                    return next((item for item in found if item.id == wanted), found[0])
        raise AssertionError("the feed ends only by an error")

    async def edit(self, name: str, /, **fields: Any) -> SetupPlan:
        """Keep values that somebody typed into a step; a key is kept here alone."""
        self.storage_key = fields.pop("key", self.storage_key)
        self.plan = await self.client.call("setup.update", step=name, request=fields)
        return self.plan

    async def running(self) -> Job | None:
        """The job that works on this set-up now, whoever began it; removals before all else.

        An image that waits for the bytes of a file is left out: somebody has to send them.
        """
        found = [job for ref in self._job_ids() if (job := await self._job(ref)) is not None]
        found.sort(key=lambda job: job.operation not in REMOVALS)
        for job in found:
            if not await self._waits_for_file(job):
                return job
        return None

    async def follow(self, job: Job, on_job: OnJob | None = None) -> None:
        """Wait until a job that was begun elsewhere has ended, then load the plan.

        Raises JobFailed. Begins nothing: what a removal took away stays away.
        """
        await wait(self.client, job, on_progress=on_job)
        await self.load()

    def _job_ids(self) -> list[str]:
        """The jobs that the plan names, each once."""
        return list(dict.fromkeys(step.job_id for step in self.plan.steps if step.job_id))

    async def _job(self, ref: str) -> Job | None:
        """A job that has not ended."""
        try:
            job: Job = await self.client.call("job.get", id=ref)
        except NotFound:  # it ended, and was forgotten, since the plan was loaded
            return None
        return None if job.state in ENDED else job

    async def _waits_for_file(self, job: Job) -> bool:
        if job.operation != "image.create":
            return False
        try:
            image: Image = await self.client.call("image.get", id=job.resource_id)
        except NotFound:
            return False
        return image.status == ImageStatus.UPLOADING

    async def check(self, name: str, /, **edits: Any) -> CheckResult:
        """Test a step, with values not kept yet, as far as it can be before it is committed."""
        request = self.step(name).request | edits
        local = self._problems(name, request)
        if local:
            return CheckResult(problems=local, warnings=[], facts={})
        host_id = self.step("host").request.get("candidate_id", "")
        return await check_on_host(self.client, host_id, name, self._body(name, request))

    async def commit(self, name: str, on_job: OnJob | None = None) -> None:
        """Carry out a step and wait until it is done; does nothing if it is.

        Raises ApiError or JobFailed.
        """
        step = self.step(name)
        if step.done:
            return
        answer = await self._accepted(step)
        if isinstance(answer, Accepted):
            if name == "image" and step.request["source"] == "upload":
                await send_content(
                    self.client, answer.resource_ids[0], self._file(), self.on_upload
                )
            await wait(self.client, answer, on_progress=on_job)
        await self.load()

    async def _accepted(self, step: SetupStepPlan) -> Any:
        """The answer to the step's create request, or the job that works on it already."""
        if step.job_id is not None:
            job: Job = await self.client.call("job.get", id=step.job_id)
            if job.operation == OPERATION_OF[step.name]:
                return Accepted(jobs=[job], resource_ids=[job.resource_id])
            await self.follow(job)
            step = self.step(step.name)  # a removal makes a new plan, with other ids
            if step.done:
                return None
        if step.name == "image" and step.request["source"] == "upload":
            step = await self._measured(step)
        return await self.client.call(
            OPERATION_OF[step.name], **self._body(step.name, step.request)
        )

    async def _measured(self, step: SetupStepPlan) -> SetupStepPlan:
        """The image step with the size of the file; raises before anything is made without one."""
        size_bytes = self._file().stat().st_size
        if step.request.get("size_bytes") != size_bytes:
            await self.edit("image", size_bytes=size_bytes)
        return self.step("image")

    def _file(self) -> Path:
        if self.upload_from is None:
            raise InvalidInput("request.missing_field", field="file", name="file")
        return self.upload_from

    async def run_all(
        self, on_step: Callable[[str], None] | None = None, on_job: OnJob | None = None
    ) -> None:
        """Carry out every step that is left, in order."""
        for name in OPERATION_OF:
            if on_step is not None:
                on_step(name)
            await self.commit(name, on_job)

    async def remove(self, on_job: OnJob | None = None) -> None:
        """Take back everything that the set-up made, and what stands on it."""
        answer = await self.client.call("setup.remove")
        await wait(self.client, answer, on_progress=on_job)
        await self.load()

    def body(self, name: str) -> dict[str, Any]:
        """The request of a step, as the equivalent API call would send it."""
        return self._body(name, self.step(name).request)

    def _body(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        fields = {
            item.name for item in msgspec.structs.fields(OPERATIONS[OPERATION_OF[name]].request)
        }
        if name == "primary_storage":  # the plan also keeps what was typed for other kinds
            fields -= set(KIND_FIELDS) - set(FIELDS_OF_KIND[request["kind"]])
            request = {"key": self.storage_key} | request if self.storage_key else request
        return {key: value for key, value in request.items() if key in fields}

    def _problems(self, name: str, request: dict[str, Any]) -> list[ErrorBody]:
        spec = OPERATIONS[OPERATION_OF[name]]
        try:
            msgspec.convert(self._body(name, request), spec.request)
        except msgspec.ValidationError as error:
            reason, _, path = str(error).partition(" - at `$.")
            place = path.rstrip("`")
            params = {"name": place, "value": request.get(place, ""), "reason": reason}
            return [ErrorBody(code="request.bad_value", field=place or None, params=params)]
        return []
