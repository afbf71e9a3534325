"""The terminal of `anyun console`: no key is lost, and it is afterwards as it was before."""

from __future__ import annotations

import os
import pty
import select
import sys
import termios
from collections.abc import Iterator

import pytest

from appliance.cli.console import _raw_mode
from appliance.cli.terminal import Terminal

CTRL_C = b"\x03"


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The other end of a terminal that is our standard input."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "r") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield ours
    os.close(ours)


def typed() -> bytes:
    """What can be read without waiting."""
    file = sys.stdin.fileno()
    return os.read(file, 100) if select.select([file], [], [], 1)[0] else b""


def test_what_was_typed_too_early_arrives(keyboard: int) -> None:
    os.write(keyboard, b"\r")
    assert select.select([sys.stdin.fileno()], [], [], 5)[0], "the kernel has taken it in"
    with _raw_mode(Terminal()):
        assert typed() == b"\n"  # a terminal that is not raw yet makes a new line of Enter


def test_every_key_arrives_as_it_is(keyboard: int) -> None:
    before = termios.tcgetattr(sys.stdin)
    with _raw_mode(Terminal()):
        os.write(keyboard, CTRL_C + b"\r")
        assert typed() == CTRL_C + b"\r"
    assert termios.tcgetattr(sys.stdin) == before
