"""How far libvirt says a migration is (virDomainGetJobStats)."""

from __future__ import annotations

from typing import Any

import libvirt

from hostagent.protocol.migration import MigrationProgress, RunParams

_RUNNING = (libvirt.VIR_DOMAIN_JOB_BOUNDED, libvirt.VIR_DOMAIN_JOB_UNBOUNDED)


def read(domain: Any | None, params: RunParams) -> MigrationProgress | None:
    """What is known now; None while there is no job."""
    if domain is None:
        return None
    try:
        found = domain.jobStats()
    except libvirt.libvirtError as error:
        gone = (libvirt.VIR_ERR_NO_DOMAIN, libvirt.VIR_ERR_OPERATION_INVALID)
        if error.get_error_code() in gone:
            return None
        raise
    if found.get("type") not in _RUNNING:
        return None
    return progress(found, params)


def progress(found: dict[str, Any], params: RunParams) -> MigrationProgress:
    """libvirt's numbers as ours."""

    def number(name: str) -> int:
        return int(found.get(name, 0))

    return MigrationProgress(
        migration_id=params.migration_id,
        vm_id=params.vm_id,
        total_bytes=number("data_total"),
        done_bytes=number("data_processed"),
        remaining_bytes=number("data_remaining"),
        memory_total_bytes=number("memory_total"),
        memory_remaining_bytes=number("memory_remaining"),
        disk_total_bytes=number("disk_total"),
        disk_remaining_bytes=number("disk_remaining"),
        rate_bytes_s=number("memory_bps") + number("disk_bps"),
        dirty_bytes_s=number("memory_dirty_rate") * number("memory_page_size"),
        downtime_ms=number("downtime"),
        round=number("memory_iteration"),
        throttle_percent=number("auto_converge_throttle"),
    )
