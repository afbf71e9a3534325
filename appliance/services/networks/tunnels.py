"""Where VXLAN networks run: endpoints of hosts, MACs of machines, and who has to know of them.

A host's endpoint is its own address in the underlay of the network's pool. Plain SQL, because a
host's document is made anew for each machine that comes or goes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from appliance.services.networks.addresses import text_of
from appliance.store.fields import database
from hostagent.protocol.network import RemoteMac, VxlanSpec

Part = tuple[str, frozenset[str]]  # a host's endpoint and the MACs there


@dataclass
class Tunnels:
    """A VXLAN network: its VNI, the endpoints of its hosts, and where the machines' MACs are."""

    vni: int
    endpoints: dict[str, str] = field(default_factory=dict)
    macs: list[tuple[str, str]] = field(default_factory=list)  # MAC, host

    def seen_from(self, host_id: str, *, has_machines: bool) -> VxlanSpec | None:
        """What a host is told; None if it has no endpoint.

        Who has no machines of the network sends nothing: where others are is left out.
        """
        own = self.endpoints.get(host_id)
        if own is None:
            return None
        remote = [
            RemoteMac(mac=mac, endpoint=self.endpoints[where])
            for mac, where in self.macs
            if has_machines and where != host_id and where in self.endpoints
        ]
        peers = sorted({address for address in self.endpoints.values() if address != own})
        return VxlanSpec(vni=self.vni, endpoint=own, peers=peers, remote_macs=remote)

    def part_of(self, host_id: str) -> Part:
        """What other hosts know of this one."""
        macs = frozenset(mac for mac, where in self.macs if where == host_id)
        return self.endpoints.get(host_id, ""), macs


def tunnels_of(network_ids: Collection[str]) -> dict[str, Tunnels]:
    """VXLAN networks by their ids; within a read or write."""
    if not network_ids:
        return {}
    found = {ref: Tunnels(vni) for ref, vni in _rows(_VNIS, network_ids)}
    for ref, host_id, address in _rows(_ENDPOINTS, network_ids):
        found[ref].endpoints[host_id] = text_of(address)
    for ref, mac, host_id in _rows(_MACS, network_ids):
        found[ref].macs.append((mac, host_id))
    return found


def hosts_with_machines(network_ids: Collection[str]) -> set[str]:
    """The hosts where machines of these networks run."""
    return {host_id for _, _, host_id in _rows(_MACS, network_ids)} if network_ids else set()


def endpoint_mtus(pool_span: tuple[int, int], cluster_id: str) -> dict[str, int]:
    """The hosts of a cluster with an address in a span, and their MTUs there in bytes, 0 for
    unknown ones.
    """
    rows = database.execute_sql(
        "SELECT h.name, min(a.address), a.mtu FROM host h "
        "JOIN agent_address a ON a.agent_id = h.agent_id "
        "WHERE h.cluster_id = ? AND a.address BETWEEN ? AND ? GROUP BY h.id",
        (cluster_id, *pool_span),
    )
    return {name: mtu for name, _, mtu in rows}


def unable(host_id: str) -> list[tuple[str, str]]:
    """Networks of a host's cluster that cannot be there: their ids, and why in a word."""
    rows = database.execute_sql(_UNABLE, (host_id,))
    return [
        (ref, "endpoint" if has_kind else f"{kind}_unsupported") for ref, kind, has_kind in rows
    ]


def _rows(sql: str, ids: Collection[str]) -> Sequence[tuple]:
    marks = ",".join("?" * len(ids))
    return database.execute_sql(sql.format(marks=marks), tuple(ids)).fetchall()


# Hosts `h` that cannot carry networks `n`; also for placement.
LACKS_KIND = """n.kind IN ('vlan', 'vxlan') AND NOT EXISTS (
    SELECT 1 FROM agent ag, json_each(ag.facts, '$.link_kinds') k
    WHERE ag.id = h.agent_id AND k.value = n.kind)"""
LACKS_ENDPOINT = """n.kind = 'vxlan' AND NOT EXISTS (
    SELECT 1 FROM vxlan_pool q JOIN agent_address e
        ON e.address BETWEEN q.underlay_first AND q.underlay_last
    WHERE q.id = n.vxlan_pool_id AND e.agent_id = h.agent_id)"""
_VNIS = "SELECT id, vni FROM network WHERE id IN ({marks})"
_ENDPOINTS = """
    SELECT n.id, h.id, min(a.address) FROM network n JOIN vxlan_pool p ON p.id = n.vxlan_pool_id
    JOIN network_cluster c ON c.network_id = n.id AND NOT c.is_leaving
    JOIN host h ON h.cluster_id = c.cluster_id
    JOIN agent_address a ON a.agent_id = h.agent_id
        AND a.address BETWEEN p.underlay_first AND p.underlay_last
    WHERE n.id IN ({marks}) GROUP BY n.id, h.id
"""
_MACS = """
    SELECT x.network_id, x.mac, v.host_id FROM nic x JOIN vm v ON v.id = x.vm_id
    WHERE x.network_id IN ({marks}) AND v.host_id IS NOT NULL ORDER BY x.id
"""
_UNABLE = f"""
    SELECT n.id, n.kind, NOT ({LACKS_KIND}) FROM host h
    JOIN network_cluster c ON c.cluster_id = h.cluster_id AND NOT c.is_leaving
    JOIN network n ON n.id = c.network_id AND NOT n.is_deleting
    WHERE h.id = ? AND (({LACKS_KIND}) OR ({LACKS_ENDPOINT})) ORDER BY n.id
"""  # noqa: S608 our own words
