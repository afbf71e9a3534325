"""A NIC that cuts the host off when it is bridged is given back, and the host says so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from appliance.protocol.errors import ApiError
from appliance.protocol.resources import JobState
from hostagent.network.trial import CONFIRM_WITHIN_S
from tests.integration.network.conftest import Guest, Host
from tests.integration.network.remote_host import RemoteCloud, run

SOON_S = 20.0
# Service and agent are processes that have to start, on a machine that may be busy.
pytestmark = pytest.mark.timeout(240)


@pytest.fixture
async def cloud(inside: Path) -> AsyncIterator[RemoteCloud]:
    cloud = RemoteCloud(inside)
    try:
        await cloud.start()
        yield cloud
    finally:
        await cloud.stop()


async def until(condition: Callable[[], object], timeout_s: float = SOON_S) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.1)


async def test_a_good_nic_stays_under_its_bridge_and_comes_back_with_the_network(
    cloud: RemoteCloud,
) -> None:
    job = await cloud.create_network()
    assert job.state == JobState.SUCCEEDED, job.error
    assert cloud.host.place_of_address() == cloud.host.master() != ""
    assert cloud.host.is_reachable()
    shown = await cloud.state()
    assert (shown.waiting_for, shown.errors) == ("", [])
    found = await cloud.client.call("network.probe", id=job.resource_id)
    assert [(one.host_name, one.limit_bytes) for one in found.hosts] == [("far", 1500)]
    assert [body.code for body in found.findings] == ["path.few_hosts"], "it took part, alone"

    cloud.host.kill_agent()
    cloud.host.start_agent(cloud.join_file)
    await cloud.connected()
    assert cloud.host.place_of_address() == cloud.host.master() != "", "proven once for all"

    job = await cloud.delete_network(job.resource_id)
    assert job.state == JobState.SUCCEEDED
    assert (cloud.host.place_of_address(), cloud.host.master()) == ("wan0", "")
    assert "default via 10.70.0.1 dev wan0" in cloud.host.do("ip", "route")


async def test_a_host_that_cuts_itself_off_comes_back_and_the_job_says_why(
    cloud: RemoteCloud,
) -> None:
    cloud.host.trust_only("wan0")
    creating = asyncio.create_task(cloud.create_network())
    await until(lambda: cloud.host.master() != "")
    await until(lambda: cloud.host.place_of_address() != "wan0")
    assert not cloud.host.is_reachable(), "the test cuts the host off"
    began = time.monotonic()
    await until(lambda: cloud.host.place_of_address() == "wan0" and cloud.host.is_reachable())
    assert time.monotonic() - began < CONFIRM_WITHIN_S + 3

    job = await creating
    assert job.state == JobState.FAILED
    assert job.error is not None
    assert job.error.code == "network.rolled_back"
    assert job.error.params["interface"] == "wan0"
    assert "wan0" in job.error.message + job.error.remedy
    assert "default via 10.70.0.1 dev wan0" in cloud.host.do("ip", "route")
    await cloud.connected()
    await until_no_network(cloud)


async def until_no_network(cloud: RemoteCloud) -> None:
    """The undone network is forgotten, and with it that it was refused."""
    async with asyncio.timeout(SOON_S):
        while (shown := await cloud.state()).waiting_for or shown.errors:
            await asyncio.sleep(0.2)
    assert shown.networks == []


async def test_what_was_taken_back_is_not_tried_again_until_somebody_says_so(
    cloud: RemoteCloud,
) -> None:
    cloud.host.kill_agent()
    await cloud.connected(yes=False)
    assert (await cloud.create_network()).state == JobState.SUCCEEDED, "no host is there to object"
    cloud.host.trust_only("wan0")
    cloud.host.start_agent(cloud.join_file)
    await until(lambda: "nic.not_confirmed" in cloud.host.log(), 60)
    await cloud.connected()
    async with asyncio.timeout(SOON_S):
        while "wan0" not in (shown := await cloud.state()).waiting_for:
            await asyncio.sleep(0.2)
    assert any("wan0" in error for error in shown.errors)

    # Another document, another link, another life of the agent: none of them tries again.
    cloud.host.kill_agent()
    await cloud.connected(yes=False)
    cloud.host.start_agent(cloud.join_file)
    await cloud.connected()
    network = (await cloud.client.call("network.list")).items[0]
    await cloud.client.call("network.update", id=network.id, domain="other.example")
    await asyncio.sleep(3)
    assert cloud.host.log().count("nic.not_confirmed") == 1
    assert cloud.host.place_of_address() == "wan0"

    with pytest.raises(ApiError) as refused:
        await cloud.client.call("host.retry_network", id=cloud.host_id)
    assert refused.value.code == "network.rolled_back"
    assert cloud.host.log().count("nic.not_confirmed") == 2, "it was tried, as it was asked to"

    cloud.host.trust_all()
    shown = await cloud.client.call("host.retry_network", id=cloud.host_id)
    assert (shown.waiting_for, shown.errors) == ("", [])
    assert cloud.host.place_of_address() == cloud.host.master() != ""


async def test_an_agent_that_dies_before_the_proof_rolls_back_when_it_starts(
    cloud: RemoteCloud,
) -> None:
    cloud.host.trust_only("wan0")
    creating = asyncio.create_task(cloud.create_network())
    await until(lambda: cloud.host.master() != "" and cloud.host.place_of_address() != "wan0")
    cloud.host.kill_agent()
    assert cloud.host.place_of_address() != "wan0"
    assert not cloud.host.is_reachable()

    cloud.host.start_agent(cloud.join_file)
    await until(lambda: cloud.host.place_of_address() == "wan0" and cloud.host.is_reachable())
    job = await creating
    assert job.state == JobState.FAILED
    assert job.error is not None
    assert job.error.code == "network.rolled_back_unproven"
    assert cloud.host.log().count("nic.not_confirmed") == 1
    assert cloud.host.master() == ""


class OwnService:
    """The way to a service on the very host: it is heard in any case.

    Frames of the host are refused from when it was asked on, as a switch does that has seen too
    much on a port.
    """

    def __init__(self, router: Guest, *, refuses: bool) -> None:
        self._router, self._refuses = router, refuses
        self.renewed = 0

    async def is_heard(self, timeout_s: float) -> bool:
        if self._refuses:
            await self._router.ado("nft", "add table netdev port; add chain netdev port in { type "
                "filter hook ingress device eth0 priority 0; policy drop; }")  # fmt: skip
        return True

    async def renew(self) -> None:
        self.renewed += 1


async def test_on_the_services_own_host_the_gateway_must_answer(host: Host) -> None:
    router = host.outside("10.70.0.1/24", "wan0", "10.70.0.5/24")
    run("ip", "route", "add", "default", "via", "10.70.0.1", "dev", "wan0")
    network = host.network("lan", kind="physical", physical_interface="wan0")
    host.manager.rely_on(OwnService(router, refuses=False))
    await host.must_apply(network)
    await host.must_apply()

    service = OwnService(router, refuses=True)
    host.manager.rely_on(service)
    report = await host.apply(network)
    (error,) = report.errors
    assert error.code == "network.rolled_back_gateway"
    assert error.params["gateway"] == "10.70.0.1"
    assert service.renewed == 1
    assert "10.70.0.5" in run("ip", "addr", "show", "dev", "wan0")
    assert "via 10.70.0.1 dev wan0" in run("ip", "route")
    assert [item.code for item in (await host.manager.status()).errors] == [error.code]

    router.do("nft", "delete", "table", "netdev", "port")
    assert [item.code for item in (await host.apply(network)).errors] == [error.code]
    await host.manager.retry()
    host.manager.rely_on(OwnService(router, refuses=False))
    await host.must_apply(network)
