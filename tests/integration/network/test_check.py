"""Pre-flight checks find what would be in the way, on a real host and a real wire."""

from __future__ import annotations

import subprocess
import time
from ipaddress import IPv4Address
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from appliance.protocol.messages import render
from appliance.protocol.texts_errors import ERRORS
from hostagent.network.check import _sample, _Span
from hostagent.protocol.network import AddressSpan, NetworkCheck, NetworkProblem

if TYPE_CHECKING:
    from tests.integration.network.conftest import Host


def run(*arguments: str) -> None:
    subprocess.run(arguments, check=True, capture_output=True)


def wanted(**more: Any) -> NetworkCheck:
    fields: dict[str, Any] = {
        "kind": "physical", "cidr": "10.70.0.0/24", "gateway": "10.70.0.1",
        "physical_interface": "wan0", "range_first": "10.70.0.100", "range_last": "10.70.0.200",
    }  # fmt: skip
    return NetworkCheck(**{**fields, **more})


async def found(host: Host, check: NetworkCheck) -> dict[str, tuple[str, str]]:
    result = await host.manager.check(check)
    assert result.ok == all(problem.severity != "error" for problem in result.problems)
    for problem in result.problems:
        is_told_in_full(problem)
    return {problem.code: (problem.severity, problem.field) for problem in result.problems}


def is_told_in_full(problem: NetworkProblem) -> None:
    """Its code has texts in both languages, and the host sends what they name."""
    assert problem.code in ERRORS
    for language in ("en", "zh"):
        text = render(problem.code, {"host": "box"} | problem.params, language)
        assert "{" not in text.message + text.remedy


def spans(*texts: str) -> list[AddressSpan]:
    return [AddressSpan(first=t.split("-")[0], last=t.split("-")[1]) for t in texts]


def with_ranges(*texts: str, **more: Any) -> NetworkCheck:
    return wanted(range_first=None, range_last=None, ranges=spans(*texts), **more)


async def test_good_network_has_no_problems(host: Host) -> None:
    host.outside("10.70.0.1/24", "wan0", "10.70.0.5/24")
    assert await found(host, wanted()) == {}
    private = wanted(kind="nat", cidr="10.71.0.0/24", gateway="10.71.0.1", physical_interface=None,
                     range_first="10.71.0.10", range_last="10.71.0.20")  # fmt: skip
    assert await found(host, private) == {}


async def test_silent_gateway_and_foreign_dhcp_are_warned_of(host: Host) -> None:
    router = host.outside("10.70.0.3/24", "wan0", "10.70.0.5/24")
    pid_file = host.folder / "foreign.pid"
    router.do(
        "dnsmasq", "--conf-file=/dev/null", "--port=0", "--user=root", "--no-ping",
        f"--pid-file={pid_file}", "--dhcp-range=10.70.0.200,10.70.0.210",
        f"--dhcp-leasefile={host.folder / 'foreign.leases'}",
    )  # fmt: skip
    try:
        problems = await found(host, wanted())
    finally:
        router.do("kill", pid_file.read_text().strip())
    assert problems == {
        "network.gateway_silent": ("warning", "gateway"),
        "network.foreign_dhcp": ("warning", "physical_interface"),
    }


async def test_missing_down_and_taken_nics(host: Host) -> None:
    host.outside("10.70.0.1/24", "wan0", None)
    assert await found(host, wanted(physical_interface="nope0")) == {
        "network.interface_missing": ("error", "physical_interface")
    }
    run("ip", "link", "set", "wan0", "down")
    assert await found(host, wanted()) == {
        "network.interface_down": ("error", "physical_interface")
    }
    run("ip", "link", "set", "wan0", "up")
    run("ip", "link", "add", "br-other", "type", "bridge")
    run("ip", "link", "set", "wan0", "master", "br-other")
    assert await found(host, wanted()) == {
        "network.interface_taken": ("error", "physical_interface")
    }


