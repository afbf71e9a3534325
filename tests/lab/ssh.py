"""Commands in guests, by SSH: it needs neither the service nor the agent, but the network."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ANSWER_S = 20


def make_key(folder: Path) -> Path:
    """A new key pair; the public one has the same name with .pub."""
    key = folder / "guest-key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    return key


@dataclass(frozen=True)
class GuestShell:
    """Parameters: `enter` is a command that leads to where the guest's `address` is reached."""

    enter: Sequence[str]
    address: str
    key: Path

    async def run(self, command: str, timeout_s: float = 60.0) -> str:
        """What a shell command printed in the guest. Raises AssertionError when it failed."""
        done = await self.attempt(command, timeout_s)
        assert done.returncode == 0, f"{command}: {done.returncode} {done.stdout}{done.stderr}"
        return done.stdout

    async def succeeds(self, command: str, timeout_s: float = 60.0) -> bool:
        """Whether a shell command ends well in the guest."""
        done = await self.attempt(command, timeout_s)
        assert done.returncode != 255, f"no way into the guest: {done.stderr}"
        return done.returncode == 0

    async def is_up(self, within_s: float) -> None:
        """Wait until the guest lets us in."""
        async with asyncio.timeout(within_s):
            while (await self.attempt("true")).returncode != 0:
                await asyncio.sleep(0.5)

    async def attempt(
        self, command: str, timeout_s: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a shell command in the guest; 255 is SSH's own failure."""
        options = [
            "BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null",
            "LogLevel=ERROR", "IdentitiesOnly=yes", f"ConnectTimeout={ANSWER_S}",
        ]  # fmt: skip
        words = [word for option in options for word in ("-o", option)]
        return await asyncio.to_thread(
            subprocess.run,
            [*self.enter, "ssh", "-F", "none", *words, "-i", self.key, f"root@{self.address}",
             command],
            capture_output=True, text=True, check=False, timeout=timeout_s,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
