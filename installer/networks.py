"""Takes away the networks that a host agent made on this machine; run after it has ended.

An agent that ends leaves networks in place for the VMs. Where the VMs have ended too, nothing
should stay. Usage, in the virtual environment: python -m installer.networks AGENT_STATE_DIR
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path


async def remove(agent_dir: Path) -> None:
    """Remove bridges, namespaces, DHCP servers and rules; the service sends them again later."""
    from hostagent.network.manager import NetworkManager

    await NetworkManager(agent_dir / "network").remove_all()


if __name__ == "__main__":
    asyncio.run(remove(Path(sys.argv[1])))
