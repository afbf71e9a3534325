"""The probes that this host takes part in, each for a short time only."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

import structlog

from hostagent.network.links.netlink import Link, Links, links_here
from hostagent.network.paths.datagrams import IP_UDP_BYTES, TUNNEL_BYTES, DatagramWire
from hostagent.network.paths.ethernet import EthernetWire
from hostagent.network.paths.member import Member
from hostagent.network.paths.messages import SIZE_MIN_BYTES, Sealer
from hostagent.network.wire.frames import BROADCAST
from hostagent.protocol.link import CommandFailed
from hostagent.protocol.probe import (
    DURATION_MAX_S,
    MEMBERS_MAX,
    NONCE_BYTES,
    ProbeEnd,
    ProbeHeard,
    ProbeListen,
    ProbeReady,
    ProbeSend,
    ProbeSent,
)

AT_ONCE = 8
_MTU_MAX_BYTES = 65_000
_VLAN_IDS = range(1, 4095)

log = structlog.get_logger(__name__)


@dataclass
class _Session:
    member: Member
    wire: EthernetWire | DatagramWire
    ready: ProbeReady
    expiry: asyncio.TimerHandle


class PathProbes:
    """Nothing is sent or answered but for probes that the service has announced here."""

    def __init__(self) -> None:
        self._sessions: dict[bytes, _Session] = {}
        self._opening = asyncio.Lock()

    async def listen(self, params: ProbeListen) -> ProbeReady:
        """Take part in a probe; asked again it goes on. Raises CommandFailed."""
        _check(params)
        async with self._opening:
            known = self._sessions.get(params.nonce)
            if known is not None:
                return known.ready
            if len(self._sessions) >= AT_ONCE:
                raise CommandFailed("path.busy", f"{AT_ONCE} probes run here already")
            async with links_here() as links:
                member, wire, ready = await _open(links, params)
            loop = asyncio.get_running_loop()
            expiry = loop.call_later(params.duration_s, self._close, params.nonce)
            self._sessions[params.nonce] = _Session(member, wire, ready, expiry)
            return ready

    async def send(self, params: ProbeSend) -> ProbeSent:
        """Find out who answers. Raises CommandFailed if the probe is over or was never begun."""
        session = self._sessions.get(params.nonce)
        if session is None:
            raise CommandFailed("path.over", "this host does not take part in the probe any more")
        return ProbeSent(answers=await session.member.ask(params.peers))

    async def end(self, params: ProbeEnd) -> ProbeHeard:
        """Stop listening, and tell what was heard: nothing if it ended before."""
        session = self._sessions.get(params.nonce)
        self._close(params.nonce)
        return ProbeHeard(heard=list(session.member.heard.values()) if session else [])

    def stop(self) -> None:
        """The agent ends."""
        for nonce in list(self._sessions):
            self._close(nonce)

    def _close(self, nonce: bytes) -> None:
        session = self._sessions.pop(nonce, None)
        if session is not None:
            session.expiry.cancel()
            session.wire.close()


def _check(params: ProbeListen) -> None:
    wire = params.wire
    is_sound = (
        len(params.nonce) == NONCE_BYTES
        and 0 <= params.member < MEMBERS_MAX
        and 0 < params.duration_s <= DURATION_MAX_S
        and SIZE_MIN_BYTES <= wire.mtu_bytes <= _MTU_MAX_BYTES
        and (wire.vlan_id is None or wire.vlan_id in _VLAN_IDS)
        and (wire.interface is None) != (wire.underlay_cidr is None)
    )
    if not is_sound:
        raise CommandFailed("agent.bad_parameters", f"no probe can be like {wire}")


async def _open(
    links: Links, params: ProbeListen
) -> tuple[Member, EthernetWire | DatagramWire, ProbeReady]:
    wire = params.wire
    member = Member(
        sealer=Sealer(params.nonce),
        number=params.member,
        mtu_bytes=wire.mtu_bytes,
        limit_bytes=wire.mtu_bytes,
        tag=wire.vlan_id or 0,
        is_tunnel=wire.interface is None,
    )
    if wire.interface is not None:
        nic = await _nic(links, wire.interface)
        member.limit_bytes = nic.mtu
        with _refusing(wire.interface):
            ethernet = EthernetWire(nic.name, nic.index, nic.mac, wire.vlan_id, member.receive)
        member.say = lambda payload, mac: ethernet.send(payload, mac or BROADCAST)
        ready = ProbeReady(place=nic.mac, limit_bytes=nic.mtu, has_carrier=nic.carrier)
        return member, ethernet, ready
    address, link = await _endpoint(links, wire.underlay_cidr or "")
    overhead = IP_UDP_BYTES[ip_address(address).version] + TUNNEL_BYTES
    member.limit_bytes = link.mtu - overhead
    with _refusing(address):
        datagrams = DatagramWire(address, lambda data, place: member.receive(data, 0, place))
    member.say = datagrams.send
    ready = ProbeReady(
        place=address,
        port=datagrams.port,
        limit_bytes=member.limit_bytes,
        has_carrier=link.carrier,
    )
    return member, datagrams, ready


async def _nic(links: Links, name: str) -> Link:
    nic = await links.find(name)
    if nic is None:
        raise CommandFailed("path.no_interface", f"this host has no NIC {name}", interface=name)
    if not nic.up:
        raise CommandFailed("path.interface_down", f"NIC {name} is down", interface=name)
    return nic


async def _endpoint(links: Links, cidr: str) -> tuple[str, Link]:
    """This host's address in `cidr`, and the link that has it."""
    try:
        network = ip_network(cidr)
    except ValueError as error:
        raise CommandFailed("agent.bad_parameters", f"{cidr}: {error}") from None
    async for address, link in _own(links):
        if ip_address(address) in network:
            return address, link
    raise CommandFailed("path.no_address", f"this host has no address in {cidr}", cidr=cidr)


async def _own(links: Links) -> AsyncIterator[tuple[str, Link]]:
    for link in (await links.all()).values():
        for item in await links.addresses(link):
            yield item.address, link


@contextlib.contextmanager
def _refusing(what: str) -> Any:
    try:
        yield
    except OSError as error:
        raise CommandFailed("path.cannot_listen", f"{what}: {error}", reason=str(error)) from error
