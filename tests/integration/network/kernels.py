"""What the kernel that tests run on can do."""

from __future__ import annotations

import asyncio
import os

from pyroute2 import AsyncIPRoute

from hostagent.network.links.kernel import make_available


def kernel_has_vlan() -> bool:
    """Whether it can make VLAN devices (802.1Q); only root can find out."""

    async def ask() -> bool:
        async with AsyncIPRoute() as ipr:
            return await make_available(ipr, "vlan")

    return os.geteuid() == 0 and asyncio.run(ask())
