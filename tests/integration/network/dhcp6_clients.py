"""Real DHCPv6 clients in a guest. They keep what they know in folders that vanish with them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.network.conftest import Guest

TIMEOUT_S = "15"
_PID = "/run/dhclient.pid"
# It stays in the background, and on the port that the next client needs.
_END = (
    f"until [ -s {_PID} ]; do sleep 0.1; done; pid=$(cat {_PID}); kill $pid; "
    "while kill -0 $pid; do sleep 0.1; done"
)
# What a client does with its lease, and what a test reads of it.
_SCRIPT = """#!/bin/sh
case "$reason" in
    BOUND6|RENEW6|REBIND6) ;;
    *) exit 0 ;;
esac
address="${new_ip6_address:-$new_dhcp6_ia_na1_ia_addr1}"
ip -6 addr replace "$address/128" dev eth0 nodad
env > "$LEASE_FILE"
"""


class Dhcp6Client:
    """isc-dhcp's dhclient or dhcpcd in one guest."""

    def __init__(self, guest: Guest, folder: Path) -> None:
        self._guest = guest
        self._lease = folder / f"{guest.name}.lease6"
        self._script = folder / f"{guest.name}.sh6"
        self._script.write_text(_SCRIPT)
        self._script.chmod(0o755)

    async def dhclient(self, *, identifier: str = "LL", lease: str = "lease") -> dict[str, str]:
        """Ask with dhclient, known by an identifier of this kind; what its script was told."""
        return await self._run(
            f"dhclient -6 -1 -v -D {identifier} -sf {self._script} -lf /run/{lease} "
            f"-pf {_PID} -e LEASE_FILE={self._lease} -cf /dev/null eth0 && {_END}"
        )

    async def dhcpcd(self) -> dict[str, str]:
        """Ask with dhcpcd, which waits for a router that says so."""
        return await self._run(
            f"dhcpcd -d -6 -1 -B -o dhcp6_name_servers -t {TIMEOUT_S} "
            f"-f /dev/null -c {self._script} -e LEASE_FILE={self._lease} eth0"
        )

    async def _run(self, command: str) -> dict[str, str]:
        self._lease.unlink(missing_ok=True)
        private = "for d in /run /var/lib/dhcp /var/lib/dhcpcd; do mount -t tmpfs none $d; done"
        script = f"{private}; mkdir -p /run/dhcpcd; touch /run/lease; {command}"
        # That it gives up is for the test to judge, by the lease.
        said = await asyncio.to_thread(
            self._guest.do, "timeout", TIMEOUT_S, "sh", "-c", f"({script}) 2>&1", check=False
        )
        print(said)
        if not self._lease.exists():
            return {}
        lines = self._lease.read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)
