"""The plainest way to have a file elsewhere: bytes over TLS, written to a disk there.

`python -m tests.bench.plain_copy serve CERT TARGET` writes what one connection after the other
brings to TARGET, has it on the disk, and answers `ok`; it prints its port first.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from pathlib import Path

CHUNK_BYTES = 1024**2
LINE_BYTES = 64 * 1024


async def serve(certificate: Path, target: Path) -> None:
    """Take files until the process is ended."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        left = int(await reader.readline())
        with target.open("wb") as file:
            while left:
                data = await reader.read(min(left, CHUNK_BYTES))
                file.write(data)
                left -= len(data)
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        writer.write(b"ok\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=tls, limit=CHUNK_BYTES)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def send(port: int, source: Path) -> None:
    """Send a file; returns when it is on the other side's disk."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    writer.write(f"{source.stat().st_size}\n".encode())
    with source.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    answer = await reader.readline()
    writer.close()
    if answer != b"ok\n":
        raise RuntimeError(f"the server said {answer!r}")


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[2]), Path(sys.argv[3])))
