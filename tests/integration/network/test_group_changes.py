"""Security groups that change, and what happens to open connections, repairs and restarts."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from hostagent.network.links.bridge_filter import switch_values
from hostagent.network.manager import NetworkManager
from hostagent.protocol.firewall import SecurityRule
from tests.integration.network.vms import OUT, Vms, allow, group

SWITCH = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")


def run(*arguments: str) -> str:
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout


def ruleset() -> list[str]:
    """All that is loaded; elements of a set come in another order each time."""
    return sorted(re.split(r"[\s,]+", run("nft", "-s", "list", "ruleset")))


def without_counts(ruleset: str) -> str:
    return re.sub(r"packets \d+ bytes \d+", "", ruleset)


async def test_the_switch_is_given_back_with_the_last_group(vms: Vms) -> None:
    SWITCH.write_text("0")
    before = switch_values()
    vms.add("one", "10.70.0.10", "none")
    vms.add("two", "10.70.0.11")
    await vms.apply(group("none"))
    assert set(switch_values().values()) == {"1"}

    free = vms.host.port("one", "10.70.0.10")
    await vms.host.must_apply(vms.host.network("net", ports=[free, vms.ports["two"]]))

    assert switch_values() == before
    assert vms.guests["two"].pings("10.70.0.10")


async def test_changed_rules_cut_only_what_is_no_longer_allowed(vms: Vms) -> None:
    web, client = vms.add("web", "10.70.0.10", "web"), vms.add("client", "10.70.0.11", "client")
    web.listens("tcp", 80, 81)
    web.listens("udp", 53, 54)
    both = [allow("http", "tcp", 80), allow("alt", "tcp", 81)]
    names = [allow("dns", "udp", 53), allow("dns2", "udp", 54)]
    client_group = group("client", OUT, members=("10.70.0.11",))
    await vms.apply(group("web", *both, *names, OUT), client_group)
    kept, lost = client.open("tcp", "10.70.0.10", 80), client.open("tcp", "10.70.0.10", 81)
    asked, unasked = client.open("udp", "10.70.0.10", 53), client.open("udp", "10.70.0.10", 54)

    await vms.apply(group("web", both[0], names[0], OUT), client_group)

    assert client.says(kept)
    assert client.says(asked)
    assert not client.says(lost, allowed=False)
    assert not client.says(unasked, allowed=False)

    await vms.apply(group("web", *both, *names, OUT), client_group)
    assert client.says(lost), "TCP sends again what was refused"
    assert client.says(unasked)
    assert client.says(kept)


@pytest.mark.parametrize("kind", ["tcp", "udp"])
async def test_cut_connection_is_silent_both_ways(vms: Vms, kind: str) -> None:
    """The server may send anything out, but not as answers to what its group refuses."""
    web, client = vms.add("web", "10.70.0.10", "web"), vms.add("client", "10.70.0.11")
    web.prattles(kind, 80)
    await vms.apply(group("web", allow("http", kind, 80), OUT))
    connection = client.open(kind, "10.70.0.10", 80)
    assert client.hears(connection)

    await vms.apply(group("web", OUT))
    assert not client.hears(connection, allowed=False)
    assert not client.says(connection, allowed=False)
    assert not client.hears(connection, allowed=False), "not even when spoken to"

    await vms.apply(group("web", allow("http", kind, 80), OUT))
    assert client.hears(connection)


async def test_connection_through_snat_is_cut(vms: Vms) -> None:
    server = vms.host.outside("192.0.2.9/24", "wan0", "192.0.2.1/24")
    outside = vms.talker("ip", "netns", "exec", server.name)
    outside.listens("tcp", 80)
    outside.prattles("tcp", 81)
    one = vms.add("one", "10.70.0.10", "one")
    await vms.apply(group("one", OUT))
    kept, lost = one.open("tcp", "192.0.2.9", 80), one.open("tcp", "192.0.2.9", 81)

    rule = SecurityRule(id="web", direction="out", protocol="tcp", ports=(80, 80))
    await vms.apply(group("one", rule))

    assert one.says(kept)
    assert not one.hears(lost, allowed=False)


async def test_member_that_left_is_cut(vms: Vms) -> None:
    db, app = vms.add("db", "10.70.0.10", "db"), vms.add("app", "10.70.0.11")
    db.listens("tcp", 5432)
    rule = allow("sql", "tcp", 5432, peer_group_id="app")
    await vms.apply(group("db", rule), group("app", members=("10.70.0.11",)))
    connection = app.open("tcp", "10.70.0.10", 5432)

    await vms.apply(group("db", rule), group("app"))

    assert not app.says(connection, allowed=False)
    assert not app.reaches("tcp", "10.70.0.10", 5432, allowed=False)


async def test_flushed_tables_and_a_turned_switch_are_repaired(vms: Vms, wait_until) -> None:
    web, client = vms.add("web", "10.70.0.10", "web"), vms.add("client", "10.70.0.11")
    web.listens("tcp", 80, 81)
    await vms.apply(group("web", allow("http", "tcp", 80)))
    connection = client.open("tcp", "10.70.0.10", 80)
    before = ruleset()

    run("nft", "flush", "ruleset")
    await wait_until(lambda: ruleset() == before)
    assert not client.reaches("tcp", "10.70.0.10", 81, allowed=False)
    assert client.says(connection)

    SWITCH.write_text("0")
    run("nft", "flush", "ruleset")  # a switch alone wakes nobody
    await wait_until(lambda: SWITCH.read_text().strip() == "1")
    await wait_until(lambda: ruleset() == before)
    assert not client.reaches("tcp", "10.70.0.10", 81, allowed=False)


async def test_restarted_agent_filters_on_and_cuts_nothing(vms: Vms) -> None:
    SWITCH.write_text("0")
    web, client = vms.add("web", "10.70.0.10", "web"), vms.add("client", "10.70.0.11")
    web.listens("tcp", 80, 81)
    await vms.apply(group("web", allow("http", "tcp", 80)))
    connection = client.open("tcp", "10.70.0.10", 80)
    assert not client.reaches("tcp", "10.70.0.10", 81, allowed=False)
    rules, refused = run("nft", "list", "ruleset"), await vms.host.refused(vms.ports["web"])
    assert refused > 0

    await vms.host.manager.stop()
    assert not client.reaches("tcp", "10.70.0.10", 81, allowed=False)
    vms.host.manager = NetworkManager(vms.host.folder / "state")
    await vms.host.manager.start()

    assert without_counts(run("nft", "list", "ruleset")) == without_counts(rules)
    assert await vms.host.refused(vms.ports["web"]) > refused
    assert client.says(connection)
    assert not client.reaches("tcp", "10.70.0.10", 81, allowed=False)
    await vms.host.must_apply()
    assert SWITCH.read_text().strip() == "0", "the value before the first agent's start"


async def test_bad_groups_change_nothing_and_are_named(vms: Vms) -> None:
    web, client = vms.add("web", "10.70.0.10", "web"), vms.add("client", "10.70.0.11")
    web.listens("tcp", 80)
    await vms.apply(group("web", allow("http", "tcp", 80)))
    rules = run("nft", "-s", "list", "ruleset")

    report = await vms.host.apply(vms.network(), groups=[group("web", allow("http", "tcp", 2, 1))])

    assert not report.applied
    assert report.errors[0].params["rule_id"] == "http"
    assert run("nft", "-s", "list", "ruleset") == rules
    assert client.reaches("tcp", "10.70.0.10", 80)
