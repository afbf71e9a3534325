"""What addresses and domains of networks may be: the rules that service and clients share."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_address

# Addresses that no network can have (RFC 6890).
RESERVED = tuple(
    IPv4Network(text)
    for text in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4")
)
# Where IPv6 machines are: global unicast and unique local addresses (RFC 4291, RFC 4193).
UNICAST6 = (IPv6Network("2000::/3"), IPv6Network("fc00::/7"))
DOMAIN_LENGTH = 253
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"  # RFC 1123
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


def may_be_asked(address: str) -> bool:
    """Whether an IPv4 or IPv6 address could be another machine's, as seen from a guest."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if found.version == 6:
        return not found.scope_id and any(found in space for space in UNICAST6)
    return not any(found in reserved for reserved in RESERVED)


def is_domain(name: str) -> bool:
    """Whether a text is a DNS domain: labels with dots between them."""
    return len(name) <= DOMAIN_LENGTH and _DOMAIN.fullmatch(name) is not None
