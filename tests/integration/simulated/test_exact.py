"""Claims are exact: of many creates at once, exactly as many succeed as there is room for.

ANYUN_EXACT=10000 makes it ten thousand creates for five thousand addresses.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest

from appliance.client import Client, wait
from appliance.protocol.errors import ApiError
from appliance.protocol.ids import new_id
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import Job
from tests.integration.simulated.conftest import Lab
from tests.lab.simulated.cloud import IMAGE_BYTES, side_by_side

pytestmark = pytest.mark.asyncio(loop_scope="module")
CREATES = int(os.environ.get("ANYUN_EXACT", "400"))
ROOM = CREATES // 2
AT_ONCE = 32
ENDS_WITHIN_S = 60 + CREATES / 20


async def make_network(lab: Lab, size: int) -> str:
    """A network with exactly so many addresses."""
    first = (172 << 24) + (20 << 16) + 10
    span = {"first": _text(first), "last": _text(first + size - 1)}
    accepted = await lab.client.call(
        "network.create",
        name="small",
        cluster_id=lab.cloud.cluster_ids[0],
        cidr="172.20.0.0/15",
        gateway="172.20.0.1",
        ranges=[span],
    )
    assert await lab.ended(accepted) == []
    return accepted.resource_ids[0]


def _text(number: int) -> str:
    return ".".join(str(number >> shift & 0xFF) for shift in (24, 16, 8, 0))


async def create_many(lab: Lab, **fields: Any) -> tuple[list[Job], Counter[str]]:
    """`CREATES` requests side by side; returns the accepted jobs and the other answers' codes."""
    jobs: list[Job] = []
    codes: Counter[str] = Counter()

    async def one() -> None:
        request = lab.cloud.vm_request(f"vm-{new_id()[-12:]}", **fields)
        try:
            accepted: Accepted = await lab.client.call("vm.create", **request)
        except ApiError as error:
            codes[error.code] += 1
        else:
            jobs.extend(accepted.jobs)

    await side_by_side((one for _ in range(CREATES)), AT_ONCE)
    return jobs, codes


async def all_succeed(client: Client, jobs: list[Job]) -> None:
    """Raises JobFailed if one does not."""
    await wait(client, Accepted(jobs=jobs, resource_ids=[]), timeout_s=ENDS_WITHIN_S)


async def check_and_remove(lab: Lab) -> None:
    """The ledger agrees with the machines; nothing of them stays."""
    assert (await lab.client.call("ledger.check")).differences == []
    await lab.remove_all()
    await lab.assert_clean()


async def test_as_many_as_addresses(lab: Lab) -> None:
    network_id = await make_network(lab, ROOM)
    jobs, codes = await create_many(lab, network_id=network_id)
    assert (len(jobs), codes) == (ROOM, {"network.no_address": CREATES - ROOM})
    await all_succeed(lab.client, jobs)
    addresses = {nic.address for vm in await lab.vms() for nic in vm.nics}
    assert len(addresses) == ROOM
    network = await lab.client.call("network.get", id=network_id)
    assert (network.addresses_used, network.addresses_total) == (ROOM, ROOM)
    await check_and_remove(lab)
    assert await lab.ended(await lab.client.call("network.delete", id=network_id)) == []


async def test_as_many_as_memory(lab: Lab) -> None:
    hosts = [host async for host in lab.client.iterate("host.list")]
    each = hosts[0].memory_capacity_bytes * len(hosts) // ROOM
    each -= each % 1024**2
    places = sum(host.memory_capacity_bytes // each for host in hosts)
    assert places < CREATES
    jobs, codes = await create_many(lab, memory_bytes=each)
    assert (len(jobs), codes) == (places, {"placement.no_memory": CREATES - places})
    await all_succeed(lab.client, jobs)
    await check_and_remove(lab)


async def test_as_many_as_primary_storage(lab: Lab) -> None:
    storage = (await lab.client.call("primary_storage.list")).items[0]
    hosts = len(lab.fleet.hosts)
    free = storage.capacity_bytes // hosts
    each = free * hosts // ROOM
    each -= each % IMAGE_BYTES
    jobs, codes = await create_many(lab, root_disk_bytes=each)
    assert (len(jobs), codes) == (free // each * hosts, {"placement.no_claim": CREATES - len(jobs)})
    await all_succeed(lab.client, jobs)
    await check_and_remove(lab)
