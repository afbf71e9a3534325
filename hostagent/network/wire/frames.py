"""Raw Ethernet frames for the few things that sockets cannot say: ARP questions and DHCP.

Layouts: ARP RFC 826, IPv4 RFC 791, UDP RFC 768, DHCP RFC 2131 and 2132.
"""

from __future__ import annotations

import ipaddress
import secrets
import struct

ETHERTYPE_IPV4 = 0x0800
ETHERTYPE_ARP = 0x0806
BROADCAST = b"\xff" * 6
UNSPECIFIED = "0.0.0.0"  # noqa: S104 - nothing is bound to it
_DHCP_COOKIE = b"\x63\x82\x53\x63"
_DISCOVER, _OFFER, _RELEASE = 1, 2, 7
_MESSAGE_TYPE, _SERVER_ID, _END = 53, 54, 255


def mac_bytes(mac: str) -> bytes:
    """The six octets of a MAC."""
    return bytes.fromhex(mac.replace(":", ""))


def ip_bytes(address: str) -> bytes:
    """The four octets of an IPv4 address."""
    return ipaddress.IPv4Address(address).packed


def arp_request(mac: str, sender: str, target: str) -> bytes:
    """A broadcast "who has `target`"; sender 0.0.0.0 makes it a probe that claims nothing."""
    body = struct.pack("!HHBBH", 1, ETHERTYPE_IPV4, 6, 4, 1)
    body += mac_bytes(mac) + ip_bytes(sender) + bytes(6) + ip_bytes(target)
    return BROADCAST + mac_bytes(mac) + struct.pack("!H", ETHERTYPE_ARP) + body


def arp_answer_from(frame: bytes, target: str) -> str | None:
    """The MAC that answers for `target`, if `frame` is such an ARP reply."""
    if len(frame) < 42 or frame[12:14] != struct.pack("!H", ETHERTYPE_ARP):
        return None
    if frame[20:22] != b"\x00\x02" or frame[28:32] != ip_bytes(target):
        return None
    return frame[22:28].hex(":")


def _checksum(data: bytes) -> int:
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def _udp_frame(
    macs: tuple[bytes, bytes], addresses: tuple[str, str], ports: tuple[int, int], payload: bytes
) -> bytes:
    udp = struct.pack("!HHHH", *ports, 8 + len(payload), 0) + payload
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0)
    header += ip_bytes(addresses[0]) + ip_bytes(addresses[1])
    header = header[:10] + struct.pack("!H", _checksum(header)) + header[12:]
    return macs[1] + macs[0] + struct.pack("!H", ETHERTYPE_IPV4) + header + udp


def _dhcp(mac: str, transaction: int, client: str, flags: int, options: bytes) -> bytes:
    fixed = struct.pack("!BBBBIHH", 1, 1, 6, 0, transaction, 0, flags)
    fixed += ip_bytes(client) + bytes(12) + mac_bytes(mac) + bytes(10 + 64 + 128)
    return fixed + _DHCP_COOKIE + options + bytes([_END])


def dhcp_discover(mac: str, transaction: int) -> bytes:
    """A broadcast DHCPDISCOVER that asks for a broadcast answer."""
    payload = _dhcp(mac, transaction, UNSPECIFIED, 0x8000, bytes([_MESSAGE_TYPE, 1, _DISCOVER]))
    return _udp_frame(
        (mac_bytes(mac), BROADCAST), (UNSPECIFIED, "255.255.255.255"), (68, 67), payload
    )


def dhcp_release(mac: str, address: str, server_mac: str, server: str) -> bytes:
    """A DHCPRELEASE of `address` in the name of the machine that held it."""
    options = bytes([_MESSAGE_TYPE, 1, _RELEASE, _SERVER_ID, 4]) + ip_bytes(server)
    payload = _dhcp(mac, secrets.randbits(32), address, 0, options)
    return _udp_frame((mac_bytes(mac), mac_bytes(server_mac)), (address, server), (68, 67), payload)


def dhcp_offer_from(frame: bytes, transaction: int) -> str | None:
    """The address of the server, if `frame` is an answer to our DHCPDISCOVER."""
    if len(frame) < 14 + 20 + 8 + 240 or frame[12:14] != struct.pack("!H", ETHERTYPE_IPV4):
        return None
    header_size = (frame[14] & 0x0F) * 4
    udp = frame[14 + header_size :]
    if frame[23] != 17 or udp[:4] != struct.pack("!HH", 67, 68):
        return None
    if udp[12:16] != struct.pack("!I", transaction) or udp[8] != 2:
        return None
    return str(ipaddress.IPv4Address(frame[26:30]))
