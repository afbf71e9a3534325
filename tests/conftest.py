"""Fixtures for every test: the switch that rewrites golden files."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--regenerate", action="store_true", help="write golden files instead of comparing them"
    )


class Golden:
    """Compares generated text with a file kept beside the golden tests."""

    def __init__(self, *, regenerate: bool) -> None:
        self._regenerate = regenerate
        self._folder = Path(__file__).parent / "golden" / "data"

    def check(self, name: str, text: str) -> None:
        """Fail if `text` differs from golden file `name`; `--regenerate` writes it instead."""
        path = self._folder / name
        if self._regenerate:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"no golden file {name}; make it with pytest --regenerate"
        assert text == path.read_text(encoding="utf-8")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    return Golden(regenerate=bool(request.config.getoption("--regenerate")))
