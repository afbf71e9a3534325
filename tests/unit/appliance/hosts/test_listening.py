"""Addresses to listen at: families, both at once, and how they are written."""

from __future__ import annotations

import socket

import pytest

from appliance.hosts.ca import local_names
from appliance.hosts.listening import in_url, listening_socket, local_address, plain_peer

needs_ipv6 = pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no IPv6 here")


def reaches(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), 5):
            return True
    except OSError:
        return False


@pytest.mark.parametrize(
    ("bind", "by_ipv4", "by_ipv6"),
    [
        ("127.0.0.1", True, False),
        ("localhost", True, False),
        ("0.0.0.0", True, False),
        ("", True, False),
        pytest.param("::1", False, True, marks=needs_ipv6),
        pytest.param("::", True, True, marks=needs_ipv6),
    ],
)
def test_it_listens_where_it_is_told_to(bind: str, by_ipv4: bool, by_ipv6: bool) -> None:
    with listening_socket(bind, 0) as listening:
        port = listening.getsockname()[1]
        assert reaches("127.0.0.1", port) == by_ipv4
        assert reaches("::1", port) == by_ipv6


@pytest.mark.parametrize("bind", ["192.0.2.1", "2001:db8::1", "not an address", "::1::2"])
def test_addresses_that_this_machine_does_not_have_are_refused(bind: str) -> None:
    with pytest.raises(OSError, match="Errno"):
        listening_socket(bind, 0)


@pytest.mark.parametrize(
    ("bind", "address", "host"),
    [
        ("0.0.0.0", "127.0.0.1", "127.0.0.1"),
        ("", "127.0.0.1", "127.0.0.1"),
        ("10.0.0.5", "10.0.0.5", "10.0.0.5"),
        ("::1", "::1", "[::1]"),
        ("2001:db8::5", "2001:db8::5", "[2001:db8::5]"),
        ("cloud.example", "cloud.example", "cloud.example"),
        pytest.param("::", "::1", "[::1]", marks=needs_ipv6),
    ],
)
def test_own_programs_know_where_to_go(bind: str, address: str, host: str) -> None:
    assert (local_address(bind), in_url(local_address(bind))) == (address, host)


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::FFFF:192.0.2.7", "192.0.2.7"),
        ("192.0.2.7", "192.0.2.7"),
        ("::1", "::1"),
        ("2001:db8::ffff:1", "2001:db8::ffff:1"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_peers_look_the_same_on_every_kind_of_socket(address: str, plain: str) -> None:
    assert plain_peer(address) == plain


@pytest.mark.parametrize(
    ("bind", "name", "address"),
    [
        ("0.0.0.0", None, None),
        ("::", None, None),
        ("2001:DB8::5", None, "2001:db8::5"),
        ("fe80::1%eth0", None, "fe80::1"),
        ("10.0.0.5", None, "10.0.0.5"),
        ("cloud.example", "cloud.example", None),
    ],
)
def test_the_certificate_covers_where_it_listens(
    bind: str, name: str | None, address: str | None
) -> None:
    names, addresses = local_names(bind)
    assert set(names) - {socket.gethostname(), "localhost"} == ({name} if name else set())
    assert set(addresses) - {"127.0.0.1", "::1"} == ({address} if address else set())
    assert {"127.0.0.1", "::1"} <= set(addresses)
