"""Asks a host how its networks stand: drift, what it cannot apply, and packets thrown away."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.engine.calls import Call
from appliance.protocol import requests as q
from appliance.protocol.host_network import HostNetwork, HostNetworkState, NicDrops
from appliance.services.common import find
from appliance.services.infrastructure.models import HostRow
from appliance.services.networks.addresses import text_of
from appliance.services.networks.documents import Documents
from appliance.services.networks.tunnels import unable
from appliance.services.parts import Parts
from appliance.store.fields import database
from appliance.store.kinds import QUERY_LIMIT, batched
from hostagent.protocol.commands import NETWORK_STATUS, Nothing
from hostagent.protocol.network import NetworkStatus, PortDrops


def install(parts: Parts, documents: Documents) -> None:
    """Bind `host.network` and `host.retry_network`."""

    async def show(call: Call, _: q.Empty) -> HostNetwork:
        await parts.store.read(lambda: find(HostRow, call.target, "host"))
        status = await parts.hosts.call(call.target, NETWORK_STATUS, Nothing())
        waiting_for = documents.waiting_for(call.target)
        return await parts.store.read(lambda: _shown(call.target, status, waiting_for))

    async def retry(call: Call, request: q.Empty) -> HostNetwork:
        await parts.store.read(lambda: find(HostRow, call.target, "host"))
        await documents.allow_again(call.target)
        return await show(call, request)

    parts.registry.bind("host.network", show)
    parts.registry.bind("host.retry_network", retry)


def _shown(host_id: str, status: NetworkStatus, waiting_for: str) -> HostNetwork:
    names = dict(database.execute_sql("SELECT id, name FROM network").fetchall())
    missing = dict(unable(host_id))
    there = {item.id for item in status.networks}
    return HostNetwork(
        generation=status.generation,
        waiting_for=waiting_for,
        errors=[error.message for error in status.errors],
        networks=[
            HostNetworkState(
                network_id=item.id,
                network_name=names.get(item.id, ""),
                bridge=item.bridge,
                is_healthy=item.healthy and item.id not in missing,
                drift=list(dict.fromkeys([*item.drift, *_word(missing, item.id)])),
            )
            for item in status.networks
        ]
        + [
            HostNetworkState(
                network_id=ref,
                network_name=names.get(ref, ""),
                bridge="",
                is_healthy=False,
                drift=[word],
            )
            for ref, word in missing.items()
            if ref not in there
        ],
        drops=_drops([item for item in status.drops if _lost(item)]),
    )


def _word(missing: dict[str, str], network_id: str) -> list[str]:
    return [missing[network_id]] if network_id in missing else []


def _drops(drops: Sequence[PortDrops]) -> list[NicDrops]:
    """NICs that lost packets, those that lost most first."""
    machines: dict[str, tuple[str, str, int]] = {}
    for part in batched([item.nic_id for item in drops], QUERY_LIMIT):
        rows = database.execute_sql(_MACHINES.format(marks=",".join("?" * len(part))), tuple(part))
        machines |= {nic_id: (vm_id, name, address) for nic_id, vm_id, name, address in rows}
    found = []
    for item in sorted(drops, key=_lost, reverse=True):
        vm_id, name, address = machines.get(item.nic_id, (None, "", None))
        found.append(
            NicDrops(
                nic_id=item.nic_id,
                vm_id=vm_id,
                vm_name=name,
                address="" if address is None else text_of(address),
                spoofed_packets=item.packets,
                spoofed_bytes=item.size_bytes,
                refused_packets=item.refused_packets,
                refused_bytes=item.refused_size_bytes,
                limited_packets=item.limited_packets,
                limited_bytes=item.limited_size_bytes,
            )
        )
    return found


def _lost(item: PortDrops) -> int:
    """How many packets of a NIC were thrown away, for whatever reason."""
    return item.packets + item.refused_packets + item.limited_packets


_MACHINES = """
    SELECT x.id, v.id, v.name, x.address FROM nic x JOIN vm v ON v.id = x.vm_id
    WHERE x.id IN ({marks})
"""
