"""What people type as an address, and how fingerprints are shown."""

from __future__ import annotations

import pytest

from desktop.net.connect import BadAddress, parse_address, plain, readable


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("10.0.0.5", "https://10.0.0.5:8443"),
        (" cloud.example:9443 ", "https://cloud.example:9443"),
        ("https://10.0.0.5:8443/", "https://10.0.0.5:8443"),
        ("https://[fd00::1]:8443", "https://[fd00::1]:8443"),
    ],
)
def test_addresses(typed: str, url: str) -> None:
    assert parse_address(typed).url == url


@pytest.mark.parametrize(
    "typed", ["", "http://10.0.0.5", "a:99999", "a:b", "https://", "two words"]
)
def test_no_addresses(typed: str) -> None:
    with pytest.raises(BadAddress) as raised:
        parse_address(typed)
    assert str(raised.value)


def test_fingerprints() -> None:
    raw = "0123abcd" * 8
    assert readable(raw).startswith("0123 ABCD 0123")
    assert plain(readable(raw)) == raw
    assert plain("01:23:AB") == "0123ab"
