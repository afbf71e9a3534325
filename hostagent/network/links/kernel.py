"""What kinds of links this machine's kernel can make."""

from __future__ import annotations

import errno
from typing import Any

from pyroute2.netlink.exceptions import NetlinkError

from hostagent.network.processes import ProcessFailed, run

# Kernel module and the name of its links, in the kernel's own words.
MODULES = {"vlan": "8021q", "vxlan": "vxlan"}
_PROBE_NAME = "anyprobe"  # never made


async def can_make(ipr: Any, kind: str) -> bool:
    """Whether links of this kind can be made; the kernel loads the module by itself if it may.

    Asks for one without the settings that it needs: a kernel that knows the kind refuses those
    (EINVAL), one that does not says so (EOPNOTSUPP).
    """
    try:
        await ipr.link("add", ifname=_PROBE_NAME, kind=kind)
    except NetlinkError as error:
        return error.code != errno.EOPNOTSUPP
    await ipr.link("del", ifname=_PROBE_NAME)  # a kernel that needs no settings
    return True


async def make_available(ipr: Any, kind: str) -> bool:
    """Like `can_make`, but the module is loaded by hand first if the kernel could not."""
    if await can_make(ipr, kind):
        return True
    try:
        await run("modprobe", MODULES[kind])
    except ProcessFailed:
        return False
    return await can_make(ipr, kind)


async def link_kinds(ipr: Any) -> list[str]:
    """Those of our kinds that this kernel can make."""
    return [kind for kind in MODULES if await make_available(ipr, kind)]
