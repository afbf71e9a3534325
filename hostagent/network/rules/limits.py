"""Renders the bandwidth limits of ports: what goes over one is dropped, and counted.

In nft rather than by queues on the taps: so a limit is there before its tap is, changes in the
same transaction as everything else, and needs no kernel feature that rules do not need anyway.
A limit lets a second's worth pass at once, and then its rate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hostagent.network.plan.limits import BITS_PER_BYTE
from hostagent.network.rules.groups import Counters
from hostagent.network.rules.text import chain, identifier, set_of
from hostagent.protocol.network import PortSpec

# Beyond a second's worth: two of the largest packets that a guest hands over unsegmented.
BURST_BYTES = 2 * 65_536


def limited_counter_name(tap: str) -> str:
    """Name of the counter of what went over the limits of one tap, in both directions."""
    return "limited_" + identifier(tap)


def render_limits(ports: Sequence[PortSpec], counters: Counters) -> Iterator[str]:
    """Limits, counters and chains for the bridge table; nothing if no port has a limit."""
    inbound = [(port, port.inbound_bits_per_s) for port in ports if port.inbound_bits_per_s]
    outbound = [(port, port.outbound_bits_per_s) for port in ports if port.outbound_bits_per_s]
    limited = [port for port in ports if port.inbound_bits_per_s or port.outbound_bits_per_s]
    if not limited:
        return
    for port in limited:
        name = limited_counter_name(port.tap)
        packets, size_bytes = counters.get(name, (0, 0))
        yield f"counter {name} {{ packets {packets} bytes {size_bytes} }}"
    counted = [f'"{port.tap}" : "{limited_counter_name(port.tap)}"' for port in limited]
    yield from set_of("map", "limited_counters", "ifname : counter", counted)
    # Behind anti-spoofing: what is forged uses up nothing.
    for name, side, hook, chosen in (
        ("inbound", "oifname", "postrouting priority -300", inbound),
        ("outbound", "iifname", "prerouting priority -290", outbound),
    ):
        if not chosen:
            continue
        limits = []
        for port, bits_per_s in chosen:
            limit = f"{name}_{identifier(port.tap)}"
            rate = f"{bits_per_s // BITS_PER_BYTE} bytes/second burst {BURST_BYTES} bytes"
            yield f"limit {limit} {{ rate over {rate} }}"
            limits.append(f'"{port.tap}" : "{limit}"')
        yield from set_of("map", f"{name}_limits", "ifname : limit", limits)
        over = [f"counter name {side} map @limited_counters", "drop"]
        yield from chain(f"over_{name}", over)
        yield from chain(
            f"limit_{name}",
            [f"limit name {side} map @{name}_limits goto over_{name}"],
            hook=f"type filter hook {hook}; policy accept;",
        )
