"""The set-up plan: proposals that fit the machine, and edits that its steps could hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appliance.client.setup import SetupFlow
from appliance.protocol.ids import new_id
from tests.contract.services.bench import Bench
from tests.integration.network.conftest import Guest, run


async def steps(bench: Bench) -> dict[str, dict[str, Any]]:
    plan = await bench.do("setup.get")
    return {step.name: step.request for step in plan.steps}


WRONG = [
    ("zone", {"name": 5}, "zone.name"),
    ("zone", {"description": None}, "zone.description"),
    ("zone", {"name": "x" * 256}, "zone.name"),
    ("cluster", {"hypervisor": "xen"}, "cluster.hypervisor"),
    ("host", {"candidate_id": ["x"]}, "host.candidate_id"),
    ("image_store", {"path": {"a": 1}}, "image_store.path"),
    ("image_store", {"kind": "sftp"}, "image_store.kind"),
    ("primary_storage", {"kind": "iscsi"}, "primary_storage.kind"),
    ("offering", {"cpu_count": 0}, "offering.cpu_count"),
    ("offering", {"memory_bytes": "1G"}, "offering.memory_bytes"),
    ("image", {"source": "bogus"}, "image.source"),
    ("image", {"kind": "tape"}, "image.kind"),
    ("image", {"platform": "amiga"}, "image.platform"),
    ("image", {"size_bytes": -1}, "image.size_bytes"),
    ("network", {"ranges": []}, "network.ranges"),
    ("network", {"ranges": [{"last": "10.0.0.1"}]}, "network.ranges"),
    ("network", {"ranges": [{"first": "a", "last": "b", "step": 2}]}, "network.ranges"),
    ("network", {"kind": "token-ring"}, "network.kind"),
    ("network", {"mtu": 100}, "network.mtu"),
    ("network", {"dns": ["1.1.1.1", 8]}, "network.dns"),
]


async def test_what_a_step_cannot_hold_is_refused_and_not_kept(bench: Bench) -> None:
    await bench.join()  # proposals for no machine are made anew each time
    before = await steps(bench)
    for step, values, field in WRONG:
        error = await bench.refused(
            "setup.update", step=step, request={"description": "d"} | values
        )
        assert (error.code, error.field) == ("request.bad_value", field)
        assert error.params["name"] == field
        assert error.params["reason"]
    for step in before:
        error = await bench.refused("setup.update", step=step, request={"colour": "red"})
        assert (error.code, error.field) == ("request.unknown_field", f"{step}.colour")
    error = await bench.refused("setup.update", step="cloud", request={})
    assert (error.code, error.field) == ("setup.step_unknown", "step")
    assert await steps(bench) == before


async def test_what_somebody_is_still_typing_is_kept(bench: Bench) -> None:
    halves = {
        "zone": {"name": ""},
        "host": {"candidate_id": ""},
        "image_store": {"path": ""},
        "image": {"source": "upload", "size_bytes": 7, "sha256": "ab", "url": "htt"},
        "network": {
            "kind": "physical",
            "cidr": "10.",
            "gateway": "",
            "ranges": [{"first": "", "last": "10.0"}],
            "dns": [],
            "domain": "x.",
            "mtu": 9000,
        },
    }
    for step, values in halves.items():
        await bench.do("setup.update", step=step, request=values)
    kept = await steps(bench)
    for step, values in halves.items():
        assert {key: kept[step][key] for key in values} == values
    # What ties the steps together is not for clients to change.
    before = kept["cluster"]
    fixed = {"id": new_id(), "zone_id": new_id()}
    await bench.do("setup.update", step="cluster", request=fixed)
    assert (await steps(bench))["cluster"] == before


async def test_the_first_storage_may_be_of_another_kind(bench: Bench) -> None:
    await bench.join()
    folder = bench.folder / "shared"
    folder.mkdir()
    error = await bench.refused(
        "setup.update", step="primary_storage", request={"kind": "ceph", "key": "QUFBQQ=="}
    )
    assert (error.code, error.field) == ("setup.no_secret", "request")
    flow = SetupFlow(bench.client)
    await flow.load()
    await flow.edit("primary_storage", kind="nfs", source="nas:/export", options="vers=4.2")
    await flow.edit("primary_storage", kind="shared", path=str(folder))
    for name in ("zone", "cluster", "host", "primary_storage"):
        assert (await flow.check(name)).problems == []
        await flow.commit(name)
    storages = [one async for one in bench.client.iterate("primary_storage.list")]
    assert [(one.kind, one.path, one.source) for one in storages] == [("shared", str(folder), "")]
    assert (folder / ".anyun-storage").exists()
    await flow.remove()
    assert not (folder / ".anyun-storage").exists()


def resolve_with(folder: Path, *servers: str) -> None:
    """Let the host ask these DNS servers."""
    path = folder / "resolv.conf"
    path.write_text("".join(f"nameserver {server}\n" for server in servers))
    run("mount", "--bind", str(path), "/etc/resolv.conf")


async def test_the_hosts_dns_servers_are_proposed(bench: Bench) -> None:
    resolve_with(bench.folder, "127.0.0.53", "10.70.0.1", "192.0.2.53")
    assert (await steps(bench))["network"]["dns"] == ["223.5.5.5", "1.1.1.1"]
    await bench.join()
    assert (await steps(bench))["network"]["dns"] == ["10.70.0.1", "192.0.2.53"]


async def test_dns_servers_on_loopback_are_no_good_for_guests(bench: Bench) -> None:
    resolve_with(bench.folder, "127.0.0.53", "::1")
    await bench.join()
    assert (await steps(bench))["network"]["dns"] == ["223.5.5.5", "1.1.1.1"]


async def test_the_private_network_is_one_that_the_host_does_not_reach(
    wire: Guest, bench: Bench
) -> None:
    run("ip", "address", "add", "192.168.100.7/24", "dev", "wan0")
    run("ip", "route", "add", "192.168.0.0/17", "via", "10.70.0.1")
    await bench.join()
    network = (await steps(bench))["network"]
    assert (network["cidr"], network["gateway"]) == ("192.168.130.0/24", "192.168.130.1")
    body = {key: network[key] for key in ("kind", "cidr", "gateway", "ranges")}
    assert (await bench.do("host.check_network", bench.machine, **body)).problems == []


async def test_a_machine_that_does_not_answer_is_not_waited_for_long(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.services.setup.service.SURVEY_WITHIN_S", 0.2)
    await bench.join()
    await bench.unplug()
    found = await steps(bench)
    assert found["host"]["candidate_id"] == bench.machine
    assert found["network"]["dns"] == ["223.5.5.5", "1.1.1.1"]
