"""What firmware and TPM of a machine have kept, and which host has it.

It lies beside the root disk: on storages of files where all hosts see it, or on the disk's host.
Ceph has no files: there it is on the host that ran the machine last, and on no other.
"""

from __future__ import annotations

from typing import Any

from msgspec import convert

from appliance.engine.jobs import JobRun
from appliance.hosts.links import HostLinks
from appliance.protocol.hardware import Hardware
from appliance.services.common import link_wait_s
from appliance.services.hardware.models import hardware_of, running_hardware_of
from hostagent.protocol import commands as c
from hostagent.protocol.hardware import ForgetParams, KeptRef, PutKeptParams
from hostagent.protocol.storage import StorageRef, VolumeRef

WITHOUT_FILES = "ceph"


def keeps(vm_id: str) -> bool:
    """Whether a machine's firmware or TPM keeps anything; within a read or write."""
    return any(map(_keeps, (hardware_of(vm_id), running_hardware_of(vm_id))))


def only_keeper(vm_id: str, storage: StorageRef, last_host_id: str | None) -> str | None:
    """The one host that has what a machine keeps whose root disk hosts share; None if no host
    has it for itself. Within a read or write.
    """
    return last_host_id if storage.kind == WITHOUT_FILES and keeps(vm_id) else None


def is_seen_by_all(storage: StorageRef) -> bool:
    """Whether all hosts see what machines keep on a storage."""
    return storage.kind not in (WITHOUT_FILES, "local")


async def carry(links: HostLinks, run: JobRun, vm_id: str, way: dict[str, Any]) -> None:
    """Have on one host, beside one volume, what another has beside another.

    `way` tells `from` and `to`, hosts, and `source` and `target`, volumes. Nothing of it is
    written down on its way.
    """
    source, target = convert(way["source"], VolumeRef), convert(way["target"], VolumeRef)
    ref = KeptRef(vm_id=vm_id, volume=source)
    wait: dict[str, Any] = {"on_wait": run.wait, "wait_s": link_wait_s(run)}
    kept = await links.call(way["from"], c.DOMAIN_TAKE_KEPT, ref, **wait)
    params = PutKeptParams(vm_id=vm_id, volume=target, files=kept.files)
    await links.call(way["to"], c.DOMAIN_PUT_KEPT, params, **wait)


async def forget(
    links: HostLinks, run: JobRun, vm_id: str, host_id: str, volume: dict[str, Any]
) -> None:
    """Delete what a host has beside a volume; does nothing if there is nothing."""
    params = ForgetParams(vm_id=vm_id, volume=convert(volume, VolumeRef))
    await links.call(host_id, c.DOMAIN_FORGET, params, on_wait=run.wait, wait_s=link_wait_s(run))


def _keeps(hardware: Hardware) -> bool:
    return hardware.firmware != "bios" or hardware.tpm
