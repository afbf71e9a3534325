"""DNS as the options of DHCPv6 and router advertisements carry it."""

from __future__ import annotations

from hostagent.network.plan.network import NetworkPlan


def wire_name(name: str) -> bytes:
    """Labels with their lengths, and the empty one at the end (RFC 1035, 3.1)."""
    labels = [label.encode("ascii") for label in name.rstrip(".").split(".")]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def resolvers6(plan: NetworkPlan) -> list[str]:
    """The DNS servers that the machines of a network with an IPv6 part are told of by IPv6."""
    assert plan.ipv6 is not None
    return [plan.ipv6.service_address] if plan.has_names else plan.resolvers(6)
