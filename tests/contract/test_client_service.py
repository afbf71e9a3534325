"""The SDK against the real service: trust, logins, lists, errors, the feed over restarts."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import msgspec
import pytest

from appliance.client import Client, Connected, Lost, plain_fingerprint, probe, wait
from appliance.client.setup import OPERATION_OF, SetupFlow
from appliance.protocol import requests as q
from appliance.protocol.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    Unauthenticated,
    Unavailable,
)
from appliance.protocol.events import Change
from appliance.protocol.ids import new_id
from appliance.protocol.resources import JobState, Zone
from tests.contract.conftest import PASSWORD, Service

WITHIN_S = 40.0


async def test_the_ca_is_proven_and_pinned(service: Service) -> None:
    pin = service.ready["ca_fingerprint"]
    trust = await probe(service.url)
    assert trust.fingerprint == pin
    assert plain_fingerprint(pin) == pin
    async with Client(service.url, trust=trust) as client:
        assert (await client.check_version()).ca_fingerprint == pin
    async with Client(service.url, fingerprint="0" * 64) as client:
        with pytest.raises(Forbidden) as caught:
            await client.call("info.get")
        assert caught.value.code == "client.certificate_changed"


async def test_another_appliance_at_the_same_address_is_refused(
    service: Service, tmp_path: Path
) -> None:
    trust = await probe(service.url)
    service.kill()
    other = Service(tmp_path / "other", port=service.port)
    other.state.mkdir()
    other.start()
    try:
        async with Client(service.url, trust=trust, token="t") as client:
            with pytest.raises(Forbidden) as caught:
                await client.call("zone.list")
            assert caught.value.code == "client.certificate_changed"
            with pytest.raises(Forbidden):
                async for _ in client.feed():
                    pass
    finally:
        other.kill()


async def test_nobody_answers(service: Service) -> None:
    pin = service.ready["ca_fingerprint"]
    trust = await probe(service.url)
    service.kill()
    for client in (Client(service.url, fingerprint=pin), Client(service.url, trust=trust)):
        async with client:
            with pytest.raises(Unavailable) as caught:
                await client.call("info.get")
        assert caught.value.code == "client.unreachable"
        assert "connection refused" in str(caught.value)


async def test_logging_in_and_out(service: Service, client: Client) -> None:
    trust = await probe(service.url)
    async with Client(service.url, trust=trust) as other:
        with pytest.raises(Unauthenticated) as caught:
            await other.call("zone.list")
        assert caught.value.code == "session.required"
        with pytest.raises(Unauthenticated) as caught:
            await other.login("admin", "wrong")
        assert caught.value.code == "session.wrong_password"
        await other.login("admin", PASSWORD)
        assert (await other.call("session.get")).name == "admin"
        await other.logout()
        with pytest.raises(Unauthenticated):
            await other.call("session.get")
    with pytest.raises(Conflict) as conflict:
        await client.set_first_password("any", PASSWORD)
    assert conflict.value.code == "session.setup_done"


async def test_lists_page_by_page(client: Client) -> None:
    names = [f"zone-{number:02}" for number in range(12)]
    for name in names:
        await client.call("zone.create", name=name)
    page = await client.call("zone.list", limit=5, sort="name")
    assert ([zone.name for zone in page.items], page.total) == (names[:5], 12)
    every = [zone.name async for zone in client.iterate("zone.list", limit=5, sort="-name")]
    assert every == names[::-1]
    found = await client.call("zone.list", q="e-03")
    assert [zone.name for zone in found.items] == ["zone-03"]
    with pytest.raises(InvalidInput) as caught:
        await client.call("zone.list", sort="colour")
    assert (caught.value.code, caught.value.field) == ("request.bad_sort", "sort")
    with pytest.raises(InvalidInput) as caught:
        await client.call("zone.list", q="a\0b")
    assert (caught.value.code, caught.value.field) == ("request.control_characters", "q")


async def test_lists_are_asked_in_the_filter_language(client: Client) -> None:
    for number in range(4):
        await client.call("zone.create", name=f"site {number}")
    zone = (await client.call("zone.list", filter='name = "site 2"')).items[0]
    await client.call("cluster.create", name="c", zone_id=zone.id)
    page = await client.call("zone.list", filter='clusters.name = "c"', count=False)
    assert ([item.id for item in page.items], page.total) == ([zone.id], -1)
    assert (await client.call("cluster.list", zone__name="site 2")).total == 1
    page = await client.call(
        "zone.list", filter="name > 'site 0'", sort=["state", "-name"], fields=["name"]
    )
    assert page.items == [{"name": f"site {number}"} for number in (3, 2, 1)]
    with pytest.raises(InvalidInput) as caught:
        await client.call("zone.list", filter="name = 'site' or")
    assert caught.value.code == "query.expected_field"
    assert caught.value.params["position"] == 17


async def test_the_feed_of_some_kinds(client: Client) -> None:
    async with aclosing(client.follow(0, kinds=["cluster"])) as events:
        assert isinstance(await anext(events), Connected)
        zone = await client.call("zone.create", name="z")
        cluster = await client.call("cluster.create", name="c", zone_id=zone.id)
        change = await anext(events)
        assert isinstance(change, Change)
        assert (change.kind, change.id) == ("cluster", cluster.id)


async def test_requests_as_structs_and_as_fields(client: Client) -> None:
    ref = new_id()
    first = await client.call("zone.create", q.ZoneCreate(id=ref, name="site"))
    again = await client.call("zone.create", id=ref, name="site")
    assert first == again
    with pytest.raises(Conflict) as caught:
        await client.call("zone.create", id=ref, name="other")
    assert caught.value.code == "request.id_taken"
    changed = await client.call("zone.update", q.Update(description="here"), id=ref)
    assert (changed.name, changed.description) == ("site", "here")


async def test_errors_name_the_field(client: Client) -> None:
    with pytest.raises(InvalidInput) as caught:
        await client.call("zone.create", name="")
    assert (caught.value.code, caught.value.field) == ("request.bad_value", "name")
    with pytest.raises(InvalidInput) as caught:
        await client.call("zone.create", name="z", colour="red")
    assert (caught.value.code, caught.value.field) == ("request.unknown_field", "colour")
    with pytest.raises(InvalidInput) as caught:
        await client.call("zone.create")
    assert (caught.value.code, caught.value.field) == ("request.missing_field", "name")
    with pytest.raises(NotFound):
        await client.call("zone.get", id=new_id())
    with pytest.raises(InvalidInput) as caught:
        await client.call("zone.get", id="no-id?x=#")
    assert caught.value.code == "request.bad_id"


async def test_an_upload_that_nobody_waits_for_is_refused_at_once(
    client: Client, tmp_path: Path
) -> None:
    path = tmp_path / "disk.img"
    with path.open("wb") as file:
        file.truncate(256 * 1024**2)
    sent: list[int] = []
    with pytest.raises(NotFound):
        await client.upload_image(new_id(), path, lambda done, _: sent.append(done))
    assert sent == []
    assert (await client.call("session.get")).name == "admin"


async def test_the_feed_goes_on_after_a_killed_service(service: Service, client: Client) -> None:
    seen: list[str] = []
    marks: list[str] = []
    async with asyncio.timeout(WITHIN_S), aclosing(client.follow()) as events:
        async for event in events:
            if isinstance(event, Connected):
                assert not event.reset
                marks.append("connected")
                if marks == ["connected"]:
                    await client.call("zone.create", name="before")
            elif isinstance(event, Lost):
                marks.append("lost")
                # Made while this reader is cut off: it must come nevertheless, and once.
                await asyncio.to_thread(service.start)
                await client.call("zone.create", name="meanwhile")
            elif event.kind == "zone":
                seen.append(msgspec.json.decode(event.data, type=Zone).name)
                if seen == ["before"]:
                    await asyncio.to_thread(service.kill)
                elif seen[-1] == "meanwhile":
                    await client.call("zone.create", name="after")
                elif seen[-1] == "after":
                    break
    assert seen == ["before", "meanwhile", "after"]
    assert marks == ["connected", "lost", "connected"]


async def test_a_feed_from_too_long_ago_says_so(client: Client) -> None:
    async with asyncio.timeout(WITHIN_S), aclosing(client.follow(10**9)) as events:
        async for event in events:
            assert isinstance(event, Connected)
            assert event.reset
            break


async def test_the_feed_ends_with_the_session(service: Service, client: Client) -> None:
    stranger = Client(service.url, trust=await probe(service.url), token="unknown")
    async with stranger, asyncio.timeout(WITHIN_S):
        with pytest.raises(Unauthenticated):
            async for _ in stranger.follow():
                pass


async def test_waiting_for_a_job(client: Client) -> None:
    zone = await client.call("zone.create", name="short-lived")
    seen: list[JobState] = []
    accepted = await client.call("zone.delete", id=zone.id)
    jobs = await wait(
        client, accepted, on_progress=lambda job: seen.append(job.state), timeout_s=WITHIN_S
    )
    assert [job.state for job in jobs] == [JobState.SUCCEEDED]
    assert seen[-1] == JobState.SUCCEEDED
    # What has ended already is not waited for.
    assert await wait(client, jobs[0], timeout_s=1) == jobs


async def test_the_set_up_stops_where_no_machine_is(client: Client) -> None:
    flow = SetupFlow(client)
    plan = await flow.load()
    assert [step.name for step in plan.steps] == list(OPERATION_OF)
    assert flow.next_screen() == 0
    await flow.edit("zone", name="lab")
    assert flow.body("zone")["name"] == "lab"
    problems = (await flow.check("cluster")).problems
    assert problems == []
    await flow.edit("zone", name="")
    assert [body.field for body in (await flow.check("zone")).problems] == ["name"]
    await flow.edit("zone", name="lab")
    await flow.commit("zone")
    await flow.commit("zone")
    await flow.commit("cluster")
    assert [zone.name async for zone in client.iterate("zone.list")] == ["lab"]
    # Another client goes on where this one stopped.
    other = SetupFlow(client)
    await other.load()
    assert other.next_screen() == 2
    with pytest.raises(TimeoutError):
        await other.wait_for_machine(0.5)
    await other.remove()
    assert [zone async for zone in client.iterate("zone.list")] == []


async def test_an_upload_step_needs_its_file(client: Client) -> None:
    flow = SetupFlow(client)
    await flow.load()
    await flow.edit("image", source="upload")
    with pytest.raises(InvalidInput) as caught:
        await flow.commit("image")
    assert caught.value.field == "file"
