"""Pre-flight checks find what would be in the way, on a real host and a real wire."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

from hostagent.protocol.network import NetworkCheck

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
    return {problem.code: (problem.severity, problem.field) for problem in result.problems}


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


async def test_impossible_ranges(host: Host) -> None:
    host.outside("10.70.0.1/24", "wan0", "10.70.0.5/24")
    assert "network.bad_cidr" in await found(host, wanted(cidr="10.70.0.1/24"))
    assert "network.bad_address" in await found(host, wanted(gateway="first"))
    assert "network.outside" in await found(host, wanted(range_last="10.71.0.1"))
    assert "network.gateway_in_range" in await found(host, wanted(gateway="10.70.0.150"))
    reversed_range = wanted(range_first="10.70.0.9", range_last="10.70.0.8")
    assert "network.range_reversed" in await found(host, reversed_range)
