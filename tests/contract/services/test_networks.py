"""Networks that do not fit: told at their field with the values, by the check and by the create."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from appliance.protocol.errors import ErrorBody
from tests.contract.services.bench import Bench, told
from tests.integration.network.conftest import Guest, run

PHYSICAL = {"kind": "physical", "physical_interface": "wan0"}
ASKED = ("kind", "physical_interface", "cidr", "gateway", "ranges")


def spans(*texts: str) -> list[dict[str, str]]:
    return [{"first": t.split("-")[0], "last": t.split("-")[1]} for t in texts]


async def check(cloud: Bench, **fields: Any) -> Any:
    """What the host's check says of a network."""
    request = cloud.network_request(**fields)
    body = {name: request[name] for name in ASKED if name in request}
    found = await cloud.do("host.check_network", cloud.machine, **body)
    for item in (*found.problems, *found.warnings):
        told(item)
    return found


async def refused(cloud: Bench, **fields: Any) -> ErrorBody:
    """The one error that check and create agree on; nothing is made."""
    before = len(await cloud.all("network"))
    error = await cloud.refused("network.create", **cloud.network_request(**fields))
    (problem,) = (await check(cloud, **fields)).problems
    assert problem == msgspec.structs.replace(error, request_id="")
    assert len(await cloud.all("network")) == before
    return error


WRONG = [
    ({"cidr": "10.70.0.0"}, "network.bad_cidr", "cidr", ("10.70.0.0",)),
    ({"cidr": "0.0.0.0/8"}, "network.bad_cidr", "cidr", ("0.0.0.0/8",)),
    ({"cidr": "240.0.0.0/8"}, "network.bad_cidr", "cidr", ("240.0.0.0/8",)),
    ({"gateway": "10.71.0.1"}, "network.outside", "gateway", ("10.71.0.1", "10.70.0.0/24")),
    (
        {"gateway": "10.70.0.15"},
        "network.gateway_in_range",
        "gateway",
        ("10.70.0.15", "10.70.0.10", "10.70.0.20"),
    ),
    (
        {"ranges": spans("10.70.0.10-10.71.0.20")},
        "network.outside",
        "ranges",
        ("10.71.0.20", "10.70.0.0/24", "10.70.0.254"),
    ),
    (
        {"ranges": spans("10.70.0.10-10.70.0.20", "10.70.0.15-10.70.0.30")},
        "network.range_overlap",
        "ranges",
        ("10.70.0.10", "10.70.0.20", "10.70.0.15", "10.70.0.30"),
    ),
    (
        {"ranges": spans("10.70.0.30-10.70.0.20")},
        "network.range_reversed",
        "ranges",
        ("10.70.0.30", "10.70.0.20"),
    ),
    (
        {"cidr": "10.70.0.0/30", "ranges": spans("10.70.0.2-10.70.0.2")},
        "network.range_too_small",
        "ranges",
        ("10.70.0.2",),
    ),
    ({"kind": "physical"}, "network.interface_needed", "physical_interface", ()),
]


async def test_values_that_do_not_fit_each_other(cloud: Bench) -> None:
    for fields, code, field, named in WRONG:
        error = await refused(cloud, **fields)
        assert (error.code, error.field) == (code, field)
        assert all(value in error.message + error.remedy for value in named), error.message


async def test_domains_that_could_do_harm_never_reach_a_host(cloud: Bench) -> None:
    for domain in ("a b", "x\nserver=/evil/", "-a", "a..b", "a_b", "é.example", "x/24", "a" * 64):
        error = await cloud.refused("network.create", **cloud.network_request(domain=domain))
        assert (error.code, error.field) == ("network.bad_domain", "domain")
        assert error.message.isprintable()
    assert await cloud.all("network") == []
    await cloud.do("network.create", **cloud.network_request(domain="Cloud.Example"))
    (network,) = await cloud.all("network")
    assert network.domain == "cloud.example"


async def test_dns_servers_that_guests_cannot_ask(cloud: Bench) -> None:
    for server in ("127.0.0.53", "0.0.0.0", "224.0.0.251"):
        error = await cloud.refused("network.create", **cloud.network_request(dns=[server]))
        assert (error.code, error.field) == ("network.bad_dns", "dns")
        assert server in error.message


async def test_only_private_networks_with_snat_may_share_addresses(cloud: Bench) -> None:
    await cloud.do("network.create", **cloud.network_request())
    no_snat = {"services": ["dhcp", "dns"]}
    routed = cloud.network_request(cidr="10.70.0.0/16", **no_snat)
    for error in (
        await refused(cloud, cidr="10.70.0.0/16", **PHYSICAL),
        await cloud.refused("network.create", **routed),
    ):
        assert (error.code, error.field) == ("network.cidr_overlap", "cidr")
        assert (error.params["name"], error.params["other_cidr"]) == ("n", "10.70.0.0/24")
    wider = cloud.network_request(name="wider", cidr="10.70.0.0/16")
    assert (await check(cloud, cidr="10.70.0.0/16")).problems == []
    await cloud.do("network.create", **wider)
    one, other = sorted(await cloud.all("network"), key=lambda network: network.name)
    for network in (one, other):
        error = await cloud.refused("network.set_services", network.id, **no_snat)
        assert (error.code, error.field) == ("network.shares_addresses", "services")
    await cloud.do("network.delete", other.id)
    await cloud.do("network.set_services", one.id, **no_snat)
    assert (await refused(cloud, cidr="10.70.0.0/16")).code == "network.cidr_overlap"


