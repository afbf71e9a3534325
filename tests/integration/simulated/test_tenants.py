"""Tenants on simulated hosts: quotas through the API, and machines that are nobody else's."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from appliance.client import Client
from appliance.protocol.errors import ApiError, Conflict, NoResources, NotFound
from appliance.protocol.operations import Accepted
from tests.integration.simulated.conftest import Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")
PASSWORD = "correct horse battery"
LIMIT = 13


async def tenant(lab: Lab, name: str) -> Client:
    """A client of a new account, which may use the cloud's image and network."""
    account = await lab.client.call("account.create", name=name, password=PASSWORD)
    wanted = lab.cloud.vm_request("x")
    for kind, field in (("image", "image_id"), ("network", "network_id")):
        await lab.client.call(
            "share.create", kind=kind, resource_id=wanted[field], account_id=account.id
        )
    info = await lab.client.call("info.get")
    client = Client(lab.client.url, fingerprint=info.ca_fingerprint)
    await client.login(name, PASSWORD)
    await lab.client.call("quota.update", id=account.id, name="vm", value=LIMIT)
    return client


def request_of(lab: Lab, name: str) -> dict[str, Any]:
    """A small machine without an offering: none is shared."""
    request = lab.cloud.vm_request(name, cpu_count=1, memory_bytes=64 * 1024**2)
    del request["offering_id"]
    return request


async def create(lab: Lab, client: Client, number: int) -> Accepted:
    return await client.call("vm.create", **request_of(lab, f"t{number}"))


async def test_exactly_the_quota_is_made_when_many_ask_at_once(lab: Lab) -> None:
    async with await tenant(lab, "many") as client, await tenant(lab, "other") as other:
        asked = (create(lab, client, number) for number in range(3 * LIMIT))
        answers = await asyncio.gather(*asked, return_exceptions=True)
        made = [item for item in answers if isinstance(item, Accepted)]
        refused = [item for item in answers if isinstance(item, ApiError)]
        assert (len(made), len(refused)) == (LIMIT, 2 * LIMIT)
        for error in refused:
            assert isinstance(error, NoResources)
            expected = {"quota": "vm", "limit": LIMIT, "used": LIMIT, "asked": 1}
            assert (error.code, dict(error.params)) == ("quota.exceeded", expected)
        for accepted in made:
            assert await lab.ended(accepted) == []
        ids = [accepted.resource_ids[0] for accepted in made]
        await refused_to_others(other, ids[0])
        report = await client.call("vm.plan", **request_of(lab, "p"))
        assert report.candidates == [], "hosts are none of a tenant's business"
        await lab.remove_all()
        await create_again(lab, client)
    await lab.assert_clean()


async def refused_to_others(other: Client, vm_id: str) -> None:
    """What there is to see and to do on a machine is for its owner."""
    with pytest.raises(NotFound):
        await other.screenshot(vm_id)
    with pytest.raises(NotFound):
        await other.open_console(vm_id)
    for name in ("vm.get", "vm.stop", "vm.destroy"):
        with pytest.raises(NotFound):
            await other.call(name, id=vm_id)
    assert (await other.call("vm.list")).items == []
    assert (await other.call("job.list")).items == []


async def create_again(lab: Lab, client: Client) -> None:
    """What was given back can be had again, and an account that owns something stays."""
    accepted = await create(lab, client, 0)
    assert await lab.ended(accepted) == []
    me = await client.call("session.get")
    with pytest.raises(Conflict, match="owns"):
        await lab.client.call("account.delete", id=me.id)
    await lab.remove_all()
    await lab.client.call("account.delete", id=me.id)
