"""What a guest reads at its start: keys, user data, host name. Checked before it is kept.

Headers of user data: https://cloudinit.readthedocs.io/en/latest/explanation/format.html, and what
cloudbase-init (Windows) and Ignition (CoreOS) read.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from itertools import pairwise

from appliance.protocol.errors import InvalidInput
from appliance.protocol.guests import USER_DATA_MAX_BYTES

# What unpacks to more is no user data, but made to hurt.
UNPACKED_MAX_BYTES = 1024**2
GZIP = b"\x1f\x8b"
HEADERS = (
    *(b"#cloud-config", b"#!", b"#include", b"#cloud-boothook", b"#part-handler"),
    *(b"## template: jinja", b"Content-Type:", b"MIME-Version:"),
    *(b"#ps1", b"<powershell>", b"<script>", b"rem cmd", b"{"),
)
SHOWN_HEADERS = "#cloud-config, #!, #include, MIME, #ps1, {"
LONGEST_SHOWN = 40
KEY_TYPE = re.compile(r"(ssh-(ed25519|rsa|dss)|ecdsa-sha2-nistp(256|384|521)|sk-(ssh|ecdsa)-\S+)")
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)


def user_data_bytes(text: str) -> bytes:
    """What the guest gets: the text, or what it says in base64."""
    return _decoded(text) or text.encode()


def checked_user_data(text: str) -> str:
    """The text as it is kept; raises InvalidInput naming what is wrong with it."""
    if not text:
        return ""
    content = user_data_bytes(text)
    size_bytes = max(len(content), len(text.encode()))
    if size_bytes > USER_DATA_MAX_BYTES:
        raise InvalidInput(
            "guest.user_data_too_large",
            field="user_data",
            size_bytes=size_bytes,
            largest_bytes=USER_DATA_MAX_BYTES,
        )
    if content.startswith(GZIP):
        content = _unpacked(content)
    if not content.lower().startswith(tuple(header.lower() for header in HEADERS)):
        first = content[:LONGEST_SHOWN].decode(errors="replace").partition("\n")[0]
        shown = "".join(letter for letter in first if letter.isprintable())
        raise InvalidInput(
            "guest.user_data_unknown", field="user_data", value=shown, choices=SHOWN_HEADERS
        )
    return text


def checked_keys(text: str) -> str:
    """SSH public keys, one a line; raises InvalidInput naming the line that is none."""
    lines = [line.strip() for line in text.strip().splitlines()]
    for number, line in enumerate(lines, 1):
        if not line or line.startswith("#"):
            continue
        if "PRIVATE KEY" in line:
            raise InvalidInput("guest.private_key", field="ssh_public_key")
        if not _is_key(line):
            raise InvalidInput("guest.bad_key", field="ssh_public_key", line=number)
    return "\n".join(lines)


def checked_host_name(text: str) -> str:
    """A host name, one label (RFC 1123); raises InvalidInput."""
    name = text.strip().lower()
    if name and not LABEL.fullmatch(name):
        raise InvalidInput("guest.bad_hostname", field="hostname", value=text[:LONGEST_SHOWN])
    return name


def _is_key(line: str) -> bool:
    """Whether a line has a key: its type, which the key's own first bytes name as well."""
    words = line.split()
    for kind, body in pairwise(words):  # options may stand before
        if KEY_TYPE.fullmatch(kind):
            try:
                content = base64.b64decode(body, validate=True)
            except binascii.Error:
                return False
            size = int.from_bytes(content[:4], "big")
            return content[4 : 4 + size] == kind.encode()
    return False


def _decoded(text: str) -> bytes | None:
    """What a text says in base64; None if it is none that makes sense here."""
    packed = "".join(text.split())
    if len(packed) % 4 or not packed:
        return None
    try:
        content = base64.b64decode(packed, validate=True)
    except binascii.Error:
        return None
    return content if content.startswith((GZIP, *HEADERS)) else None


def _unpacked(content: bytes) -> bytes:
    unpack = zlib.decompressobj(wbits=31)
    try:
        found = unpack.decompress(content, UNPACKED_MAX_BYTES)
    except zlib.error as error:
        raise InvalidInput("guest.user_data_bad_gzip", field="user_data") from error
    if unpack.unconsumed_tail:
        raise InvalidInput(
            "guest.user_data_too_large",
            field="user_data",
            size_bytes=len(found),
            largest_bytes=UNPACKED_MAX_BYTES,
        )
    if not unpack.eof:
        raise InvalidInput("guest.user_data_bad_gzip", field="user_data")
    return found
