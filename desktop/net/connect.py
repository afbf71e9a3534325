"""Finding an appliance and logging in to it: what the login window calls. Network thread only.

The certificate is trusted on first use: `probe` reads its fingerprint without sending anything
secret, the user agrees, and from then on only that certificate is accepted.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from appliance.client import Client
from appliance.client import probe as client_probe
from appliance.protocol import resources as r
from desktop.texts import translate

DEFAULT_PORT = 8443


class BadAddress(ValueError):
    """What was typed is no address of an appliance; the text says why."""


@dataclass(frozen=True)
class Endpoint:
    """Where an appliance listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The address with scheme and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}:{self.port}"

    @property
    def key(self) -> str:
        """`host:port`, under which the pin is kept."""
        return f"{self.host}:{self.port}"


def parse_address(text: str) -> Endpoint:
    """The endpoint for what a user types: `10.0.0.5`, `cloud.example:8443`, or a whole URL.

    Raises BadAddress when it is none of these.
    """
    text = text.strip()
    if not text:
        raise BadAddress(translate("Login", "Type the address of the appliance."))
    if "://" not in text:
        text = "https://" + text
    try:
        parts = urlsplit(text)
        port = parts.port or DEFAULT_PORT
    except ValueError:
        raise BadAddress(translate("Login", "The port must be a number up to 65535.")) from None
    if parts.scheme != "https":
        raise BadAddress(translate("Login", "Only https addresses are used."))
    if not parts.hostname or " " in parts.hostname:
        raise BadAddress(translate("Login", "This is no address."))
    return Endpoint(parts.hostname, port)


def readable(fingerprint: str) -> str:
    """A fingerprint in groups of four, which people can compare."""
    upper = fingerprint.upper()
    return " ".join(upper[place : place + 4] for place in range(0, len(upper), 4))


def plain(fingerprint: str) -> str:
    """A fingerprint as typed by people, as plain lower-case hex."""
    return "".join(char for char in fingerprint.lower() if char in "0123456789abcdef")


async def probe(endpoint: Endpoint) -> str:
    """The fingerprint of the appliance's certificate authority; nothing secret is sent.

    It is the number that the appliance itself shows, so people can compare the two.
    """
    return (await client_probe(endpoint.url)).fingerprint


async def open_client(endpoint: Endpoint, fingerprint: str) -> tuple[Client, r.Info]:
    """A client that accepts only this certificate, and what the appliance says of itself."""
    client = Client(endpoint.url, fingerprint=fingerprint)
    try:
        info = await client.check_version()
    except BaseException:
        await client.close()
        raise
    return client, info


async def login(client: Client, account: str, password: str) -> r.Session:
    """Log in; the client uses the session from then on."""
    return await client.login(account, password)


async def set_first_password(client: Client, setup_code: str, password: str) -> r.Session:
    """Set the first administrator's password with the set-up code, and log in."""
    return await client.set_first_password(setup_code, password)
