"""What of a machine's packets was thrown away: hosts tell of single ones, and count all."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from appliance.engine.calls import Call
from appliance.protocol import requests as q
from appliance.protocol.drops import NicLosses, NotedPacket, VmDrops
from appliance.protocol.errors import ApiError
from appliance.protocol.messages import sentence
from appliance.services.common import find
from appliance.services.compute.models import VmRow
from appliance.services.firewall.dropbook import DropBook, Note
from appliance.services.firewall.models import SecurityGroupRow
from appliance.services.networks.addresses import text_of
from appliance.services.parts import Parts
from appliance.services.settings import LOG_FORGED
from appliance.store.fields import database, tuples
from appliance.store.kinds import QUERY_LIMIT, batched
from hostagent.protocol.commands import NETWORK_DROPS
from hostagent.protocol.drops import CountDrops, DropReport
from hostagent.protocol.network import PortDrops

COUNT_WITHIN_S = 5.0

log = structlog.get_logger()


@dataclass(frozen=True)
class _Nic:
    id: str
    address: str
    network_name: str
    is_guarded: bool
    logs_refused: bool
    groups: str  # names


class Drops:
    """The operation `vm.drops`, and the reports that it lives on."""

    def __init__(self, parts: Parts) -> None:
        self._store, self._links, self._settings = parts.store, parts.hosts, parts.settings
        self._book = DropBook()
        self._tasks: set[asyncio.Task[None]] = set()
        parts.registry.bind("vm.drops", self._show)
        parts.hosts.on_event("network.drops", self._told)

    async def stop(self) -> None:
        """Look at no more reports."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _told(self, host_id: str, report: DropReport) -> None:
        task = asyncio.create_task(self._note(host_id, report), name=f"drops {host_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _note(self, host_id: str, report: DropReport) -> None:
        """Believe a host only what it says of machines that it runs."""
        nic_ids = {packet.nic_id for packet in report.packets} | report.lost.keys()
        owners = await self._store.read(lambda: _owners(host_id, nic_ids))
        for packet in report.packets:
            if packet.nic_id in owners:
                self._book.add(owners[packet.nic_id], packet)
        for nic_id, count in report.lost.items():
            if nic_id in owners:
                self._book.miss(owners[nic_id], nic_id, count)

    async def _show(self, call: Call, _: q.Empty) -> VmDrops:
        vm, nics = await self._store.read(lambda: _machine(call.target))
        counted = await self._count(vm.host_id, [nic.id for nic in nics])
        logs_forged = self._settings.get(LOG_FORGED)
        ids = {nic.id for nic in nics}
        groups = {nic.id: nic.groups for nic in nics}
        notes = self._book.of(ids, vm.owner_id)
        names = await self._store.read(lambda: _names({note.packet.group_id for note in notes}))
        return VmDrops(
            nics=[_losses(nic, counted.get(nic.id), logs_forged=logs_forged) for nic in nics],
            packets=[_shown(note, vm.name, groups[note.packet.nic_id], names) for note in notes],
            missed=self._book.missed(ids, vm.owner_id),
        )

    async def _count(self, host_id: str | None, nic_ids: Sequence[str]) -> dict[str, PortDrops]:
        if host_id is None or not nic_ids or not self._links.is_connected(host_id):
            return {}
        asked = CountDrops(nic_ids=list(nic_ids))
        try:
            answer = await self._links.call(
                host_id, NETWORK_DROPS, asked, timeout_s=COUNT_WITHIN_S, wait_s=0
            )
        except ApiError as error:  # what was noted is shown all the same
            log.info("drops_not_counted", host=host_id, error=str(error))
            return {}
        return {item.nic_id: item for item in answer.drops}


def _owners(host_id: str, nic_ids: Collection[str]) -> dict[str, str]:
    """The accounts of those NICs that are of machines on a host; within a read."""
    found: dict[str, str] = {}
    for part in batched(sorted(nic_ids), QUERY_LIMIT):
        marks = ",".join("?" * len(part))
        rows = database.execute_sql(_OWNERS.format(marks=marks), (host_id, *part))
        found |= dict(rows.fetchall())
    return found


_OWNERS = """
    SELECT x.id, v.owner_id FROM nic x JOIN vm v ON v.id = x.vm_id
    WHERE v.host_id = ? AND x.id IN ({marks})
"""
_NICS = """
    SELECT x.id, x.address, n.name, x.anti_spoofing,
           (SELECT coalesce(max(g.log_drops), 0) FROM nic_security_group m
            JOIN security_group g ON g.id = m.security_group_id WHERE m.nic_id = x.id),
           (SELECT coalesce(group_concat(g.name, ', '), '') FROM nic_security_group m
            JOIN security_group g ON g.id = m.security_group_id WHERE m.nic_id = x.id)
    FROM nic x JOIN network n ON n.id = x.network_id WHERE x.vm_id = ? ORDER BY x.position
"""


def _machine(vm_id: str) -> tuple[VmRow, list[_Nic]]:
    vm = find(VmRow, vm_id, "vm")
    nics = [
        _Nic(nic_id, text_of(address), network, bool(guarded), bool(logs), groups)
        for nic_id, address, network, guarded, logs, groups in database.execute_sql(_NICS, (vm_id,))
    ]
    return vm, nics


def _names(group_ids: Collection[str]) -> dict[str, str]:
    query = SecurityGroupRow.select(SecurityGroupRow.id, SecurityGroupRow.name)
    found: dict[str, str] = {}
    for part in batched(sorted(group_ids), QUERY_LIMIT):
        found |= dict(tuples(query.where(SecurityGroupRow.id.in_(part))))
    return found


def _losses(nic: _Nic, counted: PortDrops | None, *, logs_forged: bool) -> NicLosses:
    return NicLosses(
        nic_id=nic.id,
        address=nic.address,
        network_name=nic.network_name,
        spoofed_packets=counted.packets if counted else None,
        spoofed_bytes=counted.size_bytes if counted else None,
        refused_packets=counted.refused_packets if counted else None,
        refused_bytes=counted.refused_size_bytes if counted else None,
        is_logging_spoofed=logs_forged and nic.is_guarded,
        is_logging_refused=nic.logs_refused,
    )


def _shown(note: Note, vm_name: str, groups: str, names: dict[str, str]) -> NotedPacket:
    packet = note.packet
    code = f"drop.{packet.reason}"
    if packet.reason in _BOTH_WAYS:
        code += f"_{packet.direction}"
    params = {"name": vm_name, "groups": groups}
    if packet.group_id:
        params["group"] = names.get(packet.group_id) or packet.group_id
    if packet.source_mac:
        params["mac"] = packet.source_mac
    if packet.source:
        params["address"] = packet.source
    known: dict[str, Any] = {
        name: getattr(packet, name)
        for name in (
            *("nic_id", "direction", "protocol", "source", "source_port", "destination"),
            *("destination_port", "icmp_type", "icmp_code", "source_mac"),
        )
    }
    return NotedPacket(
        number=note.number,
        at=datetime.fromtimestamp(packet.at, UTC),
        reason=code,
        params=params,
        message=sentence(code, params, "en"),
        security_group_id=packet.group_id or None,
        rule_id=packet.rule_id or None,
        **known,
    )


_BOTH_WAYS = ("no_rule", "denied")
