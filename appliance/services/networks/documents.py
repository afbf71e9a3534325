"""Each host's network document: made from the database, sent until the host has applied it."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import structlog

from appliance.hosts.links import HostLinks
from appliance.protocol.errors import ApiError, Conflict, Unavailable
from appliance.services.firewall.membership import specs
from appliance.services.networks.addresses import text_of
from appliance.services.networks.tunnels import (
    Part,
    Tunnels,
    hosts_with_machines,
    tunnels_of,
)
from appliance.store import feed
from appliance.store.database import Store
from appliance.store.fields import database
from appliance.store.kinds import QUERY_LIMIT, batched
from hostagent.protocol.commands import NETWORK_APPLY, NETWORK_RETRY, Nothing
from hostagent.protocol.ipv6 import Ipv6Spec
from hostagent.protocol.network import (
    ElasticAddress,
    HostRoute,
    InstanceMetadata,
    NetworkDocument,
    NetworkReport,
    NetworkSpec,
    PortSpec,
    bridge_name,
    tap_name,
)

# Errors that a host stays with until its networks are others, or somebody says `allow_again`.
STANDING_REFUSALS = (
    "network.rolled_back",
    "network.rolled_back_gateway",
    "network.rolled_back_unproven",
)
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0

log = structlog.get_logger()


@dataclass(frozen=True)
class Guest:
    """What the documents need to know of a virtual machine."""

    vm_id: str
    name: str
    host_id: str
    image_id: str
    ssh_public_keys: list[str]
    user_data: bytes | None
    hostname: str = ""  # that was asked for; else it is made from the name


# Lists the guests of a host; runs within a read.
GuestSource = Callable[[str], Sequence[Guest]]


@dataclass
class _Round:
    """One sending that any number of callers wait for."""

    done: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Documents:
    """Brings hosts to their network documents.

    Callers at the same time share one sending: a call returns when a document that was made
    after the call began has been applied.
    """

    def __init__(
        self, store: Store, links: HostLinks, log_forged: Callable[[], bool] = lambda: False
    ) -> None:
        self._store = store
        self._log_forged = log_forged
        self._links = links
        self._guests_of: GuestSource = lambda host_id: []
        self._next: dict[str, _Round] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._outdated: set[str] = set()
        self._healing: dict[str, asyncio.Task[None]] = {}
        self._refusals: dict[str, str] = {}  # of the newest document, by host
        self._parts: dict[str, dict[str, Part]] = {}  # in VXLAN networks, by host
        self._told: dict[str, dict[str, Part]] = {}  # those that other hosts were brought to

    def set_guest_source(self, source: GuestSource) -> None:
        """Compute tells which machines are on a host; `source` runs within a read."""
        self._guests_of = source

    def waiting_for(self, host_id: str) -> str:
        """Why a host does not run its newest document yet, as it said; "" if it does."""
        return self._refusals.get(host_id, "")

    async def converge(self, host_id: str) -> None:
        """Wait until `host_id` has applied what the database says now.

        Raises Unavailable if the host does not answer or could not apply it.
        """
        round_ = self._next.get(host_id)
        if round_ is None:
            round_ = self._next[host_id] = _Round()
            if host_id not in self._workers:
                task = asyncio.create_task(self._work(host_id), name=f"network {host_id}")
                self._workers[host_id] = task
        await asyncio.shield(round_.done)

    async def allow_again(self, host_id: str) -> None:
        """Let `host_id` try what it took back and refuses since; raises ApiError as `converge`."""
        await self._links.call(host_id, NETWORK_RETRY, Nothing())
        await self.converge(host_id)

    def soon(self, host_id: str) -> None:
        """Bring `host_id` to what the database says now, however often that must be tried.

        Nothing of it is kept: whatever host (re)connects is brought to its document anyway.
        """
        self._outdated.add(host_id)
        if host_id not in self._healing:
            task = asyncio.create_task(self._heal(host_id), name=f"network soon {host_id}")
            self._healing[host_id] = task

    async def _heal(self, host_id: str) -> None:
        pause_s = FIRST_PAUSE_S
        try:
            while host_id in self._outdated and self._links.is_connected(host_id):
                self._outdated.discard(host_id)
                try:
                    await self.converge(host_id)
                except ApiError as error:
                    log.warning("network_not_applied", host=host_id, error=str(error))
                    if error.code in STANDING_REFUSALS:
                        continue  # only a change can help, and that says `soon` again
                    self._outdated.add(host_id)
                    await asyncio.sleep(pause_s)
                    pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)
        finally:
            self._outdated.discard(host_id)
            del self._healing[host_id]

    async def _work(self, host_id: str) -> None:
        try:
            while (round_ := self._next.pop(host_id, None)) is not None:
                try:
                    await self._send(host_id)
                except Exception as error:
                    round_.done.set_exception(error)
                    round_.done.exception()  # callers that went away leave it unseen
                else:
                    round_.done.set_result(None)
        finally:
            del self._workers[host_id]

    async def _send(self, host_id: str) -> None:
        document = await self._store.read(lambda: self._document(host_id))
        await self._tell_others(host_id)
        report: NetworkReport = await self._links.call(host_id, NETWORK_APPLY, document)
        if not report.applied:
            reason = "; ".join(item.message for item in report.errors) or "no reason given"
            name = self._links.name_of(host_id)
            self._refusals[host_id] = reason
            for item in report.errors:
                if item.code in STANDING_REFUSALS:
                    raise Conflict(item.code, **({"name": name} | item.params))
            raise Unavailable("network.not_applied", name=name, reason=reason)
        self._refusals.pop(host_id, None)

    def _follow(self, host_id: str, tunnels: dict[str, Tunnels]) -> None:
        """Note what other hosts have to know of this one; what is new, `_send` tells them."""
        self._parts[host_id] = {ref: item.part_of(host_id) for ref, item in tunnels.items()}

    async def _tell_others(self, host_id: str) -> None:
        """Bring the hosts that send frames to this one to their documents, if it has changed.

        Whoever brings a machine to a host, or takes it away, sends that host its document.
        """
        known, now = self._told.get(host_id, {}), self._parts.get(host_id, {})
        changed = {ref for ref in known.keys() | now.keys() if known.get(ref) != now.get(ref)}
        if changed:
            self._told[host_id] = now
            for other in await self._store.read(lambda: hosts_with_machines(changed)):
                if other != host_id:
                    self.soon(other)

    def _document(self, host_id: str) -> NetworkDocument:
        """Made with plain SQL: it is read anew for each machine that comes or goes."""
        generation = feed.bounds()[1]
        place = database.execute_sql(_PLACE, (host_id,)).fetchone()
        if place is None:
            return NetworkDocument(generation=generation)
        cluster_id, zone, link_kinds = place
        guests = {guest.vm_id: guest for guest in self._guests_of(host_id)}
        ports: dict[str, list[PortSpec]] = defaultdict(list)
        group_ids: set[str] = set()
        log_forged = self._log_forged()
        for part in batched(list(guests), QUERY_LIMIT):
            marks = ",".join("?" * len(part))
            nics = database.execute_sql(_NICS.format(marks=marks), tuple(part))
            for nic_id, vm_id, network_id, mac, address, ipv6, groups, *more in nics.fetchall():
                member_of = msgspec.json.decode(groups, type=list[str])
                group_ids.update(member_of)
                port = _port(nic_id, mac, address, guests[vm_id], zone, member_of)
                port = _special(port, *more)
                if ipv6:
                    port = msgspec.structs.replace(port, ipv6_address=ipv6)
                if log_forged:
                    port = msgspec.structs.replace(port, log_forged=True)
                ports[network_id].append(port)
        rows = database.execute_sql(_NETWORKS, (cluster_id,)).fetchall()
        tunnels = tunnels_of([row[0] for row in rows if row[1] == "vxlan"])
        self._follow(host_id, tunnels)
        able = msgspec.json.decode(link_kinds or "[]", type=list[str])
        networks = [
            network
            for row in rows
            if (network := _network(row, ports[row[0]], host_id, able, tunnels.get(row[0])))
        ]
        there = {network.id for network in networks}
        held, coming = (
            [
                ElasticAddress(address=text_of(address), network_id=network_id, nic_id=nic_id)
                for address, network_id, nic_id in database.execute_sql(
                    _ELASTIC.format(where=where), (host_id, cluster_id)
                ).fetchall()
                if network_id in there
            ]
            for where in (_RUNS, _COMES)
        )
        return NetworkDocument(
            generation=generation,
            networks=networks,
            security_groups=specs(group_ids),
            elastic_addresses=held,
            coming_addresses=coming,
        )


_PLACE = """
    SELECT h.cluster_id, z.name, json_extract(a.facts, '$.link_kinds') FROM host h
    JOIN agent a ON a.id = h.agent_id
    JOIN cluster c ON c.id = h.cluster_id JOIN zone z ON z.id = c.zone_id WHERE h.id = ?
