"""Checks what VLAN and VXLAN networks are made with; what passes is safe to print into nft."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address

from hostagent.protocol.network import VLAN_IDS, VNIS, NetworkSpec, VxlanSpec

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_PORTS = (1, 65_535)
Wrong = tuple[str, object, str]  # field, value, remedy


def link_errors(spec: NetworkSpec) -> Iterator[Wrong]:
    """Everything wrong with tag and tunnels of a network."""
    if spec.kind == "vlan":
        if spec.vlan_id is None or not _is_in(VLAN_IDS, spec.vlan_id):
            yield "vlan_id", spec.vlan_id, f"use a tag of {VLAN_IDS[0]} to {VLAN_IDS[1]}"
    elif spec.vlan_id is not None:
        yield "vlan_id", spec.vlan_id, "only networks of kind vlan have a tag"
    if spec.kind == "vxlan":
        if spec.vxlan is None:
            yield "vxlan", None, "a network of kind vxlan needs its tunnels"
        else:
            yield from _tunnel_errors(spec.vxlan)
    elif spec.vxlan is not None:
        yield "vxlan", spec.vxlan.vni, "only networks of kind vxlan have tunnels"


def _tunnel_errors(tunnels: VxlanSpec) -> Iterator[Wrong]:
    if not _is_in(VNIS, tunnels.vni):
        yield "vni", tunnels.vni, f"use a VNI of {VNIS[0]} to {VNIS[1]}"
    if not _is_in(_PORTS, tunnels.port):
        yield "port", tunnels.port, f"use a UDP port of {_PORTS[0]} to {_PORTS[1]}"
    for field, addresses in (
        ("endpoint", [tunnels.endpoint]),
        ("peers", tunnels.peers),
        ("remote_macs", [item.endpoint for item in tunnels.remote_macs]),
    ):
        for text in addresses:
            if not _is_unicast(text):
                yield field, text, "use the IPv4 address of a host"
    if tunnels.endpoint in tunnels.peers:
        yield "peers", tunnels.endpoint, "a host is no peer of its own"
    for item in tunnels.remote_macs:
        if not _MAC.fullmatch(item.mac) or int(item.mac[:2], 16) & 1:
            yield "remote_macs", item.mac, "use a lower-case unicast MAC like 0a:00:00:00:00:01"


def _is_in(span: tuple[int, int], value: int) -> bool:
    return span[0] <= value <= span[1]


def _is_unicast(text: str) -> bool:
    try:
        address = IPv4Address(text)
    except ValueError:
        return False
    return not (address.is_multicast or address.is_unspecified or address.is_loopback)
