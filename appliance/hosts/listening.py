"""Where the service listens: IPv4 and IPv6 addresses, and how they are written."""

from __future__ import annotations

import socket
from ipaddress import IPv6Address, ip_address

EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 compared, not bound
BACKLOG = 1024


def listening_socket(bind: str, port: int) -> socket.socket:
    """A socket that listens at `bind`, an address or a name; `::` takes IPv4 as well.

    Raises OSError if that is not possible; with port 0 the system chooses one.
    """
    host, _, _ = bind.partition("%")
    if ":" not in host:
        return socket.create_server((bind, port), backlog=BACKLOG)
    both = host == "::" and socket.has_dualstack_ipv6()
    (_, _, _, _, place), *_ = socket.getaddrinfo(
        bind, port, socket.AF_INET6, socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    # The place keeps the interface of a link-local address, which its text alone would not.
    return socket.create_server(
        place,  # type: ignore[arg-type] typeshed knows the short form only
        family=socket.AF_INET6,
        backlog=BACKLOG,
        dualstack_ipv6=both,
    )


def local_address(bind: str) -> str:
    """Where this machine's own programs reach what listens at `bind`."""
    if bind not in EVERYWHERE:
        return bind
    return "::1" if bind == "::" and _has_loopback6() else "127.0.0.1"


def in_url(address: str) -> str:
    """An address as the host of a URL."""
    return f"[{address}]" if ":" in address else address


def plain_peer(address: str) -> str:
    """The address of a peer: IPv4 looks like IPv4 also on a socket that takes both."""
    if not address.lower().startswith("::ffff:"):
        return address
    mapped = ip_address(address)
    assert isinstance(mapped, IPv6Address)
    return str(mapped.ipv4_mapped or address)


def _has_loopback6() -> bool:
    """Some machines have IPv6 switched off on the loopback only."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False