async def test_overlap_with_the_hosts_own_networks(host: Host) -> None:
    host.outside("10.70.0.1/24", "wan0", "10.70.0.5/24")
    private = wanted(kind="nat", physical_interface=None)
    assert await found(host, private) == {"network.cidr_overlap": ("error", "cidr")}


async def test_a_private_network_may_have_the_addresses_of_another_private_one(host: Host) -> None:
    host.outside("10.71.0.1/24", "wan0", "10.71.0.5/24")
    await host.must_apply(host.network("other"))
    private = wanted(kind="nat", physical_interface=None, range_first="10.70.0.1")
    assert await found(host, private) == {"network.gateway_in_range": ("error", "gateway")}
    assert await found(host, wanted()) == {"network.cidr_overlap": ("error", "cidr")}


async def test_impossible_ranges(host: Host) -> None:
    host.outside("10.70.0.1/24", "wan0", "10.70.0.5/24")
    assert "network.bad_cidr" in await found(host, wanted(cidr="10.70.0.1/24"))
    assert "network.bad_address" in await found(host, wanted(gateway="first"))
    assert "network.outside" in await found(host, wanted(range_last="10.71.0.1"))
    assert "network.gateway_in_range" in await found(host, wanted(gateway="10.70.0.150"))
    reversed_range = wanted(range_first="10.70.0.9", range_last="10.70.0.8")
    assert "network.range_reversed" in await found(host, reversed_range)
    several = with_ranges("10.70.0.9-10.70.0.8", "10.70.0.20-10.71.0.1", "10.70.0.1-10.70.0.3")
    problems = (await host.manager.check(several)).problems
    assert [(problem.code, problem.field) for problem in problems] == [
        ("network.range_reversed", "ranges"),
        ("network.outside", "ranges"),
        ("network.gateway_in_range", "gateway"),
    ]


async def test_the_hosts_own_address_in_a_range_is_refused(host: Host) -> None:
    host.outside("10.70.0.1/24", "wan0", "10.70.0.5/24")
    run("ip", "address", "add", "10.70.0.150/24", "dev", "wan0")
    result = await host.manager.check(
        with_ranges("10.70.0.10-10.70.0.20", "10.70.0.100-10.70.0.200")
    )
    (problem,) = result.problems
    assert (problem.code, problem.severity, problem.field) == (
        "network.own_address", "error", "ranges",
    )  # fmt: skip
    assert problem.params == {
        "address": "10.70.0.150", "interface": "wan0",
        "first": "10.70.0.100", "last": "10.70.0.200",
    }  # fmt: skip
    beside = with_ranges("10.70.0.10-10.70.0.149", "10.70.0.151-10.70.0.200")
    assert await found(host, beside) == {}


async def test_addresses_that_others_have_are_warned_of(host: Host) -> None:
    others = host.outside("10.70.0.1/24", "wan0", "10.70.0.5/24")
    for address in ("10.70.0.10", "10.70.0.15", "10.70.0.200"):
        others.do("ip", "addr", "add", f"{address}/24", "dev", "eth0")
    check = with_ranges("10.70.0.10-10.70.0.20", "10.70.0.30-10.70.0.40", "10.70.0.100-10.70.0.200")
    result = await host.manager.check(check)
    assert [(item.code, item.severity, item.field, item.params) for item in result.problems] == [
        ("network.addresses_in_use", "warning", "ranges", {
            "addresses": "10.70.0.10, 10.70.0.15", "count": 2, "interface": "wan0",
            "first": "10.70.0.10", "last": "10.70.0.20",
        }),
        ("network.addresses_in_use", "warning", "ranges", {
            "addresses": "10.70.0.200", "count": 1, "interface": "wan0",
            "first": "10.70.0.100", "last": "10.70.0.200",
        }),
    ]  # fmt: skip
    assert result.ok


