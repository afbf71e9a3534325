"""Holds a host's elastic addresses: answers for them on the wire, and leads their machines out.

The addresses lie on a link of their own (a bridge without ports), so that they never mix with the
host's. The kernel answers ARP for them on the public bridge all the same, and nft hands what comes
for them to the machines before the host itself could take it (`elastic_rules`). A machine with an
elastic address leaves by the address's network: a routing rule for it leads to a table that knows
that network's gateway, and the private networks of this host.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

import structlog

from hostagent.network.links.netlink import (
    Address,
    Link,
    Links,
    disable_ipv6,
    loosen_filter,
    read_sysctl,
    write_sysctl,
)
from hostagent.network.links.tables import PUBLIC, Rule, Tables
from hostagent.network.plan.host import ElasticPlan, HostPlan
from hostagent.network.plan.network import derived_mac
from hostagent.network.ways import doubles
from hostagent.network.wire.frames import arp_request
from hostagent.network.wire.probes import send_frame
from hostagent.protocol.network import PREFIX

_RULE_PRIORITY = 21_000  # before "main", after whatever an administrator would put first
_HOST_PREFIX = 32
_FLAG_ONLINK = 4

log = structlog.get_logger(__name__)


def elastic_link_name(tag: str) -> str:
    """The link that carries the elastic addresses of the agent with this tag."""
    return f"{PREFIX}e{tag}"


class ElasticAddresses:
    """The elastic addresses of one agent. Every method changes only what differs."""

    def __init__(self, tag: str) -> None:
        self._tag = tag
        self._name = elastic_link_name(tag)
        self._tables = Tables(PUBLIC, tag)
        self._announced: set[str] = set()

    async def retreat(self, links: Links, plan: HostPlan) -> None:
        """Give up the addresses that are not wanted any more.

        Before the rules forget them: the host must not answer in a machine's place.
        """
        holder = await links.find(self._name)
        if holder is None:
            return
        wanted = {item.address for item in plan.held}
        for address in await links.addresses(holder):
            if address.address not in wanted:
                await links.remove_address(holder, address)
                self._announced.discard(address.address)

    async def converge(self, links: Links, plan: HostPlan) -> None:
        """Hold and route what `plan` says; once its rules are loaded and its bridges are there.

        Raises LookupError, NetlinkError or OSError.
        """
        if not plan.elastic:
            await self.remove(links)
            return
        tables = self._numbered(plan.elastic)
        for network_id, number in tables.items():
            await self._fill_table(links, plan, network_id, number)
        await self._tables.set_rules(links, _rules(plan.elastic, tables))
        await self._tables.forget(links, set(tables.values()))
        await self._hold(links, plan.held)
        await self._announce(links, plan.held)

    async def remove(self, links: Links) -> None:
        """Take everything away; nothing happens to what is gone already."""
        await links.remove(self._name)
        self._announced.clear()
        await self._tables.set_rules(links, set())
        await self._tables.forget(links, set())

    async def missing(self, links: Links, elastic: Sequence[ElasticPlan]) -> list[str]:
        """The addresses that the host does not hold though it should."""
        holder = await links.find(self._name)
        held = set() if holder is None else {a.address for a in await links.addresses(holder)}
        return [item.address for item in elastic if item.address not in held]

    def _numbered(self, elastic: Sequence[ElasticPlan]) -> dict[str, int]:
        ids = sorted({item.public.spec.id for item in elastic})
        return {network_id: self._tables.first + place for place, network_id in enumerate(ids, 1)}

    # The addresses

    async def _hold(self, links: Links, elastic: Sequence[ElasticPlan]) -> None:
        holder = await links.find(self._name)
        if holder is None:
            holder = await links.add_bridge(self._name, derived_mac("elastic", self._tag))
        disable_ipv6(holder.name)
        if not holder.up:
            await links.set(holder, state="up")
        present = {address.address for address in await links.addresses(holder)}
        for item in elastic:
            if item.address not in present:
                self._announced.discard(item.address)
                wanted = Address(family=socket.AF_INET, address=item.address, prefix=_HOST_PREFIX)
                await links.add_address(holder, wanted)

    async def _announce(self, links: Links, elastic: Sequence[ElasticPlan]) -> None:
        """Tell the wire who has a new address now (RFC 5227, 3), so that nobody asks in vain
        where it was before.
        """
        for item in elastic:
            if item.address in self._announced:
                continue
            bridge = await links.need(item.public.spec.bridge)
            send_frame(bridge.name, arp_request(bridge.mac, item.address, item.address))
            self._announced.add(item.address)
            log.info("elastic.held", address=item.address, nic=item.port.nic_id)

    # The way out

    async def _fill_table(self, links: Links, plan: HostPlan, network_id: str, number: int) -> None:
        """The public network and its gateway, and the private networks of this host.

        Those that share addresses have a way of their own (`ways`).
        """
        public = next(item for item in plan.networks if item.spec.id == network_id)
        bridge = await links.need(public.spec.bridge)
        _let_answer(bridge)
        wanted: list[dict[str, Any]] = [{"dst": str(public.cidr), "oif": bridge.index}]
        ambiguous = {double.spec.id for double in doubles(plan.networks)}
        for private in plan.networks:
            if private.is_nat and private.spec.id not in ambiguous:
                link = await links.need(private.spec.bridge)
                wanted.append({"dst": str(private.cidr), "oif": link.index})
        wanted.append(
            {
                "dst": "default",
                "gateway": public.spec.gateway,
                "oif": bridge.index,
                "flags": _FLAG_ONLINK,
            }
        )
        await self._tables.fill(links, number, wanted)


def _rules(elastic: Sequence[ElasticPlan], tables: dict[str, int]) -> set[Rule]:
    return {
        Rule(
            priority=_RULE_PRIORITY,
            table=tables[item.public.spec.id],
            iifname=item.private.spec.bridge,
            src=item.port.address,
        )
        for item in elastic
    }


def _let_answer(bridge: Link) -> None:
    """Let the kernel take packets for elastic addresses from `bridge`, and answer ARP there.

    What comes from afar to a network that is not the host's own way out would be dropped by a
    strict filter.
    Raises OSError if the host is told not to answer for addresses of other links.
    """
    loosen_filter(bridge.name)
    write_sysctl(f"ipv4/conf/{bridge.name}/arp_ignore", "0")
    if read_sysctl("ipv4/conf/all/arp_ignore") != "0":
        raise OSError(
            "sysctl net.ipv4.conf.all.arp_ignore is not 0, so that this host cannot answer for "
            "elastic addresses: set it to 0"
        )
