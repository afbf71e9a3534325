"""For how long a guest is not heard: run in the world outside, until its input ends.

gaps.py ADDRESS. Sends an echo request every 10 ms and notes when answers come, and when requests
come that the guest itself sends. Prints the longest time without each, as JSON. ICMP: RFC 792.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import sys
import time

EVERY_S = 0.01
REQUEST, ANSWER = 8, 0


def request(number: int) -> bytes:
    """An echo request with a checksum."""
    head = struct.pack("!BBHHH", REQUEST, 0, 0, 0x616E, number & 0xFFFF)
    total = sum(struct.unpack("!4H", head))
    total = (total >> 16) + (total & 0xFFFF)
    return struct.pack("!BBHHH", REQUEST, 0, ~total & 0xFFFF, 0x616E, number & 0xFFFF)


def main() -> None:
    """Listen and ask."""
    address = sys.argv[1]
    last: dict[int, float] = {}
    longest = {REQUEST: 0.0, ANSWER: 0.0}
    heard = {REQUEST: 0, ANSWER: 0}
    sent, next_at = 0, time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as icmp:
        icmp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024**2)
        while True:
            wait_s = max(0.0, next_at - time.monotonic())
            ready, _, _ = select.select([icmp, sys.stdin], [], [], wait_s)
            if sys.stdin in ready:
                break
            if icmp in ready:
                packet, (source, _) = icmp.recvfrom(2048)
                kind, now = packet[(packet[0] & 15) * 4], time.monotonic()
                if source == address and kind in longest:
                    heard[kind] += 1
                    longest[kind] = max(longest[kind], now - last.get(kind, now))
                    last[kind] = now
            if time.monotonic() >= next_at:
                sent += 1
                next_at += EVERY_S
                icmp.sendto(request(sent), (address, 0))
    print(
        json.dumps(
            {
                "peer_ms": round(1000 * longest[ANSWER]),
                "guest_ms": round(1000 * longest[REQUEST]),
                "answers": heard[ANSWER],
                "requests": heard[REQUEST],
            }
        )
    )


if __name__ == "__main__":
    main()
