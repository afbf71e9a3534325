"""Listens on every link of a namespace to what VXLAN tunnels carry, until its input ends.

Then it prints each inner frame once as hex, one a line. Started by `Overlay.tap`.
"""

from __future__ import annotations

import select
import socket
import sys

_ETH_P_ALL = 0x0003
_VXLAN_PORT = 4789
_INNER_AT = 14 + 20 + 8 + 8  # Ethernet, IPv4 without options, UDP, VXLAN


def inner_of(frame: bytes) -> bytes | None:
    """The frame in a VXLAN packet, None for anything else."""
    is_udp = frame[12:14] == b"\x08\x00" and frame[14] == 0x45 and frame[23] == socket.IPPROTO_UDP
    if not is_udp or int.from_bytes(frame[36:38]) != _VXLAN_PORT:
        return None
    return frame[_INNER_AT:]


def main() -> None:
    """Listen, then tell."""
    seen: dict[bytes, None] = {}
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL)) as handle:
        print("ready", flush=True)
        while True:
            ready, _, _ = select.select([handle, sys.stdin], [], [])
            if handle in ready:
                inner = inner_of(handle.recv(65_535))
                if inner is not None:
                    seen[inner] = None
            elif not sys.stdin.readline():
                break
    for frame in seen:
        print(frame.hex())


if __name__ == "__main__":
    main()
