"""Runs in a guest: takes an address by DHCP, pings the gateway, then sends frames as they are.

Arguments: the gateway, how many times to send each frame, and the frames as hex.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time

_NIC = "eth0"
_LINK_WITHIN_S = 20


def main() -> None:
    """Speak the truth first, then send what we were given."""
    gateway, times, *frames = sys.argv[1:]
    subprocess.run(["modprobe", "virtio_net"], check=True)
    end = time.monotonic() + _LINK_WITHIN_S
    while _NIC not in {name for _, name in socket.if_nameindex()} and time.monotonic() < end:
        time.sleep(0.1)
    subprocess.run(["sysctl", "-qw", f"net.ipv6.conf.{_NIC}.disable_ipv6=1"], check=True)
    subprocess.run(["ip", "link", "set", _NIC, "up"], check=True)
    script = "/tmp/lease"
    with open(script, "w") as file:  # noqa: PTH123
        file.write('#!/bin/sh\n[ "$1" = bound ] && ip addr add "$ip/$mask" dev "$interface"\n')
    subprocess.run(["chmod", "+x", script], check=True)
    client = ["busybox", "udhcpc", "-i", _NIC, "-n", "-q", "-f", "-T", "1", "-t", "10"]
    subprocess.run([*client, "-s", script], check=True)
    subprocess.run(["busybox", "ping", "-c1", "-W5", gateway], check=True)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as handle:
        handle.bind((_NIC, 0))
        for frame in frames * int(times):
            handle.send(bytes.fromhex(frame))
    time.sleep(0.5)  # the last one is on its way


if __name__ == "__main__":
    main()