async def test_networks_may_share_a_name(cloud: Bench) -> None:
    await cloud.do("network.create", **cloud.network_request())
    other = {
        "cidr": "10.71.0.0/24",
        "gateway": "10.71.0.1",
        "ranges": spans("10.71.0.10-10.71.0.20"),
    }
    await cloud.do("network.create", **cloud.network_request(**other))
    assert [network.name for network in await cloud.all("network")] == ["n", "n"]


async def test_addresses_of_the_hosts_themselves(wire: Guest, cloud: Bench) -> None:
    for kind in ({}, PHYSICAL):
        fields = {"ranges": spans("10.70.0.2-10.70.0.9", "10.70.0.20-10.70.0.30"), **kind}
        error = await refused(cloud, **fields)
        assert (error.code, error.field) == ("network.own_address", "ranges")
        assert error.params == {
            "host": "box",
            "address": "10.70.0.5",
            "first": "10.70.0.2",
            "last": "10.70.0.9",
        }


async def test_an_own_address_that_came_later_is_seen_by_the_host(
    wire: Guest, cloud: Bench
) -> None:
    run("ip", "addr", "add", "10.70.0.15/24", "dev", "wan0")
    (problem,) = (await check(cloud, **PHYSICAL)).problems
    assert (problem.code, problem.field) == ("network.own_address", "ranges")
    assert (problem.params["host"], problem.params["address"]) == ("box", "10.70.0.15")


async def test_nics_that_are_not_there_down_or_taken(wire: Guest, cloud: Bench) -> None:
    missing = {"kind": "physical", "physical_interface": "nope0"}
    for error in (
        await cloud.refused("network.create", **cloud.network_request(**missing)),
        (await check(cloud, **missing)).problems[0],
    ):
        assert (error.code, error.field) == ("network.interface_missing", "physical_interface")
        assert (error.params["host"], error.params["choices"]) == ("box", "wan0")
    run("ip", "link", "set", "wan0", "down")
    (problem,) = (await check(cloud, **PHYSICAL)).problems
    assert (problem.code, problem.field) == ("network.interface_down", "physical_interface")
    run("ip", "link", "set", "wan0", "up")
    await cloud.do("network.create", **cloud.network_request(**PHYSICAL))
    other = {"cidr": "10.71.0.0/24", "gateway": "10.71.0.1"}
    error = await refused(cloud, **PHYSICAL, **other, ranges=spans("10.71.0.10-10.71.0.20"))
    assert (error.code, error.field) == ("network.interface_taken", "physical_interface")
    assert error.params["network"] == "n"


async def test_warnings_of_the_wire_come_with_field_and_values(wire: Guest, cloud: Bench) -> None:
    for address in ("10.70.0.10", "10.70.0.12"):
        wire.do("ip", "addr", "add", f"{address}/24", "dev", "eth0")
    found = await check(cloud, **PHYSICAL, gateway="10.70.0.2")
    assert found.problems == []
    warnings = {item.code: item for item in found.warnings}
    assert {code: item.field for code, item in warnings.items()} == {
        "network.gateway_silent": "gateway",
        "network.addresses_in_use": "ranges",
    }
    assert "10.70.0.2 " in warnings["network.gateway_silent"].message
    assert "10.70.0.10, 10.70.0.12" in warnings["network.addresses_in_use"].message
    private = {"cidr": "10.70.0.0/25"}
    (problem,) = (await check(cloud, **private)).problems
    assert (problem.code, problem.field) == ("network.cidr_overlap", "cidr")
    assert (problem.params["other_cidr"], problem.params["name"]) == ("10.70.0.0/24", "wan0")


async def test_each_nic_comes_with_a_network_that_fits_it(wire: Guest, cloud: Bench) -> None:
    found = await check(cloud, cidr="nonsense")
    assert [item.code for item in found.problems] == ["network.bad_cidr"]
    proposal = found.facts["proposals"]["wan0"]
    assert proposal["ranges"] == spans("10.70.0.151-10.70.0.250")
    expected = {"cidr": "10.70.0.0/24", "gateway": "10.70.0.1", **PHYSICAL}
    assert {key: proposal[key] for key in expected} == expected
    # What is proposed can be made as it is.
    good = await check(cloud, **{key: proposal[key] for key in ASKED})
    assert (good.problems, good.warnings) == ([], [])
    assert good.facts["addresses"] == 99
    await cloud.do("network.create", **cloud.network_request(**proposal))
    (network,) = await cloud.all("network")
    # On a wire that others use, DHCP gets an address that is known to be ours.
    assert network.dhcp_address == good.facts["dhcp_address"] == "10.70.0.250"


async def test_a_host_that_is_away_still_lets_mistakes_be_told(
    cloud: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cloud.unplug()
    monkeypatch.setattr("appliance.hosts.links.WAIT_FOR_LINK_S", 0.1)
    found = await check(cloud, cidr="nonsense")
    assert ([item.code for item in found.problems], found.facts) == (["network.bad_cidr"], {})
