"""Listens to what comes in by one link, with the VLAN tags that it has, until its input ends.

Then it prints each frame as hex, one a line. Argument: the link.
"""

from __future__ import annotations

import select
import socket
import struct
import sys

_ETH_P_ALL = 0x0003
# linux/if_packet.h: the kernel takes tags out of frames and tells them beside.
_SOL_PACKET, _PACKET_AUXDATA = 263, 8
_AUXDATA = struct.Struct("=IIIHHHH")  # status, length, captured, mac, net, tag, its protocol
_TAG_VALID = 0x10


def receive(handle: socket.socket) -> bytes | None:
    """A frame as it was on the wire; None for one that goes out."""
    frame, ancillary, _, sender = handle.recvmsg(65_535, socket.CMSG_SPACE(_AUXDATA.size))
    if sender[2] == socket.PACKET_OUTGOING:
        return None
    for level, kind, data in ancillary:
        if (level, kind) == (_SOL_PACKET, _PACKET_AUXDATA):
            status, *_, tag, protocol = _AUXDATA.unpack(data[: _AUXDATA.size])
            if status & _TAG_VALID:
                return frame[:12] + struct.pack("!HH", protocol or 0x8100, tag) + frame[12:]
    return frame


def main() -> None:
    """Listen, then tell."""
    seen: list[bytes] = []
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL)) as handle:
        handle.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
        handle.bind((sys.argv[1], _ETH_P_ALL))
        print("ready", flush=True)
        while True:
            ready, _, _ = select.select([handle, sys.stdin], [], [])
            if handle in ready:
                frame = receive(handle)
                if frame is not None:
                    seen.append(frame)
            elif not sys.stdin.readline():
                break
    for frame in seen:
        print(frame.hex())


if __name__ == "__main__":
    main()
