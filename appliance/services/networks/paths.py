"""Probes the paths between the hosts of a cluster, for a network that is or one that shall be."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import TypeVar

from appliance.engine.calls import Call
from appliance.hosts.links import HostLinks
from appliance.protocol import requests as q
from appliance.protocol.errors import ApiError, Conflict, ErrorBody, InvalidInput, to_body
from appliance.protocol.paths import (
    ClusterProbePaths,
    NetworkPaths,
    Path,
    PathHost,
    PathState,
)
from appliance.services.common import find
from appliance.services.infrastructure.models import ClusterRow, HostRow
from appliance.services.networks.clusters import clusters_of
from appliance.services.networks.models import NetworkRow
from appliance.services.networks.path_findings import Found, Pair, findings
from appliance.services.parts import Parts
from appliance.store.fields import tuples
from hostagent.protocol import commands as c
from hostagent.protocol.probe import (
    NONCE_BYTES,
    ProbeEnd,
    ProbeListen,
    ProbePeer,
    ProbeReady,
    ProbeSend,
    ProbeWire,
)

HOSTS_MAX = 200  # the matrix has a line for each pair
SENDERS_AT_ONCE = 32
PROBES_AT_ONCE = 2
DURATION_S = 100.0
LINK_WAIT_S = 2.0  # a host that is just reconnecting

T = TypeVar("T")
HostName = tuple[str, str]  # id, name


def install(parts: Parts) -> None:
    """Bind `network.probe` and `cluster.probe_paths`."""
    places = asyncio.Semaphore(PROBES_AT_ONCE)

    async def of_network(call: Call, _: q.Empty) -> NetworkPaths:
        def look() -> tuple[ProbeWire, list[HostName]]:
            row = find(NetworkRow, call.target, "network")
            return wire_of(row), [one for ref in clusters_of(row.id) for one in _hosts_of(ref)]

        wire, hosts = await parts.store.read(look)
        async with places:
            return await probe(parts.hosts, hosts, wire)

    async def of_cluster(call: Call, request: ClusterProbePaths) -> NetworkPaths:
        def look() -> list[HostName]:
            find(ClusterRow, call.target, "cluster")
            return _hosts_of(call.target)

        hosts = await parts.store.read(look)
        wire = asked_wire(request)
        async with places:
            return await probe(parts.hosts, hosts, wire)

    parts.registry.bind("network.probe", of_network)
    parts.registry.bind("cluster.probe_paths", of_cluster)


def wire_of(row: NetworkRow) -> ProbeWire:
    """What carries the network's frames between hosts; raises Conflict if nothing does."""
    if row.kind == "nat":
        raise Conflict("path.no_wire", name=row.name)
    if row.vxlan_pool is not None:
        return ProbeWire(underlay_cidr=row.vxlan_pool.underlay_cidr, mtu_bytes=row.mtu)
    return ProbeWire(interface=row.physical_interface, vlan_id=row.vlan_id, mtu_bytes=row.mtu)


def asked_wire(request: ClusterProbePaths) -> ProbeWire:
    """The wire that a request names; raises InvalidInput."""
    if bool(request.physical_interface) == bool(request.underlay_cidr):
        raise InvalidInput("path.one_wire", field="physical_interface")
    if not request.underlay_cidr:
        return ProbeWire(
            interface=request.physical_interface, vlan_id=request.vlan_id, mtu_bytes=request.mtu
        )
    if request.vlan_id is not None:
        raise InvalidInput("path.tag_in_tunnel", field="vlan_id")
    try:
        cidr = str(ip_network(request.underlay_cidr.strip()))
    except ValueError:
        raise InvalidInput(
            "path.bad_underlay", field="underlay_cidr", value=request.underlay_cidr
        ) from None
    return ProbeWire(underlay_cidr=cidr, mtu_bytes=request.mtu)


def wire_words(wire: ProbeWire) -> str:
    """A name for the wire in any language, such as "eth0, VLAN 42"."""
    if wire.interface is None:
        return wire.underlay_cidr or ""
    return wire.interface if wire.vlan_id is None else f"{wire.interface}, VLAN {wire.vlan_id}"


async def probe(links: HostLinks, hosts: Sequence[HostName], wire: ProbeWire) -> NetworkPaths:
    """Probe all pairs of `hosts`; those that cannot take part are among the findings.

    Raises Conflict if there are too many of them.
    """
    if len(hosts) > HOSTS_MAX:
        raise Conflict("path.too_many_hosts", count=len(hosts), limit=HOSTS_MAX)
    run = _Run(links, wire, list(hosts))
    try:
        await run.listen()
        await run.send()
    finally:
        await run.end()
    return run.result()


