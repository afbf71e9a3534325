"""NICs on the command line: several at once, by names, with limits; elastic IPs of one of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.simulated.conftest import Lab
from tests.integration.simulated.test_cli_lists import anyun

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def nics(lab: Lab) -> list[tuple[Any, ...]]:
    """Network, address and limits of each NIC, the default one first."""
    vm = json.loads((await anyun(lab, "vm", "get", "web", "--json"))[0])
    keys = ("network_name", "address", "inbound_bits_per_s", "outbound_bits_per_s")
    return [tuple(nic[key] for key in keys) for nic in vm["nics"]]


async def make_network(lab: Lab, name: str, prefix: str) -> None:
    cluster = await lab.client.call("cluster.get", id=lab.cloud.cluster_ids[0])
    words = ("--cidr", f"{prefix}.0/24", "--gateway", f"{prefix}.1", "--range", f"{prefix}.16/28")
    await anyun(lab, "network", "create", "--name", name, "--cluster", cluster.name, *words)


async def test_nics_are_named_by_what_people_know_of_them(lab: Lab) -> None:
    await make_network(lab, "backup", "172.34.0")
    await make_network(lab, "office", "172.35.0")
    wish = lab.cloud.vm_request("web")
    words = [f"--{key.removesuffix('_id').replace('_', '-')}={wish[key]}" for key in wish]
    more = ("--nic", "office,address=172.35.0.20,outbound=1.5G", "--inbound", "10M")
    await anyun(lab, "vm", "create", *words, *more)
    await anyun(lab, "vm", "attach-nic", "web", "--network", "backup", "--inbound", "64K")
    first, *others = await nics(lab)
    assert first[2:] == (10_000_000, None)
    assert others == [
        ("office", "172.35.0.20", None, 1_500_000_000),
        ("backup", "172.34.0.16", 64_000, None),
    ]
    limits = ("--nic", "backup", "--inbound", "none", "--outbound", "2M")
    await anyun(lab, "vm", "set-nic-limits", "web", *limits)
    await anyun(lab, "vm", "set-default-nic", "web", "--nic", "172.34.0.16")
    assert await nics(lab) == [("backup", "172.34.0.16", None, 2_000_000), first, others[0]]
    assert "2 Mbit/s" in (await anyun(lab, "vm", "get", "web"))[0]
    await anyun(lab, "vm", "detach-nic", "web", "--nic", "office")
    assert len(await nics(lab)) == 2
    await lab.remove_all()
    for name in ("backup", "office"):
        await anyun(lab, "network", "delete", name)
    await lab.assert_clean()
