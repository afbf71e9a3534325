"""What a host of a VXLAN network is told of the others."""

from __future__ import annotations

from appliance.services.networks.tunnels import Tunnels
from hostagent.protocol.network import RemoteMac

HERE, THERE = "192.0.2.1", "192.0.2.2"


def tunnels() -> Tunnels:
    macs = [("0a:00:00:00:00:01", "here"), ("0a:00:00:00:00:02", "there")]
    return Tunnels(7, {"here": HERE, "there": THERE}, [*macs, ("0a:00:00:00:00:03", "nowhere")])


def test_a_host_knows_the_machines_of_others_but_not_its_own() -> None:
    spec = tunnels().seen_from("here", has_machines=True)
    assert spec is not None
    assert (spec.vni, spec.endpoint, spec.peers) == (7, HERE, [THERE])
    assert spec.remote_macs == [RemoteMac(mac="0a:00:00:00:00:02", endpoint=THERE)]


def test_a_host_without_machines_sends_nothing() -> None:
    spec = tunnels().seen_from("here", has_machines=False)
    assert spec is not None
    assert (spec.peers, spec.remote_macs) == ([THERE], [])


def test_a_host_without_endpoint_has_no_tunnel() -> None:
    assert tunnels().seen_from("nowhere", has_machines=True) is None


def test_what_others_know_of_a_host() -> None:
    assert tunnels().part_of("there") == (THERE, frozenset({"0a:00:00:00:00:02"}))
    assert tunnels().part_of("nowhere") == ("", frozenset({"0a:00:00:00:00:03"}))
