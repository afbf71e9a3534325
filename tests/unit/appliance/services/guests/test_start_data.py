"""What a guest reads at its start is checked before it is kept."""

from __future__ import annotations

import base64
import gzip
from typing import Any

import pytest

from appliance.protocol.errors import InvalidInput
from appliance.services.guests.start_data import (
    UNPACKED_MAX_BYTES,
    checked_host_name,
    checked_keys,
    checked_user_data,
    user_data_bytes,
)

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINO6Gd9npKxGVH4jE/4nq/ynod9eE2QeQKTT+PdQKpgJ me@here"
SCRIPT = "#!/bin/sh\necho hi\n"


def packed(content: bytes) -> str:
    return base64.encodebytes(gzip.compress(content)).decode()


def code_of(call: Any, *values: Any) -> tuple[str, str | None]:
    with pytest.raises(InvalidInput) as caught:
        call(*values)
    return caught.value.code, caught.value.field


@pytest.mark.parametrize(
    "text",
    [
        "",
        SCRIPT,
        "#cloud-config\nusers: []\n",
        "#Cloud-Config\n",
        "Content-Type: multipart/mixed; boundary=x\nMIME-Version: 1.0\n\n--x--\n",
        "## template: jinja\n#cloud-config\n",
        '{"ignition": {"version": "3.3.0"}}',
        "<powershell>dir</powershell>",
        packed(SCRIPT.encode()),
        base64.b64encode(SCRIPT.encode()).decode(),
    ],
)
def test_what_guests_understand_is_kept_as_it_is(text: str) -> None:
    assert checked_user_data(text) == text


def test_base64_is_for_us_and_gzip_for_the_guest() -> None:
    assert user_data_bytes(base64.b64encode(SCRIPT.encode()).decode()) == SCRIPT.encode()
    assert gzip.decompress(user_data_bytes(packed(SCRIPT.encode()))) == SCRIPT.encode()
    # What only looks like base64 is text.
    assert user_data_bytes("abcd") == b"abcd"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("echo hi", "guest.user_data_unknown"),
        ("\x00\x01", "guest.user_data_unknown"),
        (packed(b"nothing that begins well"), "guest.user_data_unknown"),
        (base64.b64encode(b"\x1f\x8bbroken").decode(), "guest.user_data_bad_gzip"),
        (base64.b64encode(gzip.compress(b"#!x")[:-6]).decode(), "guest.user_data_bad_gzip"),
        (packed(b"#!" + b"x" * UNPACKED_MAX_BYTES), "guest.user_data_too_large"),
        ("#!" + "x" * 65536, "guest.user_data_too_large"),
        ("#!" + "电" * 30000, "guest.user_data_too_large"),
    ],
)
def test_what_no_guest_could_use_is_refused(text: str, code: str) -> None:
    assert code_of(checked_user_data, text) == (code, "user_data")


def test_keys_are_lines_of_a_type_and_what_begins_with_it() -> None:
    assert checked_keys(f"\n{KEY}\r\n  # comment\n{KEY}\n") == f"{KEY}\n# comment\n{KEY}"
    assert checked_keys(f'from="10.0.0.0/8" {KEY}') == f'from="10.0.0.0/8" {KEY}'
    assert checked_keys("") == ""
    for bad in (
        "hello",
        "ssh-ed25519 AAAA",
        KEY.replace("ssh-ed25519 ", "ssh-rsa "),
        KEY.replace("AAAAC3", "*AAAC3"),
    ):
        assert code_of(checked_keys, f"{KEY}\n{bad}") == ("guest.bad_key", "ssh_public_key")
    private = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----"
    assert code_of(checked_keys, private) == ("guest.private_key", "ssh_public_key")


def test_a_host_name_is_one_label() -> None:
    assert checked_host_name(" Web-1 ") == "web-1"
    assert checked_host_name("") == ""
    for bad in ("a.b", "-a", "a-", "a_b", "x" * 64, "a b", "电"):
        assert code_of(checked_host_name, bad) == ("guest.bad_hostname", "hostname")
