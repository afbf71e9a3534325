"""What is proposed for a NIC fits it and leaves alone what is known to be in use."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.protocol.requests import NetworkCreate
from appliance.services.networks.addresses import check_own_addresses, check_plan
from appliance.services.networks.conflicts import as_error
from appliance.services.networks.proposals import (
    PUBLIC_DNS,
    dns_servers,
    free_span,
    physical_proposals,
)
from appliance.services.setup.proposals import free_networks
from hostagent.protocol.network import NetworkProblem, NicAddressing


def span_of(cidr: str, *taken: str) -> tuple[str, str] | None:
    found = free_span(IPv4Network(cidr), {int(IPv4Address(text)) for text in taken})
    return None if found is None else (str(IPv4Address(found[0])), str(IPv4Address(found[1])))


def test_the_end_of_the_largest_free_part_is_proposed() -> None:
    assert span_of("10.0.0.0/24") == ("10.0.0.151", "10.0.0.250")
    assert span_of("10.0.0.0/24", "10.0.0.200") == ("10.0.0.100", "10.0.0.199")
    assert span_of("10.0.0.0/24", "10.0.0.60") == ("10.0.0.151", "10.0.0.250")
    assert span_of("10.0.0.0/28", "10.0.0.1", "10.0.0.9") == ("10.0.0.2", "10.0.0.8")
    assert span_of("10.0.0.0/29", "10.0.0.1", "10.0.0.3", "10.0.0.5") is None


@given(st.integers(8, 29), st.sets(st.integers(0, 2**24), max_size=40))
def test_a_proposed_range_is_free_and_inside(prefix: int, offsets: set[int]) -> None:
    network = IPv4Network(f"10.0.0.0/{prefix}")
    taken = {int(network.network_address) + offset for offset in offsets}
    span = free_span(network, taken)
    if span is None:
        return
    assert not any(span[0] <= number <= span[1] for number in taken)
    assert int(network.network_address) < span[0] < span[1] < int(network.broadcast_address)
    assert span[1] - span[0] < 100


def test_each_nic_has_its_own_network() -> None:
    nics = [
        NicAddressing(
            name="eth0",
            addresses=["192.168.1.20/24", "192.168.1.21/24"],
            gateway="192.168.1.254",
            in_use=["192.168.1.240"],
        ),
        NicAddressing(name="eth1", addresses=["10.9.0.1/16"]),
        NicAddressing(name="wg0", addresses=["10.8.0.2/32"]),
        NicAddressing(name="odd0", addresses=["169.254.3.4/16"]),
    ]
    found = physical_proposals(nics, ["127.0.0.53", "192.168.1.254"], ["10.9.255.200/16"])
    assert set(found) == {"eth0", "eth1"}
    assert found["eth0"] == {
        "kind": "physical",
        "physical_interface": "eth0",
        "cidr": "192.168.1.0/24",
        "gateway": "192.168.1.254",
        "dns": ["192.168.1.254"],
        "ranges": [{"first": "192.168.1.140", "last": "192.168.1.239"}],
    }
    # Nobody said where the router is, and the host itself has the first address.
    assert found["eth1"]["cidr"] == "10.9.0.0/16"
    assert found["eth1"]["gateway"] == "10.9.255.254"
    for name, proposal in found.items():
        request = msgspec.convert({"name": name, "cluster_id": "0" * 36} | proposal, NetworkCreate)
        plan = check_plan(request.cidr, request.gateway, request.ranges, kind=request.kind)
        own = [(nic.name, text) for nic in nics for text in nic.addresses]
        check_own_addresses(plan.spans, own)


def test_dns_servers_fall_back_to_public_ones() -> None:
    assert dns_servers(["10.0.0.1", "127.0.0.1", "::1"]) == ["10.0.0.1"]
    assert dns_servers(["127.0.0.53"]) == dns_servers([]) == PUBLIC_DNS


def test_private_networks_are_proposed_around_the_machines_own() -> None:
    first = next(free_networks(["10.0.0.1/24", "fe80::1/64"]))
    assert str(first) == "192.168.100.0/24"
    beside = [str(network) for network in free_networks(["192.168.0.9/16"])]
    assert beside == ["10.88.0.0/24", "10.98.0.0/24", "10.108.0.0/24"]
    assert len(list(free_networks(["0.0.0.0/0"]))) == 1


@pytest.mark.parametrize("field", ["range_first", "range_last", "ranges"])
def test_what_agents_find_keeps_code_and_values(field: str) -> None:
    problem = NetworkProblem(
        code="network.own_address",
        severity="error",
        field=field,
        message="no",
        params={"address": "10.0.0.5", "first": "10.0.0.1", "last": "10.0.0.9"},
    )
    error = as_error(problem, "box")
    assert (error.code, error.field) == ("network.own_address", "ranges")
    assert error.params == {"host": "box", **problem.params}
    newer = NetworkProblem(
        code="network.of_tomorrow", severity="error", field="cidr", message="words"
    )
    unknown = as_error(newer, "box")
    assert (unknown.code, unknown.field) == ("network.check_failed", "cidr")
    assert unknown.params == {"reason": "words"}
