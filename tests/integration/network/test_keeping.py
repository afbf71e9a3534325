"""The document stays true: repairs, restarts, refusals, and nothing done twice."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from typing import TYPE_CHECKING

from hostagent.network.manager import NetworkManager

if TYPE_CHECKING:
    from tests.integration.network.conftest import Host


def run(*arguments: str) -> str:
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout


def indexes() -> dict[str, int]:
    return {link["ifname"]: link["ifindex"] for link in json.loads(run("ip", "-j", "link"))}


async def dhcp_pid(host: Host) -> int | None:
    return (await host.manager.status()).networks[0].dhcp_pid


async def test_second_apply_touches_nothing_that_is_right(host: Host) -> None:
    port = host.port("one", "10.70.0.10")
    guest = host.guest(port)
    await host.must_apply(host.network("net", ports=[port]))
    links, pid = indexes(), await dhcp_pid(host)

    await host.must_apply(host.network("net", ports=[port]))
    assert (indexes(), await dhcp_pid(host)) == (links, pid)

    two = host.port("two", "10.70.0.11")
    more = [host.network("net", ports=[port, two]), host.network("net2", "10.71.0.0/24")]
    await host.must_apply(*more)
    assert {name: index for name, index in indexes().items() if name in links} == links
    assert await dhcp_pid(host) == pid
    other = host.guest(two)
    assert (await other.dhcp())["ip"] == "10.70.0.11"
    assert (await guest.dhcp())["ip"] == "10.70.0.10"


async def test_killed_dnsmasq_comes_back(host: Host, wait_until) -> None:
    port = host.port("one", "10.70.0.10")
    guest = host.guest(port)
    await host.must_apply(host.network("net", ports=[port]))
    pid = await dhcp_pid(host)
    assert pid is not None

    os.kill(pid, signal.SIGKILL)

    pid_file = next((host.manager._run_dir).glob("*/dnsmasq.pid"))
    await wait_until(lambda: pid_file.exists() and int(pid_file.read_text() or pid) != pid)
    assert (await guest.dhcp())["ip"] == "10.70.0.10"


async def test_flushed_rules_come_back(host: Host, wait_until) -> None:
    await host.must_apply(host.network("net", ports=[host.port("one", "10.70.0.10")]))
    before = run("nft", "-s", "list", "ruleset")

    run("nft", "flush", "ruleset")

    await wait_until(lambda: run("nft", "-s", "list", "ruleset") == before)


async def test_a_single_deleted_rule_comes_back(host: Host, wait_until) -> None:
    await host.must_apply(host.network("net", ports=[host.port("one", "10.70.0.10")]))
    before = run("nft", "-s", "list", "ruleset")
    table = next(line.split()[2] for line in before.splitlines() if "any_route" in line)

    run("nft", "flush", "chain", "inet", table, "pass")

    await wait_until(lambda: run("nft", "-s", "list", "ruleset") == before)


async def test_removed_bridge_and_namespace_come_back(host: Host, wait_until) -> None:
    port = host.port("one", "10.70.0.10")
    guest = host.guest(port)
    network = host.network("net", ports=[port])
    await host.must_apply(network)

    run("ip", "link", "del", network.bridge)
    await wait_until(lambda: network.bridge in indexes())
    assert (await guest.dhcp())["ip"] == "10.70.0.10"

    name = next(n for n in run("ip", "netns").split() if n.startswith("any-"))
    run("ip", "netns", "del", name)
    await wait_until(lambda: any(n.startswith("any-") for n in run("ip", "netns").split()))
    assert (await guest.dhcp())["ip"] == "10.70.0.10"
    assert (await guest.get("/latest/meta-data/instance-id")) == "vm-one"


async def test_older_generation_is_refused(host: Host) -> None:
    await host.must_apply(host.network("net"))
    await host.must_apply()

    report = await host.apply(host.network("net"), generation=1)

    assert (report.applied, report.generation) == (False, 2)
    assert report.errors[0].code == "network.stale"


async def test_invalid_document_changes_nothing_and_names_the_field(host: Host) -> None:
    port = host.port("one", "10.70.0.10")
    await host.must_apply(host.network("net", ports=[port]))
    links, rules = indexes(), run("nft", "-s", "list", "ruleset")

    bad = host.port("two", "10.99.0.1")
    report = await host.apply(host.network("net", ports=[port, bad]))

    assert not report.applied
    assert report.errors[0].params == {"field": "address", "value": "10.99.0.1", "nic_id": "two"}
    assert (indexes(), run("nft", "-s", "list", "ruleset")) == (links, rules)


async def test_restarted_agent_serves_by_itself_and_disturbs_nothing(host: Host) -> None:
    port = host.port("one", "10.70.0.10")
    guest = host.guest(port)
    await host.must_apply(host.network("net", ports=[port]))
    links, pid = indexes(), await dhcp_pid(host)
    await host.manager.stop()
    assert (await guest.dhcp())["ip"] == "10.70.0.10", "DHCP goes on without the agent"

    host.manager = NetworkManager(host.folder / "state")
    await host.manager.start()

    assert (indexes(), await dhcp_pid(host)) == (links, pid)
    assert (await guest.get("/latest/meta-data/instance-id")) == "vm-one"
    status = await host.manager.status()
    assert (status.generation, status.networks[0].drift) == (1, [])


async def test_rebooted_host_serves_by_itself(host: Host) -> None:
    port = host.port("one", "10.70.0.10")
    network = host.network("net", ports=[port])
    guest = host.guest(port)
    await host.must_apply(network)
    pid = await dhcp_pid(host)
    assert pid is not None
    await host.manager.stop()
    os.kill(pid, signal.SIGKILL)
    run("ip", "link", "del", network.bridge)
    for name in run("ip", "netns").split():
        if name.startswith("any-"):
            run("ip", "netns", "del", name)
    run("nft", "flush", "ruleset")
    for path in sorted(host.manager._run_dir.glob("**/*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()

    host.manager = NetworkManager(host.folder / "state")
    await host.manager.start()

    assert (await guest.dhcp())["ip"] == "10.70.0.10"


async def test_unreadable_document_leaves_what_runs_until_the_next_one(host: Host) -> None:
    port = host.port("one", "10.70.0.10")
    guest = host.guest(port)
    network = host.network("net", ports=[port])
    await host.must_apply(network)
    links, pid = indexes(), await dhcp_pid(host)
    await host.manager.stop()
    (host.folder / "state" / "document.json").write_text("{")

    host.manager = NetworkManager(host.folder / "state")
    await host.manager.start()

    assert indexes() == links
    assert (await guest.dhcp())["ip"] == "10.70.0.10"
    await host.must_apply(network)
    assert (indexes(), await dhcp_pid(host)) == (links, pid)


async def test_changed_address_plan_is_followed(host: Host) -> None:
    await host.must_apply(host.network("net"))
    port = host.port("one", "10.72.0.10")
    guest = host.guest(port)

    await host.must_apply(host.network("net", "10.72.0.0/24", ports=[port]))

    assert (await guest.dhcp())["ip"] == "10.72.0.10"
    assert guest.pings("10.72.0.1")
    assert (await guest.get("/latest/meta-data/local-ipv4")) == "10.72.0.10"


async def test_abandoned_apply_goes_on_to_its_end(host: Host, wait_until) -> None:
    await host.must_apply(host.network("net"))
    more = host.network("net2", "10.71.0.0/24")
    task = asyncio.create_task(host.apply(host.network("net"), more))
    await wait_until(lambda: more.bridge in indexes())

    task.cancel()
    await asyncio.wait([task])

    status = await host.manager.status()
    assert status.generation == 2
    assert [network.drift for network in status.networks] == [[], []]


async def test_works_with_bridge_netfilter_on_and_off(host: Host) -> None:
    here, there = host.port("one", "10.70.0.10"), host.port("two", "10.70.0.11")
    one, two = host.guest(here), host.guest(there)
    network = host.network("net", ports=[here, there])
    await host.must_apply(network)
    two.static("10.70.0.11/24", "10.70.0.1")
    for value in "01":
        with open("/proc/sys/net/bridge/bridge-nf-call-iptables", "w") as file:  # noqa: PTH123
            file.write(value)
        assert (await one.dhcp(classless=False))["ip"] == "10.70.0.10"
        assert (await one.get("/latest/meta-data/instance-id")) == "vm-one"
        assert one.pings("10.70.0.11")
