"""Proposed values for the seven steps, from what is known of this machine. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv4Network
from pathlib import PurePosixPath
from typing import Any

from appliance.protocol.ids import new_id
from appliance.services.networks.proposals import dns_servers

STEPS = (
    "zone",
    "cluster",
    "host",
    "image_store",
    "primary_storage",
    "offering",
    "image",
    "network",
)
MiB = 1024**2
NAT_CHOICES = [f"192.168.{third}.0/24" for third in (100, 110, 120, 130, 140)] + [
    f"10.{second}.0.0/24" for second in (88, 98, 108)
]


@dataclass(frozen=True)
class Machine:
    """What proposals need to know of the machine that becomes the first host."""

    agent_id: str
    hostname: str
    memory_bytes: int
    addresses: tuple[str, ...]  # of its NICs, as CIDR texts


@dataclass(frozen=True)
class Survey:
    """What the machine's agent said: a network that is free there, and its DNS servers."""

    cidr: IPv4Network
    resolvers: tuple[str, ...] = ()


def propose(
    machine: Machine | None,
    storage_root: PurePosixPath,
    *,
    has_starter: bool,
    survey: Survey | None = None,
) -> dict[str, dict[str, Any]]:
    """The create request of each step. Ids are fixed here, so nothing is ever made twice."""
    ids = {name: new_id() for name in STEPS}
    host_id = machine.agent_id if machine else ""
    if survey is None:
        survey = Survey(next(free_networks(machine.addresses if machine else ())))
    return {
        "zone": {"id": ids["zone"], "name": "zone-1", "description": ""},
        "cluster": {
            "id": ids["cluster"],
            "name": "cluster-1",
            "description": "",
            "zone_id": ids["zone"],
            "hypervisor": "kvm",
        },
        "host": {
            "name": machine.hostname if machine else "",
            "description": "",
            "cluster_id": ids["cluster"],
            "candidate_id": host_id,
        },
        "image_store": {
            "id": ids["image_store"],
            "name": "image-store-1",
            "description": "",
            "zone_id": ids["zone"],
            "host_id": host_id,
            "kind": "directory",
            "path": str(storage_root / "image-store"),
        },
        "primary_storage": {
            "id": ids["primary_storage"],
            "name": "primary-storage-1",
            "description": "",
            "cluster_id": ids["cluster"],
            "kind": "local",
            "path": str(storage_root / "primary-storage"),
        },
        "offering": {
            "id": ids["offering"],
            "name": "small",
            "description": "",
            "cpu_count": 1,
            "memory_bytes": 256 * MiB,
        },
        "image": {
            "id": ids["image"],
            "name": "starter",
            "description": "",
            "image_store_id": ids["image_store"],
            "kind": "auto",
            "source": "starter" if has_starter else "url",
            "url": "",
            "platform": "auto",
        },
        "network": {
            "id": ids["network"],
            "name": "private",
            "description": "",
            "cluster_id": ids["cluster"],
            "kind": "nat",
            "physical_interface": "",
            **addressing(survey.cidr),
            "dns": dns_servers(survey.resolvers),
            "domain": "",
        },
    }


def free_networks(addresses: Iterable[str]) -> Iterator[IPv4Network]:
    """Private networks that none of the machine's own addresses lies in, the best first.

    There is always one: if none is free, it is one that is not.
    """
    used = [IPv4Interface(text).network for text in addresses if ":" not in text]
    choices = [IPv4Network(choice) for choice in NAT_CHOICES]
    free = [one for one in choices if not any(one.overlaps(other) for other in used)]
    yield from free or choices[:1]


def addressing(network: IPv4Network) -> dict[str, Any]:
    """Gateway first, and a range that leaves some addresses at both ends."""
    base = int(network.network_address)
    top = int(network.broadcast_address)
    first = min(base + 10, top - 3)
    return {
        "cidr": str(network),
        "gateway": str(network.network_address + 1),
        "ranges": [
            {
                "first": str(network.network_address + (first - base)),
                "last": str(network.network_address + (top - 5 - base)),
            }
        ],
    }
