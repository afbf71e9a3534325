"""Ranges of a network change while it is used; what is free is chosen in three orders."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.protocol.errors import ApiError
from appliance.protocol.resources import Network
from tests.integration.simulated.conftest import Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")


def span(first: int, last: int) -> dict[str, str]:
    return {"first": f"172.21.0.{first}", "last": f"172.21.0.{last}"}


async def make_network(lab: Lab, name: str, **fields: Any) -> str:
    accepted = await lab.client.call(
        "network.create",
        **{
            "name": name,
            "cluster_id": lab.cloud.cluster_ids[0],
            "cidr": "172.21.0.0/24",
            "gateway": "172.21.0.1",
            "ranges": [span(10, 13)],
            **fields,
        },
    )
    assert await lab.ended(accepted) == []
    return accepted.resource_ids[0]


async def remove(lab: Lab, network_id: str) -> None:
    await lab.remove_all()
    assert (await lab.client.call("ledger.check")).differences == []
    accepted = await lab.client.call("network.delete", id=network_id)
    assert await lab.ended(accepted) == []
    await lab.assert_clean()


async def machine(lab: Lab, network_id: str, **fields: Any) -> tuple[str, int]:
    """A new machine: its id, and the last number of its address."""
    accepted = await lab.create("web", network_id=network_id, **fields)
    assert await lab.ended(accepted) == []
    vm = await lab.client.call("vm.get", id=accepted.resource_ids[0])
    return vm.id, int(vm.nics[0].address.rpartition(".")[2])


async def expunge(lab: Lab, vm_id: str) -> None:
    for operation in ("vm.destroy", "vm.expunge"):
        assert await lab.on_all(operation, [vm_id]) == []


async def refused(lab: Lab, operation: str, **fields: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await lab.client.call(operation, **fields)
    return caught.value


async def test_ranges_and_what_is_reserved_change(lab: Lab) -> None:
    network_id = await make_network(lab, "changing", reserved=[span(11, 12)])
    _, first = await machine(lab, network_id)
    _, second = await machine(lab, network_id)
    assert (first, second) == (10, 13)
    full = await refused(lab, "vm.create", **lab.cloud.vm_request("x", network_id=network_id))
    assert full.code == "network.no_address"
    held = await refused(
        lab,
        "vm.create",
        **lab.cloud.vm_request("x", network_id=network_id, address="172.21.0.11"),
    )
    assert (held.code, held.field) == ("network.address_reserved", "address")
    changed: Network = await lab.client.call(
        "network.set_ranges",
        id=network_id,
        ranges=[span(10, 13), {"first": "172.21.0.64/31"}],
        reserved=[{"first": "172.21.0.12"}],
    )
    assert [(one.first, one.last) for one in changed.ranges] == [
        ("172.21.0.10", "172.21.0.13"),
        ("172.21.0.64", "172.21.0.65"),
    ]
    assert (changed.addresses_total, changed.addresses_used) == (5, 2)
    shown = await lab.client.call("network.addresses", id=network_id)
    assert [(one.first, one.last) for one in shown.reserved] == [("172.21.0.12", "172.21.0.12")]
    assert [one.first for one in shown.free] == ["172.21.0.11", "172.21.0.64"]
    taken = [(await machine(lab, network_id))[1] for _ in range(3)]
    assert taken == [11, 64, 65]
    # Everything free again, in one list.
    await lab.client.call("network.set_ranges", id=network_id, reserved=[])
    assert (await machine(lab, network_id))[1] == 12
    await remove(lab, network_id)


async def test_addresses_in_use_stay(lab: Lab) -> None:
    network_id = await make_network(lab, "used")
    vm_id, number = await machine(lab, network_id)
    before = await lab.client.call("network.get", id=network_id)
    for fields, field in (
        ({"ranges": [span(number + 1, 20)]}, "ranges"),
        ({"reserved": [span(number, number)]}, "reserved"),
    ):
        error = await refused(lab, "network.set_ranges", id=network_id, **fields)
        assert (error.code, error.field, error.params["count"]) == ("network.range_used", field, 1)
        assert f"172.21.0.{number} (web)" in str(error)
    for fields, code in (
        ({"ranges": [span(1, 20)]}, "network.gateway_in_range"),
        ({"ranges": [span(20, 10)]}, "network.range_reversed"),
        ({"ranges": [span(10, 20), span(15, 30)]}, "network.range_overlap"),
        ({"ranges": [{"first": "10.9.9.9"}]}, "network.outside"),
        ({"ranges": [{"first": "x"}]}, "network.bad_address"),
        ({"allocation": "best"}, "request.bad_value"),
        ({"ranges": []}, "request.bad_value"),
    ):
        assert (await refused(lab, "network.set_ranges", id=network_id, **fields)).code == code
    after = await lab.client.call("network.get", id=network_id)
    assert after == before
    await expunge(lab, vm_id)
    await lab.client.call("network.set_ranges", id=network_id, ranges=[span(11, 12)])
    assert (await machine(lab, network_id))[1] == 11
    await remove(lab, network_id)


async def test_at_random_all_are_given_out_each_once(lab: Lab) -> None:
    network_id = await make_network(
        lab,
        "random",
        allocation="random",
        ranges=[span(10, 13), span(20, 25)],
        reserved=[span(21, 22)],
    )
    taken = [(await machine(lab, network_id))[1] for _ in range(8)]
    assert sorted(taken) == [10, 11, 12, 13, 20, 23, 24, 25]
    full = await refused(lab, "vm.create", **lab.cloud.vm_request("x", network_id=network_id))
    assert full.code == "network.no_address"
    await remove(lab, network_id)


async def test_the_one_that_was_free_for_longest(lab: Lab) -> None:
    network_id = await make_network(lab, "recent")  # the lowest first, at the beginning
    one, first = await machine(lab, network_id)
    two, second = await machine(lab, network_id)
    assert (first, second) == (10, 11)
    await lab.client.call("network.set_ranges", id=network_id, allocation="least_recent")
    await expunge(lab, two)
    await expunge(lab, one)
    taken = [(await machine(lab, network_id))[1] for _ in range(4)]
    assert taken == [12, 13, 11, 10]  # those that nobody had, then in the order of their return
    full = await refused(lab, "vm.create", **lab.cloud.vm_request("x", network_id=network_id))
    assert full.code == "network.no_address"
    await remove(lab, network_id)
