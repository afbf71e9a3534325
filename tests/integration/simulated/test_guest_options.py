"""What a network tells its machines changes while they run, on all hosts of its cluster."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.protocol.errors import ApiError
from appliance.protocol.networks import HostRoute
from tests.integration.simulated.conftest import Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")
ROUTE = {"destination": "10.20.0.0/16", "next_hop": ""}


async def test_hosts_follow_a_change(lab: Lab) -> None:
    network = await lab.client.call("network.get", id=lab.cloud.network_ids[0])
    hop = network.gateway
    before = await lab.client.call("network.get", id=network.id)
    for fields, code in (
        ({"host_routes": [ROUTE | {"next_hop": "192.0.2.1"}]}, "network.hop_outside"),
        ({"host_routes": [ROUTE | {"next_hop": hop}] * 2}, "network.route_twice"),
        ({"dns": ["127.0.0.1"]}, "network.bad_dns"),
        ({"domain": "a b"}, "network.bad_domain"),
        ({"cidr": "10.0.0.0/8"}, "request.unknown_field"),
    ):
        with pytest.raises(ApiError) as caught:
            await lab.client.call("network.update", id=network.id, **fields)
        assert caught.value.code == code
    assert await lab.client.call("network.get", id=network.id) == before
    changed = await lab.client.call(
        "network.update",
        id=network.id,
        dns=["192.0.2.53"],
        domain="Cloud.Example",
        host_routes=[ROUTE | {"next_hop": hop}],
    )
    assert (changed.name, changed.dns, changed.domain) == (
        network.name,
        ["192.0.2.53"],
        "cloud.example",
    )
    assert changed.host_routes == [HostRoute(destination="10.20.0.0/16", next_hop=hop)]

    def specs() -> list[Any]:
        return [
            spec
            for host in lab.fleet.hosts
            for spec in host.state.document.networks
            if spec.id == network.id
        ]

    def all_follow() -> bool:
        return all(
            (spec.dns, spec.domain, [one.next_hop for one in spec.host_routes])
            == (["192.0.2.53"], "cloud.example", [hop])
            for spec in specs()
        )

    assert specs()
    await lab.until(all_follow)
    await lab.client.call(
        "network.update", id=network.id, dns=before.dns, domain=before.domain, host_routes=[]
    )
    await lab.until(lambda: not any(spec.host_routes for spec in specs()))
