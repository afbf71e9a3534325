"""Lists on the command line, with real machines behind them."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

import pytest

from appliance.cli.exits import Exit
from tests.integration.simulated.conftest import Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def anyun(lab: Lab, *words: str) -> tuple[str, str]:
    """What a command prints on its two outputs."""
    client = lab.client
    ready = json.loads((lab.service.state / "service" / "ready.json").read_text())
    environment = os.environ | {
        "ANYUN_URL": client.url,
        "ANYUN_TOKEN": client.token or "",
        "ANYUN_FINGERPRINT": ready["ca_fingerprint"],
        "ANYUN_LANG": "en",
        "COLUMNS": "200",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "appliance.cli.main", *words),
        env=environment,
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
