"""Sizes, times and errors for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from appliance.protocol.errors import ErrorBody, NoResources
from desktop import texts


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    texts.set_language("en")
    yield
    texts.set_language("en")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0 B"),
        (512, "512 B"),
        (1024, "1 KiB"),
        (1536 * 1024**2, "1.5 GiB"),
        (1023 * 1024**2, "1023 MiB"),
        (1024**4 * 5000, "5000 TiB"),
    ],
)
def test_sizes(value: int, shown: str) -> None:
    assert texts.size(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-5, "0 s"), (59, "59 s"), (60, "1 min"), (7200, "2 h"), (86400 * 3, "3 d")],
)
def test_how_long_ago(seconds: int, shown: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert texts.since(now - timedelta(seconds=seconds), now) == shown


def test_no_time_is_a_dash() -> None:
    assert texts.since(None) == texts.moment(None) == texts.minute(None) == "–"


def test_errors_of_the_service_speak_the_language() -> None:
    error = NoResources("storage.none")
    assert "no primary storage" in texts.error_text(error).message
    texts.set_language("zh")
    assert "主存储" in texts.error_text(error).message
    assert "主存储" in texts.error_text(ErrorBody(code="storage.none")).message


@pytest.mark.parametrize(
    "error", [ConnectionRefusedError(111, "Connection refused"), TimeoutError(), ValueError("x")]
)
def test_every_error_has_message_and_remedy(error: Exception) -> None:
    text = texts.error_text(error)
    assert text.message
    assert text.remedy