@dataclass
class _Run:
    """One probe; a host's number in it is its place in `hosts`."""

    links: HostLinks
    wire: ProbeWire
    hosts: list[HostName]
    nonce: bytes = field(default_factory=lambda: secrets.token_bytes(NONCE_BYTES))
    ready: dict[int, ProbeReady] = field(default_factory=dict)
    problems: list[ErrorBody] = field(default_factory=list)
    sizes: dict[tuple[int, int], int] = field(default_factory=dict)
    round_trips: dict[tuple[int, int], int] = field(default_factory=dict)
    other_tags: dict[tuple[int, int], int] = field(default_factory=dict)

    async def listen(self) -> None:
        """Announce the probe: nobody says anything before all listen."""

        async def one(member: int) -> None:
            params = ProbeListen(
                nonce=self.nonce, member=member, wire=self.wire, duration_s=DURATION_S
            )
            ready = await self._try(
                member, lambda ref: self._call(ref, c.NETWORK_PROBE_LISTEN, params)
            )
            if ready is not None:
                self.ready[member] = ready

        await asyncio.gather(*map(one, range(len(self.hosts))))

    async def send(self) -> None:
        """Let each host find out whom it reaches, some at a time."""
        places = asyncio.Semaphore(SENDERS_AT_ONCE)
        peers = [
            ProbePeer(member=member, place=ready.place, port=ready.port)
            for member, ready in sorted(self.ready.items())
        ]

        async def one(member: int) -> None:
            others = [peer for peer in peers if peer.member != member]
            params = ProbeSend(nonce=self.nonce, peers=others)
            async with places:
                sent = await self._try(
                    member, lambda ref: self._call(ref, c.NETWORK_PROBE_SEND, params)
                )
            if sent is None:
                self.ready.pop(member, None)
                return
            for answer in sent.answers:
                pair = member, answer.member
                self._arrived(pair, answer.max_bytes)
                self.round_trips[pair] = answer.round_trip_us

        if len(peers) > 1:
            await asyncio.gather(*(one(peer.member) for peer in peers))

    async def end(self) -> None:
        """Collect what was heard; a host that does not answer now stops by itself."""

        async def one(member: int) -> None:
            params = ProbeEnd(nonce=self.nonce)
            found = await self._try(
                member, lambda ref: self._call(ref, c.NETWORK_PROBE_END, params)
            )
            for item in found.heard if found is not None else []:
                self._arrived((item.member, member), item.max_bytes)
                if item.other_tag is not None and not item.max_bytes:
                    self.other_tags[item.member, member] = item.other_tag

        await asyncio.gather(*map(one, list(self.ready)))

    def result(self) -> NetworkPaths:
        """The matrix, and what it tells."""
        took_part = sorted(self.ready)
        names = [name for _, name in self.hosts]
        pairs = [(a, b) for a in took_part for b in took_part if a != b]
        found = Found(
            wire=wire_words(self.wire),
            mtu=self.wire.mtu_bytes,
            hosts=[names[member] for member in took_part],
            sizes={_named(names, pair): self.sizes.get(pair, 0) for pair in pairs},
            limits={names[member]: self.ready[member].limit_bytes for member in took_part},
            unplugged=[names[ref] for ref in took_part if not self.ready[ref].has_carrier],
            other_tags={_named(names, pair): tag for pair, tag in sorted(self.other_tags.items())},
        )
        return NetworkPaths(
            wire=found.wire,
            mtu=found.mtu,
            hosts=[
                PathHost(
                    host_id=ref,
                    host_name=name,
                    limit_bytes=self.ready[member].limit_bytes if member in self.ready else None,
                )
                for member, (ref, name) in enumerate(self.hosts)
            ],
            paths=[self._path(pair) for pair in pairs],
            findings=[*self.problems, *findings(found)],
        )

    def _path(self, pair: tuple[int, int]) -> Path:
        (from_id, from_name), (to_id, to_name) = self.hosts[pair[0]], self.hosts[pair[1]]
        size = self.sizes.get(pair, 0)
        state: PathState = "silent"
        if size:
            state = "works" if size >= self.wire.mtu_bytes else "small"
        return Path(
            from_host_id=from_id,
            from_host_name=from_name,
            to_host_id=to_id,
            to_host_name=to_name,
            state=state,
            max_bytes=size,
            round_trip_us=self.round_trips.get(pair),
        )

    def _arrived(self, pair: tuple[int, int], size: int) -> None:
        self.sizes[pair] = max(size, self.sizes.get(pair, 0))

    async def _call(self, host_id: str, command: c.Command[c.P, c.R], params: c.P) -> c.R:
        return await self.links.call(host_id, command, params, wait_s=LINK_WAIT_S)

    async def _try(self, member: int, ask: Callable[[str], Awaitable[T]]) -> T | None:
        """What a host answers; if it cannot, why is noted under the name that people know."""
        ref, name = self.hosts[member]
        try:
            return await ask(ref)
        except ApiError as error:
            again = type(error)(error.code, **({**error.params, "name": name}))
            self.problems.append(to_body(again))
            return None


def _named(names: Sequence[str], pair: tuple[int, int]) -> Pair:
    return names[pair[0]], names[pair[1]]


def _hosts_of(cluster_id: str) -> list[HostName]:
    rows = HostRow.select(HostRow.id, HostRow.name).where(HostRow.cluster == cluster_id)
    return tuples(rows.order_by(HostRow.name, HostRow.id))
