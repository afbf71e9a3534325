"""What a NoCloud seed says: for guests that read it from a disc, as they cannot ask over the
network, or shall not.

Format: https://cloudinit.readthedocs.io/en/latest/reference/datasources/nocloud.html, and version 1
of the network configuration. JSON is YAML, so nothing has to be quoted by hand.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Any, NamedTuple

from appliance.protocol.networks import PRIVATE_KINDS
from appliance.services.guests.start_data import user_data_bytes
from appliance.services.networks.addresses import text_of
from appliance.services.networks.documents import host_name_of
from appliance.store.fields import database
from hostagent.protocol.domain import SeedSpec

_MACHINE = """
    SELECT v.name, v.ssh_public_key, v.user_data, coalesce(g.hostname, ''),
           coalesce(g.cloud_init, 'auto')
    FROM vm v LEFT JOIN vm_guest g ON g.vm_id = v.id WHERE v.id = ?
"""
_NICS = """
    SELECT x.mac, x.address, x.ipv6_address, n.kind, n.cidr, n.gateway, n.dhcp_address, n.dns,
           n.domain, n.mtu, n.host_routes, n.ipv6_mode, n.ipv6_cidr, n.ipv6_gateway,
           (SELECT json_group_array(service) FROM network_service WHERE network_id = n.id)
    FROM nic x JOIN network n ON n.id = x.network_id WHERE x.vm_id = ? ORDER BY x.position
"""


class SeedNic(NamedTuple):
    """A NIC and its network, by the columns that a guest is told of."""

    mac: str
    address: int
    ipv6_address: str | None
    kind: str
    cidr: str
    gateway: str
    dhcp_address: str
    dns: str
    domain: str
    mtu: int
    host_routes: str
    ipv6_mode: str
    ipv6_cidr: str
    ipv6_gateway: str
    services: str

    def offers(self, service: str) -> bool:
        """Whether the network does this for its machines."""
        return service in json.loads(self.services)

    @property
    def resolvers(self) -> list[str]:
        """The DNS servers that DHCP would tell of (`hostagent/network/plan/network.py`)."""
        servers = json.loads(self.dns)
        asks_host = self.offers("dns") and (self.kind in PRIVATE_KINDS or not servers)
        return [self.dhcp_address] if asks_host else servers


def seed_of(vm_id: str) -> SeedSpec | None:
    """The seed that a machine starts with, None if it is to have none; within a read or write."""
    name, keys, user_data, hostname, mode = database.execute_sql(_MACHINE, (vm_id,)).fetchone()
    nics = [SeedNic(*row) for row in database.execute_sql(_NICS, (vm_id,)).fetchall()]
    if not wants_seed(mode, has_metadata=any(nic.offers("metadata") for nic in nics)):
        return None
    meta = {
        "instance-id": vm_id,
        "local-hostname": hostname or host_name_of(name, vm_id),
        "public-keys": keys.splitlines(),
    }
    return SeedSpec(
        meta_data=_yaml(meta),
        user_data=user_data_bytes(user_data) if user_data else b"#cloud-config\n{}\n",
        network_config=_yaml(network_config(nics)),
    )


def wants_seed(mode: str, *, has_metadata: bool) -> bool:
    """Whether a machine gets a seed: if it is asked for, or nobody else tells it anything."""
    return mode == "seed" or (mode == "auto" and not has_metadata)


def network_config(nics: Sequence[SeedNic]) -> dict[str, Any]:
    """The NICs with the addresses that they have in the cloud; the first one leads outside.

    Version 1 gives them names: without, some of cloud-init's writers take the names here for those
    of the guest.
    """
    config = [_nic(f"eth{number}", nic, is_default=number == 0) for number, nic in enumerate(nics)]
    return {"version": 1, "config": config}


def _nic(name: str, nic: SeedNic, *, is_default: bool) -> dict[str, Any]:
    subnet: dict[str, Any] = {
        "type": "static",
        "address": f"{text_of(nic.address)}/{IPv4Network(nic.cidr).prefixlen}",
        "routes": [
            {"destination": route["destination"], "gateway": route["next_hop"]}
            for route in json.loads(nic.host_routes)
        ],
    }
    if is_default and nic.resolvers:
        subnet["dns_nameservers"] = nic.resolvers
    if is_default and nic.domain:
        subnet["dns_search"] = [nic.domain]
    subnets = [subnet]
    if nic.ipv6_address and nic.ipv6_mode != "none":
        prefix = IPv6Network(nic.ipv6_cidr).prefixlen
        subnets.append({"type": "static6", "address": f"{nic.ipv6_address}/{prefix}"})
    if is_default:
        for one, way in zip(subnets, (nic.gateway, nic.ipv6_gateway), strict=False):
            one |= {"gateway": way} if way else {}
    return {
        "type": "physical",
        "name": name,
        "mac_address": nic.mac,
        "mtu": nic.mtu,
        "subnets": subnets,
    }


def _yaml(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2) + "\n"
