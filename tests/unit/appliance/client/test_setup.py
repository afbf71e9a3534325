"""The set-up while somebody else works on it: what runs, and what is made after a removal."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.client.jobs import JobFailed
from appliance.client.setup import SetupFlow
from appliance.protocol import resources as r
from appliance.protocol.errors import NotFound
from tests.gui.samples import make_id
from tests.gui.wizard.plan import PlanService


async def flow_on(service: PlanService) -> SetupFlow:
    """A flow that has loaded its plan."""
    made: Any = service
    flow = SetupFlow(made)
    await flow.load()
    return flow


async def test_nothing_runs_at_first() -> None:
    assert await (await flow_on(PlanService("zone"))).running() is None


async def test_a_removal_comes_before_what_it_consists_of() -> None:
    service = PlanService()
    service.begin("network", "network.delete")
    removal = service.begin("image", "setup.remove")
    found = await (await flow_on(service)).running()
    assert found is not None
    assert found.id == removal.id


async def test_an_image_that_waits_for_bytes_does_not_run() -> None:
    service = PlanService()
    ref = service.requests["image"]["id"]
    service.begin("image", "image.create", resource_id=ref)
    service.uploading.add(ref)
    flow = await flow_on(service)
    assert await flow.running() is None
    service.uploading.clear()
    assert await flow.running() is not None


async def test_a_job_that_was_forgotten_meanwhile_does_not_run() -> None:
    service = PlanService()
    service.begin("image", "image.create")
    flow = await flow_on(service)
    service.refusals["job.get"] = NotFound("resource.not_found", kind="job", id="x")
    assert await flow.running() is None


async def test_following_makes_nothing_and_loads_the_plan() -> None:
    service = PlanService("zone")
    job = service.begin("network", "network.create")
    flow = await flow_on(service)
    service.end("network")
    await flow.follow(job)
    assert flow.step("network").done
    assert service.operations() == []


async def test_following_a_job_that_fails_raises() -> None:
    service = PlanService()
    job = service.begin("network", "network.create")
    flow = await flow_on(service)
    service.end("network", r.ErrorBody(code="host.not_connected"))
    with pytest.raises(JobFailed):
        await flow.follow(job)


async def test_after_a_removal_a_step_is_made_with_the_new_ids() -> None:
    service = PlanService("zone")
    service.begin("zone", "setup.remove")
    flow = await flow_on(service)
    service.end("zone")
    service.requests["zone"]["id"] = make_id(77)
    await flow.commit("zone")
    sent = next(fields for name, fields in service.asked if name == "zone.create")
    assert sent["id"] == make_id(77)


async def test_values_are_tested_that_are_not_kept_yet() -> None:
    service = PlanService()
    flow = await flow_on(service)
    await flow.check("image_store", path="/srv/other")
    assert service.asked[-1] == (
        "host.check_path",
        {"id": flow.step("host").request["candidate_id"], "path": "/srv/other"},
    )
    assert flow.step("image_store").request["path"] != "/srv/other"


async def test_without_a_machine_nothing_is_asked_of_it() -> None:
    service = PlanService(has_machine=False)
    flow = await flow_on(service)
    assert (await flow.check("network")).problems == []
    assert service.operations() == []