async def test_many_answers_are_counted_and_some_named(host: Host) -> None:
    others = host.outside("10.70.0.1/24", "wan0", "10.70.0.5/24")
    for last in range(100, 112):
        others.do("ip", "addr", "add", f"10.70.0.{last}/24", "dev", "eth0")
    result = await host.manager.check(with_ranges("10.70.0.100-10.70.0.111"))
    (problem,) = result.problems
    assert problem.params["count"] == 12
    assert problem.params["addresses"].endswith("10.70.0.107, …")


async def test_asking_the_wire_is_bounded_and_can_be_left_out(host: Host) -> None:
    others = host.outside("10.0.0.1/8", "wan0", "10.0.0.2/8")
    others.do("nft", "add table netdev w; add chain netdev w in { type filter hook ingress device "
              "eth0 priority 0; }; add rule netdev w in ether type arp counter")  # fmt: skip

    def asked() -> int:
        listing = others.do("nft", "list", "table", "netdev", "w")
        return int(listing.split("counter packets ")[1].split()[0])

    ranges = [f"10.{number}.0.10-10.{number}.255.200" for number in range(1, 65)]
    large = {"cidr": "10.0.0.0/8", "gateway": "10.0.0.1"}
    before = asked()
    quiet = await host.manager.check(with_ranges(*ranges, **large, probe=False))
    assert (quiet.problems, asked()) == ([], before)
    began = time.monotonic()
    await host.manager.check(with_ranges(*ranges, **large))
    assert time.monotonic() - began < 4
    # Each address of the sample twice, and the gateway.
    assert 400 < asked() - before < 600


def test_samples_have_both_ends_and_are_spread() -> None:
    large = _Span(IPv4Address("10.0.0.10"), IPv4Address("10.0.255.200"))
    sample = _sample(large, 32)
    assert (len(sample), sample[0], sample[-1]) == (32, large.first, large.last)
    gaps = {int(b) - int(a) for a, b in pairwise(sample)}
    assert max(gaps) - min(gaps) <= 1
    small = _Span(IPv4Address("10.0.0.10"), IPv4Address("10.0.0.14"))
    assert _sample(small, 32) == [small.first + n for n in range(5)]
    one = _Span(small.first, small.first)
    assert _sample(one, 32) == [small.first]


async def test_a_nic_without_a_cable_is_warned_of(host: Host) -> None:
    other = host.outside("10.70.0.1/24", "wan0", "10.70.0.5/24")
    other.do("ip", "link", "set", "eth0", "down")
    assert await found(host, wanted()) == {
        "network.interface_unplugged": ("warning", "physical_interface")
    }


async def test_the_host_says_what_a_network_could_be_proposed_from(host: Host) -> None:
    router = host.outside("10.70.0.1/24", "wan0", "10.70.0.5/24")
    host.outside("10.72.0.1/24", "lan0", None)
    run("ip", "route", "add", "default", "via", "10.70.0.1", "dev", "wan0", "metric", "100")
    run("ip", "route", "add", "default", "via", "10.70.0.9", "dev", "wan0", "metric", "200")
    router.do("ip", "addr", "add", "10.70.0.77/24", "dev", "eth0")
    assert router.pings("10.70.0.5", source="10.70.0.77")
    resolvers = host.folder / "resolv.conf"
    resolvers.write_text("# local\nnameserver 127.0.0.53\nnameserver ::1\nnameserver 10.70.0.1\n")
    run("mount", "--bind", str(resolvers), "/etc/resolv.conf")
    result = await host.manager.check(wanted(cidr="nonsense"))
    assert [problem.code for problem in result.problems] == ["network.bad_cidr"]
    (nic,) = result.nics
    assert (nic.name, nic.addresses, nic.gateway) == ("wan0", ["10.70.0.5/24"], "10.70.0.1")
    assert "10.70.0.77" in nic.in_use
    assert result.resolvers == ["10.70.0.1"]
    resolvers.write_text("nameserver 127.0.0.53\n")
    assert (await host.manager.check(wanted())).resolvers == []
