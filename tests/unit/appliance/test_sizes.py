"""Sizes as people type them."""

from __future__ import annotations

import pytest

from appliance.protocol.sizes import parse_size

GIB = 1024**3


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("4GiB", 4 * GIB),
        ("4gib", 4 * GIB),
        ("4G", 4 * GIB),
        ("4GB", 4 * GIB),
        ("4Gi", 4 * GIB),
        ("4 GiB", 4 * GIB),
        ("1.5T", 1536 * GIB),
        ("512M", 512 * 1024**2),
        ("1K", 1024),
        ("0", 0),
        ("10b", 10),
        (" 1073741824 ", GIB),
    ],
)
def test_sizes(text: str, size_bytes: int) -> None:
    assert parse_size(text) == size_bytes


@pytest.mark.parametrize("text", ["", "G", "-1", "1X", "1,5G", "1.5.5G", "GiB4", "1e3"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="is no size; write it like 4GiB"):
        parse_size(text)


def test_half_bytes_do_not_exist() -> None:
    with pytest.raises(ValueError, match="no whole number"):
        parse_size("0.3K")
