"""Answers one HTTP request on standard input as the metadata address does, for slirp's guestfwd.

First argument: a folder with the answers, named as the path with "/" replaced by "_".
"""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """Read the request's head, write the answer."""
    path = sys.stdin.readline().split()[1]
    while sys.stdin.readline().strip():
        pass
    file = Path(sys.argv[1]) / path.strip("/").replace("/", "_")
    found = file.is_file()
    body = file.read_bytes() if found else b"not found\n"
    status = "200 OK" if found else "404 Not Found"
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    sys.stdout.buffer.write(head.encode() + body)


if __name__ == "__main__":
    main()
