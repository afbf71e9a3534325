"""Fingerprints as people write them."""

from __future__ import annotations

import pytest

from appliance.client import Client, plain_fingerprint
from appliance.protocol.errors import InvalidInput

DIGITS = "4c69a99745903f9c5220452489a5c503186dead608dfd450903976d8faa4dd8f"


@pytest.mark.parametrize(
    "text",
    [
        DIGITS,
        DIGITS.upper(),
        ":".join(DIGITS[place : place + 2] for place in range(0, 64, 2)),
        " ".join(DIGITS[place : place + 4] for place in range(0, 64, 4)) + "\n",
    ],
)
def test_ways_to_write_it(text: str) -> None:
    assert plain_fingerprint(text) == DIGITS


@pytest.mark.parametrize("text", ["", "00", DIGITS + "0", "g" * 64])
def test_what_is_none(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        plain_fingerprint(text)
    assert caught.value.field == "fingerprint"


async def test_nothing_is_trusted_by_default() -> None:
    with pytest.raises(ValueError, match="fingerprint"):
        Client("https://10.0.0.5:8443")
