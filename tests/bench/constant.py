"""The service's own HTTP server with an application that answers a constant: the upper limit.

python -m tests.bench.constant --state-dir DIR --size BYTES; prints its port, ends with its input.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import uvloop
from starlette.types import Receive, Scope, Send

from appliance.api.server import ApiServer
from appliance.hosts.ca import CertificateAuthority, local_names


class Constant:
    """The process, as benchmarks use it."""

    def __init__(self, state: Path, size_bytes: int) -> None:
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.bench.constant"),
                *("--state-dir", str(state), "--size", str(size_bytes)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        self.pid = self._process.pid

    def stop(self) -> None:
        """End it."""
        self._process.communicate(timeout=30)


async def serve(state: Path, size_bytes: int) -> None:
    """Serve until the input ends."""
    body = b"x" * size_bytes
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    authority = CertificateAuthority.load_or_create(state / "service" / "ca", socket.gethostname())
    chain, key = authority.server_files(*local_names())
    server = ApiServer(app, chain, key, host="127.0.0.1", port=0)
    await server.start()
    print(server.port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop()


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--size", type=int, required=True)
    options = parser.parse_args()
    uvloop.install()
    asyncio.run(serve(options.state_dir, options.size))


if __name__ == "__main__":
    main()
