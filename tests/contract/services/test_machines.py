"""Machines with fixed addresses and names that are used twice; they are made, not started."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.client import wait
from appliance.protocol.errors import ErrorBody
from tests.contract.services.bench import JOB_WITHIN_S, Bench
from tests.contract.services.test_images import DISK, send


@pytest.fixture
async def made(cloud: Bench) -> dict[str, Any]:
    """The request of a machine; its network has 10.70.0.10 to 10.70.0.12."""
    request = cloud.image_request(source="upload", size_bytes=len(DISK))
    image = await cloud.client.call("image.create", **request)
    await send(cloud, image.resource_ids[0], len(DISK), DISK)
    await wait(cloud.client, image, timeout_s=JOB_WITHIN_S)
    ranges = [{"first": "10.70.0.10", "last": "10.70.0.12"}]
    (network,) = await cloud.do("network.create", **cloud.network_request(ranges=ranges))
    return cloud.vm_request(image.resource_ids[0], network)


async def addresses(cloud: Bench) -> list[str]:
    return [vm.nics[0].address for vm in await cloud.all("vm")]


async def refused(cloud: Bench, request: dict[str, Any], **fields: Any) -> ErrorBody:
    """The error of a create that leaves everything as it was."""
    before = await addresses(cloud)
    error = await cloud.refused("vm.create", **(request | fields))
    assert await addresses(cloud) == before
    return error


async def test_a_fixed_address(cloud: Bench, made: dict[str, Any]) -> None:
    (vm,) = await cloud.do("vm.create", **made, address="10.70.0.11")
    assert await addresses(cloud) == ["10.70.0.11"]
    error = await refused(cloud, made, address="10.70.0.11")
    assert (error.code, error.field) == ("network.address_taken", "address")
    assert "10.70.0.11" in error.message
    for address in ("10.70.0.13", "10.70.0.1", "10.71.0.10"):
        error = await refused(cloud, made, address=address)
        assert (error.code, error.field) == ("network.address_not_offered", "address")
        assert error.params["address"] == address
        assert "10.70.0.10-10.70.0.12" in error.remedy
    error = await refused(cloud, made, address="eleven")
    assert (error.code, error.field) == ("network.bad_address", "address")
    error = await refused(cloud, made, address="10.70.0.12", count=2)
    assert (error.code, error.field) == ("vm.address_with_count", "address")
    assert vm


async def test_no_free_address_is_told_with_the_numbers(cloud: Bench, made: dict[str, Any]) -> None:
    await cloud.do("vm.create", **made, count=3)
    assert sorted(await addresses(cloud)) == ["10.70.0.10", "10.70.0.11", "10.70.0.12"]
    error = await refused(cloud, made)
    assert (error.code, error.field) == ("network.no_address", "network_id")
    assert error.params == {"name": "n", "total": 3}
    assert "3" in error.message


async def test_two_machines_may_have_one_name(cloud: Bench, made: dict[str, Any]) -> None:
    for _ in range(2):
        await cloud.do("vm.create", **made)
    assert [vm.name for vm in await cloud.all("vm")] == ["v", "v"]