"""
_NICS = """
    SELECT id, vm_id, network_id, mac, address, ipv6_address,
           (SELECT json_group_array(security_group_id) FROM nic_security_group WHERE nic_id = id),
           anti_spoofing,
           position = (SELECT min(y.position) FROM nic y WHERE y.vm_id = nic.vm_id),
           inbound_bits_per_s, outbound_bits_per_s
    FROM nic WHERE vm_id IN ({marks}) ORDER BY id
"""
_ELASTIC = """
    SELECT e.address, e.network_id, e.nic_id FROM vm v
    JOIN nic x ON x.vm_id = v.id JOIN elastic_ip e ON e.nic_id = x.id
    JOIN network n ON n.id = e.network_id JOIN network p ON p.id = x.network_id
    JOIN network_cluster nc ON nc.network_id = n.id AND NOT nc.is_leaving
    WHERE {where} AND nc.cluster_id = ? AND NOT n.is_deleting AND NOT p.is_deleting
    ORDER BY e.address
"""
_RUNS = "v.host_id = ?"
_COMES = "v.id IN (SELECT vm_id FROM vm_migration WHERE host_id = ? AND cpu_count > 0)"
_NETWORKS = """
    SELECT id, kind, cidr, gateway, dhcp_address, physical_interface, dns, domain, mtu,
           host_routes, vlan_id,
           (SELECT json_group_array(service) FROM network_service WHERE network_id = network.id),
           ipv6_mode, ipv6_cidr, ipv6_gateway, ipv6_service_address
    FROM network WHERE NOT is_deleting AND id IN (
        SELECT network_id FROM network_cluster WHERE cluster_id = ? AND NOT is_leaving)
    ORDER BY id
