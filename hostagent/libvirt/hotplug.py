"""NICs that come to and leave a running machine; functions for the thread of libvirt."""

from __future__ import annotations

from typing import Any

import libvirt
import structlog

from hostagent.libvirt.xml import macs_of, nic_xml
from hostagent.protocol.domain import NicSpec

UNPLUG_WITHIN_S = 60.0
UNPLUG_AGAIN_S = 6.0  # a guest that was not ready the first time is asked again

log = structlog.get_logger(__name__)


def has(domain: Any, nic: NicSpec) -> bool:
    """Whether the machine has this NIC."""
    return nic.mac in macs_of(domain.XMLDesc())


def attach(domain: Any, nic: NicSpec) -> None:
    """Plug it in, unless it is there."""
    if not has(domain, nic):
        domain.attachDeviceFlags(nic_xml(nic), libvirt.VIR_DOMAIN_AFFECT_LIVE)


def ask_for(domain: Any, nic: NicSpec) -> None:
    """Ask the guest to let go of it. Whether it has done so is seen by `has`."""
    try:
        domain.detachDeviceFlags(nic_xml(nic), libvirt.VIR_DOMAIN_AFFECT_LIVE)
    except libvirt.libvirtError as error:
        # The guest has been asked already, or has just obeyed: that is looked at next.
        log.info("domain.unplug_asked_before", mac=nic.mac, reason=error.get_error_message())
