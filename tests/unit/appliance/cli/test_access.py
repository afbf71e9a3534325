"""Addresses and fingerprints as people type them; passwords without a terminal."""

from __future__ import annotations

import io
import sys

import pytest
import typer

from appliance.cli.access import full_url, get_password, get_storage_key, groups
from appliance.cli.exits import Exit, Stop
from appliance.cli.terminal import Terminal


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("10.0.0.5", "https://10.0.0.5:8443"),
        ("cloud:9443", "https://cloud:9443"),
        ("https://10.0.0.5:8443/", "https://10.0.0.5:8443"),
        ("https://[fd00::1]", "https://[fd00::1]:8443"),
    ],
)
def test_addresses(text: str, url: str) -> None:
    assert full_url(text) == url


@pytest.mark.parametrize("text", ["http://10.0.0.5", "", "10.0.0.5:x", "https://h/path"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        full_url(text)


def test_a_fingerprint_in_groups() -> None:
    assert groups("0a" * 32).startswith("0A0A 0A0A ")


def test_password_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("old secret \nnew\n"))
    terminal = Terminal()
    assert get_password(terminal, "password_prompt", from_stdin=True) == "old secret "
    assert get_password(terminal, "new_password_prompt", from_stdin=True) == "new"


def test_password_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANYUN_PASSWORD", "from outside")
    assert get_password(Terminal(), "password_prompt", from_stdin=False) == "from outside"


def test_nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANYUN_PASSWORD", raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    with pytest.raises(Stop, match="--password-stdin") as caught:
        get_password(Terminal(), "password_prompt", from_stdin=False)
    assert caught.value.code == Exit.USAGE


def test_the_key_of_a_storage_comes_from_the_environment_or_a_person(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    with pytest.raises(Stop) as caught:
        get_storage_key(terminal)
    assert caught.value.code == Exit.USAGE
    assert "ANYUN_STORAGE_KEY" in str(caught.value)
    monkeypatch.setenv("ANYUN_STORAGE_KEY", "QUFBQQ==")
    assert get_storage_key(terminal) == "QUFBQQ=="
