"""Asks the wire: who answers ARP for an address, and is there a DHCP server?"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Callable
from typing import TypeVar

from hostagent.network.wire.frames import (
    UNSPECIFIED,
    arp_answer_from,
    arp_request,
    dhcp_discover,
    dhcp_offer_from,
    dhcp_release,
)

_ETH_P_ALL = 0x0003
_FRAME_MAX_BYTES = 65_535
_T = TypeVar("_T")


def _raw_socket(interface: str) -> socket.socket:
    handle = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
    try:
        handle.bind((interface, _ETH_P_ALL))
        handle.setblocking(False)
    except OSError:
        handle.close()
        raise
    return handle


async def _ask(
    interface: str, question: bytes, read: Callable[[bytes], _T | None], timeout_s: float
) -> _T | None:
    """Send `question` and return the first answer that `read` accepts, or None in time."""
    loop = asyncio.get_running_loop()
    with _raw_socket(interface) as handle:
        handle.send(question)
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    found = read(await loop.sock_recv(handle, _FRAME_MAX_BYTES))
                    if found is not None:
                        return found
        except TimeoutError:
            return None


async def answers_arp(interface: str, mac: str, target: str, timeout_s: float) -> str | None:
    """The MAC that answers for `target` on the wire of `interface`, or None."""
    return await _ask(
        interface,
        arp_request(mac, UNSPECIFIED, target),
        lambda frame: arp_answer_from(frame, target),
        timeout_s,
    )


async def offers_dhcp(interface: str, mac: str, timeout_s: float) -> str | None:
    """The address of a DHCP server that answers on the wire of `interface`, or None."""
    transaction = secrets.randbits(32)
    return await _ask(
        interface,
        dhcp_discover(mac, transaction),
        lambda frame: dhcp_offer_from(frame, transaction),
        timeout_s,
    )


def send_frame(link: str, frame: bytes) -> None:
    """Put a frame on a link. Raises OSError."""
    with _raw_socket(link) as handle:
        handle.send(frame)


def send_release(link: str, mac: str, address: str, server_mac: str, server: str) -> None:
    """Give a lease back to the DHCP server at the other end of `link`."""
    send_frame(link, dhcp_release(mac, address, server_mac, server))
