"""Checks the bandwidth limits of a port; what passes is safe to print into nft."""

from __future__ import annotations

from collections.abc import Iterator

from hostagent.protocol.network import LIMIT_MAX_BITS_PER_S, LIMIT_MIN_BITS_PER_S, PortSpec

BITS_PER_BYTE = 8


def limit_errors(port: PortSpec) -> Iterator[tuple[str, int, str]]:
    """Field, value and remedy of each limit that cannot be kept."""
    for field in ("inbound_bits_per_s", "outbound_bits_per_s"):
        value = getattr(port, field)
        if value is not None and not LIMIT_MIN_BITS_PER_S <= value <= LIMIT_MAX_BITS_PER_S:
            yield field, value, f"use {LIMIT_MIN_BITS_PER_S} to {LIMIT_MAX_BITS_PER_S}"
