"""Proposed addressing for new networks, from what a host says of itself. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Interface, IPv4Network
from itertools import pairwise
from typing import Any

from appliance.protocol.addressing import may_be_asked
from appliance.services.networks.addresses import Span, is_reserved, parse_address, text_of
from hostagent.protocol.network import NicAddressing

PUBLIC_DNS = ["223.5.5.5", "1.1.1.1"]
LARGEST_PROPOSAL = 100
SMALLEST_PROPOSAL = 2  # one for DHCP, one for a virtual machine
SMALL_NETWORK = 32  # smaller ones are proposed up to their last address
LEFT_AT_THE_END = 4
LONGEST_PREFIX = 29


def dns_servers(resolvers: Sequence[str]) -> list[str]:
    """The host's own DNS servers if guests can ask them, else public ones."""
    return [text for text in resolvers if may_be_asked(text)] or list(PUBLIC_DNS)


def physical_proposals(
    nics: Sequence[NicAddressing], resolvers: Sequence[str], hosts: Iterable[str] = ()
) -> dict[str, dict[str, Any]]:
    """Fields of a physical network for each NIC that has room for one, by the NIC's name.

    `hosts` are addresses of all hosts as CIDR texts: none of them is proposed for guests.
    """
    known = [text.partition("/")[0] for text in hosts if ":" not in text]
    dns = dns_servers(resolvers)
    found = {}
    for nic in nics:
        proposal = _physical(nic, dns, known)
        if proposal is not None:
            found[nic.name] = proposal
    return found


def _physical(nic: NicAddressing, dns: list[str], known: list[str]) -> dict[str, Any] | None:
    network = IPv4Interface(nic.addresses[0]).network
    if not 8 <= network.prefixlen <= LONGEST_PREFIX or is_reserved(network):
        return None
    own = [text.partition("/")[0] for text in nic.addresses]
    texts = [*own, nic.gateway, *nic.in_use, *dns, *known]
    taken = {parse_address(text, field="") for text in texts if text}
    gateway = parse_address(nic.gateway, field="") if nic.gateway else 0
    if not _is_in(network, gateway):
        gateway = _guessed_gateway(network, {parse_address(text, field="") for text in own})
        taken.add(gateway)
    span = free_span(network, taken)
    if span is None:
        return None
    return {
        "kind": "physical",
        "physical_interface": nic.name,
        "cidr": str(network),
        "gateway": text_of(gateway),
        "dns": dns,
        "ranges": [{"first": text_of(span[0]), "last": text_of(span[1])}],
    }


def _guessed_gateway(network: IPv4Network, own: set[int]) -> int:
    """Where a router mostly is: at the first address, or at the last if the host has that."""
    first = int(network.network_address) + 1
    return int(network.broadcast_address) - 1 if first in own else first


def free_span(network: IPv4Network, taken: set[int]) -> Span | None:
    """The end of the largest part of a network where nothing is `taken`; None if all is small."""
    lowest, highest = int(network.network_address) + 1, int(network.broadcast_address) - 1
    if network.num_addresses >= SMALL_NETWORK:
        highest -= LEFT_AT_THE_END
    inside = sorted(number for number in taken if lowest <= number <= highest)
    edges = [lowest - 1, *inside, highest + 1]
    gaps = [(b - a - 1, a + 1, b - 1) for a, b in pairwise(edges)]
    size, first, last = max(gaps)
    if size < SMALLEST_PROPOSAL:
        return None
    return max(first, last - LARGEST_PROPOSAL + 1), last


def _is_in(network: IPv4Network, number: int) -> bool:
    return int(network.network_address) < number < int(network.broadcast_address)
