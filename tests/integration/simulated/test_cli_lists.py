"""Lists on the command line, with real machines behind them."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from typing import Any

import pytest

from appliance.cli.exits import Exit
from hostagent.protocol.drops import DroppedPacket, DropReport
from tests.integration.simulated.conftest import Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")


def environment(lab: Lab) -> dict[str, str]:
    """In which the command is logged in."""
    client = lab.client
    ready = json.loads((lab.service.state / "service" / "ready.json").read_text())
    return os.environ | {
        "ANYUN_URL": client.url,
        "ANYUN_TOKEN": client.token or "",
        "ANYUN_FINGERPRINT": ready["ca_fingerprint"],
        "ANYUN_LANG": "en",
        "COLUMNS": "200",
    }


async def anyun(lab: Lab, *words: str) -> tuple[str, str]:
    """What a command prints on its two outputs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "appliance.cli.main", *words),
        env=environment(lab),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == Exit.OK, err.decode()
    return out.decode(), err.decode()


async def names(lab: Lab, *words: str) -> list[str]:
    """Of the machines that are listed as JSON."""
    out, err = await anyun(lab, "vm", "list", "--json", "--sort", "name", *words)
    assert "recycle bin" not in err
    found: list[dict[str, Any]] = json.loads(out)
    return [vm["name"] for vm in found]


async def test_the_recycle_bin_has_to_be_asked_for(lab: Lab) -> None:
    accepted = await lab.create("web", count=3)
    assert await lab.ended(accepted) == []
    everything = sorted(vm.name for vm in await lab.vms())
    out, err = await anyun(lab, "vm", "list")
    assert all(name in out for name in everything)
    assert "recycle bin" not in err

    (gone,) = [vm for vm in await lab.vms() if vm.name == everything[1]]
    assert await lab.on_all("vm.destroy", [gone.id]) == []
    left = [everything[0], everything[2]]
    assert await names(lab) == left
    assert await names(lab, "--filter", "cpu_count > 0 or memory_bytes > 1") == left
    assert await names(lab, "--filter", "state=destroyed") == [gone.name]
    assert await names(lab, "--filter", "not state = paused") == everything
    assert gone.id not in (await anyun(lab, "vm", "list", "--quiet"))[0]
    out, err = await anyun(lab, "vm", "list", "--sort", "name", "--fields", "name")
    assert gone.name not in out
    assert "In the recycle bin: 1." in err
    assert "recycle bin" not in (await anyun(lab, "vm", "list", "--search", left[0]))[1]
    # The API hides nothing.
    assert sorted(vm.name for vm in await lab.vms()) == everything
    assert await lab.on_all("vm.recover", [gone.id]) == []
    await lab.remove_all()
    await lab.assert_clean()


async def test_dropped_packets_and_rules_that_hold(lab: Lab) -> None:
    group_id = (await lab.client.call("security_group.create", name="few")).id
    rule = {"direction": "in", "protocol": "tcp", "port_first": 22, "peer_group_id": group_id}
    await lab.client.call("security_rule.create", security_group_id=group_id, **rule)
    accepted = await lab.create("shop", security_group_ids=[group_id])
    assert await lab.ended(accepted) == []
    vm = await lab.client.call("vm.get", id=accepted.resource_ids[0])
    (host,) = [host for host in lab.fleet.hosts if host.id == vm.host_id]
    try:
        out, err = await anyun(lab, "vm", "drops", "shop")
        assert vm.nics[0].address in out
        assert "No packets are noted." in err
        dropped = DroppedPacket(
            nic_id=vm.nics[0].id, at=time.time(), direction="in", reason="no_rule",
            protocol="tcp", source="192.0.2.7", source_port=4000,
            destination=vm.nics[0].address, destination_port=443,
        )  # fmt: skip
        host.tell_drops(DropReport(packets=[dropped], lost={vm.nics[0].id: 2}))
        while "192.0.2.7:4000" not in out:
            out, err = await anyun(lab, "vm", "drops", "shop")
        assert f"{vm.nics[0].address}:443" in out
        assert "No rule of few lets this in." in out
        assert "2 more were noted" in err
        first = await followed(lab, "vm", "drops", "shop", "--follow", "--json")
        assert first["source"] == "192.0.2.7"

        out, _ = await anyun(lab, "vm", "effective-rules", "shop")
        assert f"few ({vm.nics[0].address})" in out
        assert out.count("Everything else is refused.") == 2
        out, _ = await anyun(lab, "vm", "effective-rules", "shop", "--json")
        assert json.loads(out)["nics"][0]["incoming"][0]["port_first"] == 22
    finally:
        await lab.remove_all()
        await lab.client.call("security_group.delete", id=group_id)


async def followed(lab: Lab, *words: str) -> dict[str, Any]:
    """The first line of a command that goes on until it is ended."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "appliance.cli.main", *words),
        env=environment(lab),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        return json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
    finally:
        process.terminate()
        await process.communicate()
