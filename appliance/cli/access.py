"""Trust and login: `anyun login`, `logout`, `first-password`, `session change-password`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import typer

from appliance.cli.exits import Exit, Stop
from appliance.cli.kept import Known
from appliance.cli.terminal import Terminal
from appliance.client import Client, Trust, plain_fingerprint, probe
from appliance.protocol.errors import Conflict, InvalidInput, Unauthenticated
from appliance.protocol.resources import Session

DEFAULT_PORT = 8443
ADMIN = "admin"


class Ready(msgspec.Struct, kw_only=True):
    """What the service tells the programs of its own machine (`service/ready.json`)."""

    url: str
    ca_fingerprint: str
    setup_code: str | None = None


def read_ready(path: Path) -> Ready:
    """Read a ready file; raises typer.BadParameter."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Ready)
    except (OSError, msgspec.MsgspecError) as error:
        raise typer.BadParameter(str(error), param_hint="'--ready-file'") from error


def full_url(text: str) -> str:
    """`10.0.0.5` and `cloud:9443` as whole addresses; raises typer.BadParameter."""
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        port = parts.port or DEFAULT_PORT
    except ValueError as error:
        raise typer.BadParameter(f"{text}: {error}", param_hint="'URL'") from error
    if parts.scheme != "https" or not parts.hostname or parts.path not in ("", "/"):
        raise typer.BadParameter(
            f"{text} is no address of an appliance; write it like https://10.0.0.5:8443",
            param_hint="'URL'",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"https://{host}:{port}"


async def trust(terminal: Terminal, url: str, fingerprint: str | None) -> Trust:
    """The appliance's CA: pinned by `fingerprint`, known from before, or agreed to now.

    Raises Forbidden when it is another one than expected, or nobody agrees.
    """
    known = terminal.book.find(url)
    if fingerprint is not None:
        return await probe(url, expected=fingerprint)
    if known is not None:
        return await probe(url, expected=known.fingerprint)
    found = await probe(url)
    if not terminal.can_ask:
        raise Stop(terminal.text("give_fingerprint", url=url), Exit.DENIED)
    terminal.note("first_seen", url=url)
    terminal.err.print(f"  {groups(found.fingerprint)}")
    if not terminal.confirm("compare"):
        raise Stop(terminal.text("not_trusted"), Exit.DENIED)
    return found


def groups(fingerprint: str) -> str:
    """A fingerprint in groups of four, which people can compare."""
    upper = plain_fingerprint(fingerprint).upper()
    return " ".join(upper[place : place + 4] for place in range(0, len(upper), 4))


async def login(
    terminal: Terminal,
    url: str,
    *,
    fingerprint: str | None,
    account: str | None,
    password_stdin: bool,
) -> None:
    """Log in and keep the session's token and the appliance's CA."""
    found = await trust(terminal, url, fingerprint)
    async with Client(url, trust=found) as client:
        info = await client.check_version()
        if info.needs_first_password:
            raise Stop(terminal.text("first_needed", url=url), Exit.CONFLICT)
        name = account or (ADMIN if not terminal.can_ask else _ask_account(terminal))
        password = get_password(terminal, "password_prompt", from_stdin=password_stdin)
        keep(terminal, client, found, await client.login(name, password))


async def first_password(
    terminal: Terminal,
    url: str,
    *,
    fingerprint: str | None,
    setup_code: str | None,
    password_stdin: bool,
) -> None:
    """Set the first administrator's password, and log in."""
    found = await trust(terminal, url, fingerprint)
    async with Client(url, trust=found) as client:
        info = await client.check_version()
        if not info.needs_first_password:
            raise Conflict("session.setup_done")
        await set_first(
            terminal, client, found, setup_code=setup_code, password_stdin=password_stdin
        )


async def set_first(
    terminal: Terminal,
    client: Client,
    found: Trust,
    *,
    setup_code: str | None,
    password_stdin: bool,
) -> None:
    """Set the first password through `client`; a weak one may be tried again by a person."""
    code = setup_code
    if not code:
        if not terminal.can_ask:
            raise Stop(terminal.text("no_setup_code"), Exit.USAGE)
        code = typer.prompt(terminal.text("setup_code_prompt"), err=True)
    while True:
        password = get_password(
            terminal, "new_password_prompt", from_stdin=password_stdin, twice=True
        )
        try:
            session = await client.set_first_password(code, password)
        except InvalidInput as error:
            if password_stdin or not terminal.can_ask or "ANYUN_PASSWORD" in os.environ:
                raise
            terminal.show_error(error)
            continue
        keep(terminal, client, found, session)
        return


async def logout(terminal: Terminal) -> None:
    """End the session and forget it; the appliance stays trusted."""
    known = terminal.book.find(terminal.url)
    if known is None or not known.token:
        raise Unauthenticated("session.required")
    async with terminal.client() as client:
        try:
            await client.logout()
        except Unauthenticated:
            terminal.book.forget_login(known.url)  # it had ended by itself
    terminal.book.forget_login(known.url)
    terminal.note("logged_out", url=known.url)


async def change_password(terminal: Terminal, *, password_stdin: bool) -> None:
    """Change one's own password; from standard input: the old one, then the new one."""
    async with terminal.client() as client:
        old = get_password(terminal, "password_prompt", from_stdin=password_stdin, use_env=False)
        new = get_password(
            terminal, "new_password_prompt", from_stdin=password_stdin, use_env=False, twice=True
        )
        await client.call("session.change_password", old_password=old, new_password=new)
    terminal.note("password_changed")


def keep(terminal: Terminal, client: Client, found: Trust, session: Session) -> None:
    """Remember a login."""
    terminal.book.keep(
        Known(
            url=client.url,
            fingerprint=found.fingerprint,
            ca_pem=found.ca_pem,
            account=session.account.name,
            token=session.token,
        )
    )
    terminal.note("logged_in", url=client.url, account=session.account.name)


def get_password(
    terminal: Terminal,
    prompt: str,
    *,
    from_stdin: bool,
    use_env: bool = True,
    twice: bool = False,
) -> str:
    """A password: a line of standard input, ANYUN_PASSWORD, or typed without echo.

    It is never an option, because other users of the machine can see command lines.
    """
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    kept = os.environ.get("ANYUN_PASSWORD") if use_env else None
    if kept:
        return kept
    if not terminal.can_ask:
        raise Stop(terminal.text("no_password"), Exit.USAGE)
    while True:
        first = typer.prompt(terminal.text(prompt), hide_input=True, err=True)
        if not twice:
            return first
        again = typer.prompt(terminal.text("again_prompt"), hide_input=True, err=True)
        if again == first:
            return first
        terminal.note("passwords_differ")


def get_storage_key(terminal: Terminal) -> str:
    """The key of a Ceph user, which no plan keeps: ANYUN_STORAGE_KEY, or typed without echo."""
    kept = os.environ.get("ANYUN_STORAGE_KEY")
    if kept:
        return kept
    if not terminal.can_ask:
        raise Stop(terminal.text("no_storage_key"), Exit.USAGE)
    return typer.prompt(terminal.text("storage_key_prompt"), hide_input=True, err=True)


def _ask_account(terminal: Terminal) -> str:
    return typer.prompt(terminal.text("account_prompt"), default=ADMIN, err=True)
