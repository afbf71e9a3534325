"""Running machines that get more CPUs and memory; functions for the thread of libvirt.

What is added are CPUs of those that the machine was started with room for, and pieces of memory
(DIMMs), each in a slot of its own.
"""

from __future__ import annotations

from typing import Any

import libvirt
import structlog

from hostagent.libvirt.machine_xml import dimm
from hostagent.protocol.hardware import GrowParams, Size
from hostagent.protocol.link import CommandFailed

LIVE = libvirt.VIR_DOMAIN_AFFECT_LIVE

log = structlog.get_logger(__name__)


def size_of(domain: Any) -> Size:
    """What a running machine has. libvirt's maximum is what is plugged in, not what could be."""
    cpu_count = domain.vcpusFlags(LIVE)
    return Size(is_active=True, cpu_count=cpu_count, memory_bytes=domain.maxMemory() * 1024)


def grow(domain: Any, params: GrowParams) -> Size:
    """Give it what it lacks; all of it, or nothing.

    Memory comes first: hosts refuse that more often. Raises CommandFailed for what would shrink.
    """
    before = size_of(domain)
    if before.cpu_count > params.cpu_count or before.memory_bytes > params.memory_bytes:
        raise CommandFailed(
            "domain.would_shrink", f"it has {before.cpu_count} CPUs and more memory"
        )
    piece = dimm(params.memory_bytes - before.memory_bytes)
    if params.memory_bytes > before.memory_bytes:
        domain.attachDeviceFlags(piece, LIVE)
    if params.cpu_count > before.cpu_count:
        try:
            domain.setVcpusFlags(params.cpu_count, LIVE)
        except libvirt.libvirtError:
            if params.memory_bytes > before.memory_bytes:
                _take_back(domain, piece)
            raise
    return size_of(domain)


def _take_back(domain: Any, piece: str) -> None:
    """Pull out the memory that has just come. A guest that uses it already may keep it."""
    try:
        domain.detachDeviceFlags(piece, LIVE)
    except libvirt.libvirtError as error:
        log.warning("domain.memory_stays", reason=error.get_error_message())
