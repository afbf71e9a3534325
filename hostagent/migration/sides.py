"""How this host has a machine that migrates: functions for the thread of libvirt."""

from __future__ import annotations

from typing import Any

import libvirt
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] lxml has no stubs

from hostagent.protocol.migration import MigrationSide as Side

_BY_REASON = {
    (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_POSTCOPY): Side.POSTCOPY,
    (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_POSTCOPY_FAILED): Side.BROKEN,
    (libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_POSTCOPY): Side.POSTCOPY,
    # It stands still as soon as it needs memory that will never come.
    (libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_POSTCOPY_FAILED): Side.BROKEN,
}


def side_of(domain: Any | None) -> Side:
    """How libvirt has the machine."""
    if domain is None:
        return Side.ABSENT
    try:
        state, reason = domain.state()
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return Side.ABSENT  # it went in between
        raise
    if state in (libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_CRASHED):
        return Side.OFF
    if (state, reason) in _BY_REASON:
        return _BY_REASON[state, reason]
    if state != libvirt.VIR_DOMAIN_PAUSED:
        return Side.RUNNING
    held = (libvirt.VIR_DOMAIN_PAUSED_MIGRATION, libvirt.VIR_DOMAIN_PAUSED_STARTING_UP)
    return Side.HELD if reason in held else Side.PAUSED


def qemu_owner(connection: Any) -> tuple[int, int]:
    """User and group that QEMU runs as here."""
    capabilities = etree.fromstring(connection.getCapabilities())
    path = "host/secmodel[model='dac']/baselabel"
    kvm_or_other = capabilities.xpath(path)
    if not kvm_or_other:
        return 0, 0
    user, group = kvm_or_other[0].text.replace("+", "").split(":")
    return int(user), int(group)
