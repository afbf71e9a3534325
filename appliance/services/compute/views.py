"""How virtual machines look to clients.

Read with plain SQL: every change of a machine is shown to those who follow, and models would be
most of what that costs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec

from appliance.protocol.resources import CdDrive, Nic, Vm, VmState, Volume
from appliance.services.guests.discs import shown_drives
from appliance.services.hardware.models import shown_hardware
from appliance.services.networks.addresses import text_of
from appliance.services.volumes.views import volumes_of_vms
from appliance.store.fields import database, when, when_or_none

_VMS = """
    SELECT v.id, v.name, v.description, c.zone_id, v.cluster_id, v.host_id, h.name,
           v.last_host_id, v.image_id, i.name, v.offering_id, v.affinity_group_id, v.cpu_count,
           v.memory_bytes, v.state, v.state_reason, v.accelerator, v.ssh_public_key,
           v.user_data != '', coalesce(g.hostname, ''), coalesce(g.cloud_init, 'auto'),
           coalesce(b.on_host_boot, 'restart'), v.owner_id, v.created_at, v.started_at,
           v.destroyed_at, w.settings, w.running
    FROM vm v JOIN cluster c ON c.id = v.cluster_id LEFT JOIN vm_hardware w ON w.vm_id = v.id
    LEFT JOIN host h ON h.id = v.host_id LEFT JOIN image i ON i.id = v.image_id
    LEFT JOIN vm_guest g ON g.vm_id = v.id
    LEFT JOIN vm_recovery b ON b.vm_id = v.id
    WHERE v.id IN ({marks})
"""
_NICS = """
    SELECT x.vm_id, x.id, x.network_id, n.name, x.mac, x.address, x.ipv6_address,
           (SELECT json_group_array(g.security_group_id) FROM nic_security_group g
            WHERE g.nic_id = x.id), e.address, x.anti_spoofing,
           x.inbound_bits_per_s, x.outbound_bits_per_s
    FROM nic x JOIN network n ON n.id = x.network_id LEFT JOIN elastic_ip e ON e.nic_id = x.id
    WHERE x.vm_id IN ({marks}) ORDER BY x.position
"""


def read_vms(ids: Sequence[str]) -> list[Vm]:
    """The machines with these ids, in any order; within a read or write."""
    nics: dict[str, list[Nic]] = defaultdict(list)
    for row in _rows(_NICS, ids):
        vm_id, ref, network_id, network, mac, address, ipv6, groups, elastic, guarded, *limits = row
        nics[vm_id].append(
            Nic(
                id=ref,
                network_id=network_id,
                network_name=network,
                mac=mac,
                address=text_of(address),
                ipv6_address=ipv6 or "",
                is_default=not nics[vm_id],
                elastic_address=None if elastic is None else text_of(elastic),
                anti_spoofing=bool(guarded),
                security_group_ids=msgspec.json.decode(groups, type=list[str]),
                inbound_bits_per_s=limits[0],
                outbound_bits_per_s=limits[1],
            )
        )
    volumes, cds = volumes_of_vms(ids), shown_drives(ids)
    return [
        _vm(row, nics[row[0]], volumes[row[0]], cds.get(row[0], [])) for row in _rows(_VMS, ids)
    ]


def _vm(row: Sequence[Any], nics: list[Nic], volumes: list[Volume], cds: list[CdDrive]) -> Vm:
    ref, name, description, zone_id, cluster_id, host_id, host, last_host_id, *rest = row
    image_id, image, offering_id, group_id, cpu_count, memory_bytes, state, reason, *rest = rest
    accelerator, key, has_user_data, hostname, cloud_init, on_host_boot, *rest = rest
    owner_id, created_at, started_at, destroyed_at, settings, running = rest
    return Vm(
        id=ref,
        name=name,
        description=description,
        zone_id=zone_id,
        cluster_id=cluster_id,
        host_id=host_id,
        host_name=host or "",
        last_host_id=last_host_id,
        image_id=image_id,
        image_name=image or "",
        offering_id=offering_id,
        affinity_group_id=group_id,
        cpu_count=cpu_count,
        memory_bytes=memory_bytes,
        state=VmState(state),
        state_reason=reason,
        accelerator=accelerator,
        nics=nics,
        volumes=volumes,
        cds=cds,
        hardware=shown_hardware(settings, running, runs=host_id is not None),
        ssh_public_key=key,
        has_user_data=bool(has_user_data),
        hostname=hostname,
        cloud_init=cloud_init,
        on_host_boot=on_host_boot,
        owner_id=owner_id,
        created_at=when(created_at),
        started_at=when_or_none(started_at),
        destroyed_at=when_or_none(destroyed_at),
    )


def _rows(sql: str, ids: Sequence[str]) -> list[Any]:
    marks = ",".join("?" * len(ids))
    return database.execute_sql(sql.format(marks=marks), tuple(ids)).fetchall()
