"""Asks the kernel for the number of its nft ruleset, which grows by one with each change."""

from __future__ import annotations

import os
import socket
import struct

_NETLINK_NETFILTER = 12
_GET_GENERATION = 10 << 8 | 16  # subsystem nf_tables, NFT_MSG_GETGEN
_REQUEST = 0x1
_ERROR = 0x2
_HEADER_BYTES, _FAMILY_BYTES, _ATTRIBUTE_BYTES = 16, 4, 4
_READ_BYTES = 8192
_TIMEOUT_S = 5.0


def ruleset_generation() -> int:
    """The number of the ruleset in our network namespace; raises OSError."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER) as handle:
        handle.settimeout(_TIMEOUT_S)
        header = struct.pack(
            "=IHHII", _HEADER_BYTES + _FAMILY_BYTES, _GET_GENERATION, _REQUEST, 1, 0
        )
        handle.send(header + bytes(_FAMILY_BYTES))
        data = handle.recv(_READ_BYTES)
    (kind,) = struct.unpack_from("=H", data, 4)
    if kind == _ERROR:
        (number,) = struct.unpack_from("=i", data, _HEADER_BYTES)
        raise OSError(-number, os.strerror(-number), "nft generation")
    # The first attribute is NFTA_GEN_ID.
    (generation,) = struct.unpack_from("!I", data, _HEADER_BYTES + _FAMILY_BYTES + _ATTRIBUTE_BYTES)
    return generation