"""


def host_name_of(name: str, vm_id: str) -> str:
    """A DNS label for a machine's name (RFC 1123); names without one get part of the id."""
    label = re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-")[:63].strip("-")
    return label or f"vm-{vm_id[-8:]}"


def _port(
    nic_id: str, mac: str, address: int, guest: Guest, zone: str, groups: list[str]
) -> PortSpec:
    hostname = guest.hostname or host_name_of(guest.name, guest.vm_id)
    return PortSpec(
        nic_id=nic_id,
        vm_id=guest.vm_id,
        tap=tap_name(nic_id),
        mac=mac,
        address=text_of(address),
        hostname=hostname,
        metadata=InstanceMetadata(
            instance_id=guest.vm_id,
            hostname=hostname,
            ssh_public_keys=guest.ssh_public_keys,
            user_data=guest.user_data,
            zone=zone,
            image_id=guest.image_id,
        ),
        security_group_ids=groups,
    )


def _special(
    port: PortSpec, guarded: int, is_default: int, inbound: int | None, outbound: int | None
) -> PortSpec:
    """The port with what few have; most cost no copy."""
    if guarded and is_default and inbound is None and outbound is None:
        return port
    return msgspec.structs.replace(
        port,
        anti_spoofing=bool(guarded),
        is_default=bool(is_default),
        inbound_bits_per_s=inbound,
        outbound_bits_per_s=outbound,
    )


def _network(
    row: Sequence[Any],
    ports: list[PortSpec],
    host_id: str,
    able: Sequence[str],
    tunnels: Tunnels | None,
) -> NetworkSpec | None:
    """A network as its host is told of it; None if the host cannot carry it.

    A host that has lost its endpoint goes on serving its machines, alone.
    """
    ref, kind, cidr, gateway, dhcp_address, interface, dns, domain, mtu, routes, *more = row
    vlan_id, offered, *v6 = more
    services = msgspec.json.decode(offered, type=set[str])
    vxlan = None
    if kind in ("vlan", "vxlan") and kind not in able:
        return None
    if tunnels is not None:
        vxlan = tunnels.seen_from(host_id, has_machines=bool(ports))
        if vxlan is None and not ports:
            return None
        kind = "vxlan" if vxlan else "nat"
    return NetworkSpec(
        id=ref,
        kind=kind,
        bridge=bridge_name(ref),
        cidr=cidr,
        gateway=gateway,
        dhcp_address=dhcp_address,
        physical_interface=interface or None,
        vlan_id=vlan_id,
        vxlan=vxlan,
        dns=msgspec.json.decode(dns, type=list[str]),
        domain=domain,
        mtu=mtu,
        dhcp="dhcp" in services,
        names="dns" in services,
        metadata="metadata" in services,
        snat="snat" in services,
        host_routes=msgspec.json.decode(routes, type=list[HostRoute]),
        ports=ports,
        ipv6=_ipv6_part(*v6),
    )


def _ipv6_part(mode: str, cidr: str, gateway: str, service_address: str) -> Ipv6Spec | None:
    if mode not in ("slaac", "dhcp"):
        return None
    return Ipv6Spec(cidr=cidr, mode=mode, gateway=gateway, service_address=service_address)
