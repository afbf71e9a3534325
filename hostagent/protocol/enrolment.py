"""Joining: the one-time token, and what an agent without certificate may say."""

import base64
import binascii
import re

import msgspec

from hostagent.protocol.facts import HostFacts

PREFIX = "anyun1."


class BadToken(Exception):
    """The text is no join token; the message says why."""


class JoinToken(
    msgspec.Struct,
    kw_only=True,
    frozen=True,
    rename={"addresses": "a", "ca_fingerprint": "f", "secret": "s"},
):
    """Where to join, which CA to trust (SHA-256 of its certificate, hex), and the secret."""

    addresses: list[tuple[str, int]]
    ca_fingerprint: str
    secret: str

    def encode(self) -> str:
        """The token as one word."""
        return PREFIX + base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    @staticmethod
    def decode(text: str) -> "JoinToken":
        """The token in `text`. Raises BadToken."""
        word = text.strip()
        if not word.startswith(PREFIX):
            raise BadToken(f"a join token begins with {PREFIX}")
        body = word.removeprefix(PREFIX)
        try:
            raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
            token = msgspec.json.decode(raw, type=JoinToken)
        except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
            raise BadToken(f"the join token is damaged: {error}") from error
        if not re.fullmatch(r"[0-9a-f]{64}", token.ca_fingerprint) or not token.addresses:
            raise BadToken("the join token is incomplete")
        return token


class Offer(msgspec.Struct, kw_only=True, frozen=True):
    """What the service says first on a connection without client certificate."""

    ca_pem: str


class EnrolRequest(msgspec.Struct, kw_only=True, frozen=True):
    """Let me in: the secret of the token, a certificate request (PEM), and what I am."""

    secret: str
    csr_pem: str
    facts: HostFacts


class EnrolReply(msgspec.Struct, kw_only=True, frozen=True):
    """Welcome: the id of the host and its certificate (PEM); or a refusal."""

    host_id: str = ""
    certificate_pem: str = ""
    error: str = ""
