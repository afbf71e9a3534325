"""Keeps what is known of dropped packets until it is sent: which NIC, what it was, and why.

nft says which NIC and which of its chains; the reason is found again by the same verdict that
the rules were rendered from. Nothing here may hold up or fail the networks themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections import Counter, deque
from collections.abc import Mapping
from ipaddress import IPv4Address

import structlog

from hostagent.network.drops.nflog import LoggedPacket, PacketLog
from hostagent.network.plan.host import HostPlan
from hostagent.network.rules.drops import CUT, FORGED
from hostagent.network.rules.groups import FilteredPort, filtered_ports, logs_drops
from hostagent.network.wire.headers import ETHERTYPE_IPV6, Headers, read_headers
from hostagent.protocol.drops import DroppedPacket, DropReason, DropReport
from hostagent.protocol.firewall import Direction, Packet, SecurityGroupSpec, judge
from hostagent.protocol.network import PortSpec

KEPT_MAX = 500  # packets that wait to be sent
REPORT_MAX = 200  # in one report
_PREROUTING = 0
_DHCP_SERVER_PORTS = (67, 547)
_ROUTER_TYPES = (134, 137)  # ICMPv6: router advertisement, redirect

log = structlog.get_logger(__name__)


class DropLog:
    """Listens to `group` of the packet log in our namespace while a NIC is to be told of."""

    def __init__(self, group: int) -> None:
        self._group = group
        self._log: PacketLog | None = None
        self._by_mark: dict[int, FilteredPort] = {}
        self._by_tap: dict[str, PortSpec] = {}
        self._groups: dict[str, SecurityGroupSpec] = {}
        self._kept: deque[DroppedPacket] = deque()
        self._lost: Counter[str] = Counter()
        self._has_some = asyncio.Event()

    def follow(self, plan: HostPlan) -> None:
        """Know the NICs and groups of `plan`; listen if one of them is to be told of."""
        self._groups = {group.id: group for group in plan.groups}
        filtered = filtered_ports(plan.networks)
        self._by_mark = {item.mark: item for item in filtered}
        self._by_tap = {port.tap: port for network in plan.networks for port in network.spec.ports}
        is_wanted = any(port.log_forged and port.anti_spoofing for port in self._by_tap.values())
        if is_wanted or any(logs_drops(item.port, self._groups) for item in filtered):
            self._listen()
        else:
            self.close()

    def close(self) -> None:
        """Listen no more; what was heard is kept."""
        if self._log is not None:
            asyncio.get_running_loop().remove_reader(self._log.socket)
            self._log.close()
            self._log = None

    async def some(self) -> None:
        """Wait until there is something to report."""
        await self._has_some.wait()

    def take(self) -> DropReport:
        """What there is to report, oldest first, and forget it."""
        count = min(REPORT_MAX, len(self._kept))
        report = DropReport(
            packets=[self._kept.popleft() for _ in range(count)], lost=dict(self._lost)
        )
        self._lost.clear()
        if not self._kept:
            self._has_some.clear()
        return report

    def _listen(self) -> None:
        if self._log is not None:
            return
        try:
            self._log = PacketLog(self._group)
        except OSError as error:  # the next round of repairs tries again
            log.warning("network.drops_not_logged", group=self._group, reason=str(error))
            return
        asyncio.get_running_loop().add_reader(self._log.socket, self._read)

    def _read(self) -> None:
        assert self._log is not None
        try:
            for packet in self._log.read():
                dropped = self._understood(packet)
                if dropped is not None:
                    self._keep(dropped)
        except OSError as error:
            log.warning("network.drop_log_failed", reason=str(error))
            self.close()
            return
        if missed := self._log.missed():
            log.warning("network.drops_missed", count=missed)

    def _keep(self, dropped: DroppedPacket) -> None:
        if len(self._kept) >= KEPT_MAX:
            self._lost[self._kept.popleft().nic_id] += 1
        self._kept.append(dropped)
        self._has_some.set()

    def _understood(self, packet: LoggedPacket) -> DroppedPacket | None:
        """None if the NIC is gone meanwhile."""
        headers = read_headers(packet.ether_type, packet.payload)
        at = time.time() if packet.at is None else packet.at
        if packet.prefix == FORGED:
            port = self._by_tap.get(_link_name(packet.bridge_port))
            if port is None:
                return None
            mac = packet.link_header[6:12].hex(":")
            reason = forged_reason(port, mac, packet.ether_type, headers)
            return _told(port, at, "out", reason, headers, source_mac=mac)
        item = self._by_mark.get(packet.mark)
        if item is None:
            return None
        direction: Direction = "out" if packet.hook == _PREROUTING else "in"
        if packet.prefix == CUT:
            return _told(item.port, at, direction, "cut", headers)
        reason, rule_id, group_id = refused_reason(
            item.port, self._groups, direction, headers, _network_of(item, headers)
        )
        return _told(item.port, at, direction, reason, headers, rule_id=rule_id, group_id=group_id)


def _network_of(item: FilteredPort, headers: Headers) -> str:
    """The private network that a refused packet began in, "" if it came from elsewhere."""
    plan = item.plan
    if not plan.is_nat or not headers.source or ":" in headers.source:
        return ""
    return plan.spec.id if IPv4Address(headers.source) in plan.cidr else ""


def forged_reason(port: PortSpec, mac: str, ether_type: int, headers: Headers) -> DropReason:
    """Which of the rules of anti-spoofing a frame was against."""
    if mac and mac != port.mac:
        return "forged_mac"
    if headers.protocol.startswith("0x"):
        return "foreign_protocol"
    if headers.protocol == "udp" and headers.source_port in _DHCP_SERVER_PORTS:
        return "dhcp_server"
    if headers.protocol == "icmpv6" and headers.icmp_type in _ROUTER_TYPES:
        return "router"
    if ether_type == ETHERTYPE_IPV6 and headers.is_fragment:
        return "fragment"
    return "forged_address"


def refused_reason(
    port: PortSpec,
    groups: Mapping[str, SecurityGroupSpec],
    direction: Direction,
    headers: Headers,
    network_id: str = "",
) -> tuple[DropReason, str, str]:
    """Why the groups of a port refused a packet, and the rule and group that denied it."""
    if not headers.source:
        return "no_rule", "", ""
    packet = Packet(
        source=headers.source,
        destination=headers.destination,
        protocol=headers.protocol,
        port=headers.destination_port,
        icmp_type=headers.icmp_type,
        icmp_code=headers.icmp_code,
        network_id=network_id,
    )
    verdict = judge(port.security_group_ids, groups, direction, packet)
    if verdict.rule_id and not verdict.allowed:
        return "denied", verdict.rule_id, verdict.group_id
    return "no_rule", "", ""  # or it is allowed meanwhile


def _told(
    port: PortSpec,
    at: float,
    direction: Direction,
    reason: DropReason,
    headers: Headers,
    *,
    source_mac: str = "",
    rule_id: str = "",
    group_id: str = "",
) -> DroppedPacket:
    return DroppedPacket(
        nic_id=port.nic_id,
        at=at,
        direction=direction,
        reason=reason,
        protocol=headers.protocol,
        source=headers.source,
        destination=headers.destination,
        source_port=headers.source_port,
        destination_port=headers.destination_port,
        icmp_type=headers.icmp_type,
        icmp_code=headers.icmp_code,
        source_mac=source_mac,
        rule_id=rule_id,
        group_id=group_id,
    )


def _link_name(number: int) -> str:
    """The name of a link, "" if it is gone."""
    with contextlib.suppress(OSError):
        return socket.if_indextoname(number)
    return ""
