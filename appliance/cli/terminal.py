"""One invocation of a command: its language, how it prints, and how it ends."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.markup import escape

from appliance.cli.exits import Stop, exit_for
from appliance.cli.kept import Book
from appliance.cli.texts import say
from appliance.client import Client, JobFailed
from appliance.protocol.errors import ApiError, Unauthenticated, to_body
from appliance.protocol.messages import Language, Text, render, word


def language_of(chosen: str | None) -> Language:
    """`chosen`, or what the environment says: ANYUN_LANG, LC_ALL, LC_MESSAGES, LANG."""
    for text in (chosen, *(os.environ.get(name) for name in _LANGUAGE_VARIABLES)):
        if text:
            return "zh" if text.lower().startswith("zh") else "en"
    return "en"


UNLIMITED = 1000
_LANGUAGE_VARIABLES = ("ANYUN_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


class Terminal:
    """Results go to standard output; progress, questions and errors to standard error."""

    def __init__(
        self,
        *,
        language: Language = "en",
        as_json: bool = False,
        quiet: bool = False,
        url: str | None = None,
        wishes: dict[str, str] | None = None,
    ) -> None:
        self.wishes = wishes or {}
        self.language: Language = language
        self.as_json = as_json
        self.quiet = quiet
        self.url = url.rstrip("/") if url else None
        # What goes to a file or a pipe is not squeezed into the width of a screen.
        width = None if sys.stdout.isatty() else UNLIMITED
        self.out = Console(highlight=False, soft_wrap=True, width=width)
        self.err = Console(stderr=True, highlight=False, soft_wrap=True)
        self.book = Book()

    # Words

    def text(self, key: str, **values: Any) -> str:
        """A text of the command line itself."""
        return say(key, self.language, **values)

    def word(self, key: str) -> str:
        """The word for a state, step or operation."""
        return word(key, self.language)

    def render(self, code: str, params: Mapping[str, Any]) -> Text:
        """The text of an error, with kinds and states in the person's words."""
        shown = dict(params)
        prefix = code.partition(".")[0]
        for name in ("kind", "users"):
            if isinstance(shown.get(name), str):
                shown[name] = self.word(f"kind.{shown[name]}")
        for name in ("state", "status", "allowed"):
            if isinstance(shown.get(name), str):
                kind = "status" if prefix == "image" else "state"
                words = shown[name].split(", ")
                shown[name] = ", ".join(self.word(f"{prefix}.{kind}.{item}") for item in words)
        if code == "vm.wrong_state":
            action = self.word(f"operation.vm.{shown.get('action')}")
            shown["action"] = action if self.language == "zh" else f'"{action}"'
        return render(code, shown, self.language)

    def note(self, key: str, **values: Any) -> None:
        """Tell the person something that is no result."""
        if not self.quiet:
            self.err.print(escape(self.text(key, **values)))

    # Results

    def print_json(self, value: Any) -> None:
        """Print a result as JSON."""
        typer.echo(msgspec.json.format(msgspec.json.encode(value)).decode())

    # Questions

    @property
    def can_ask(self) -> bool:
        """Whether a person sits there."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    def confirm(self, key: str, **values: Any) -> bool:
        """Ask yes or no."""
        return typer.confirm(self.text(key, **values), err=True)

    # The appliance

    def client(self) -> Client:
        """A client with the login that is kept, or that ANYUN_URL and ANYUN_TOKEN give.

        It asks for what the options before the command say. Raises Unauthenticated.
        """
        client = self._client()
        client.wishes = self.wishes
        return client

    def _client(self) -> Client:
        url = self.url or os.environ.get("ANYUN_URL")
        token = os.environ.get("ANYUN_TOKEN")
        pin = os.environ.get("ANYUN_FINGERPRINT")
        if url and token and pin:
            return Client(url, fingerprint=pin, token=token)
        known = self.book.find(url.rstrip("/") if url else None)
        if known is None or not (known.token or token):
            raise Unauthenticated("session.required")
        return Client(known.url, trust=known.trust, token=token or known.token)

    # The end

    def execute(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a command; errors are shown and become the exit code."""
        try:
            asyncio.run(work())
        except (ApiError, JobFailed, Stop, TimeoutError, OSError, KeyboardInterrupt) as error:
            self.show_error(error)
            raise typer.Exit(exit_for(error)) from error

    def show_error(self, error: BaseException) -> None:
        """Say what went wrong, why, and what to do."""
        shown = error.error if isinstance(error, JobFailed) else error
        if isinstance(shown, KeyboardInterrupt):
            return
        if not isinstance(shown, ApiError):
            self._print_error(str(shown) or type(shown).__name__, "")
            return
        if self.as_json:
            body = msgspec.json.encode({"error": to_body(shown)})
            typer.echo(msgspec.json.format(body).decode(), err=True)
            return
        text = self.render(shown.code, shown.params)
        remedy = text.remedy
        if shown.code == "session.required":
            remedy = self.text("log_in_first")
        self._print_error(text.message, remedy)
        if shown.request_id:
            self.err.print(f"  [dim]{self.text('request')} {escape(shown.request_id)}[/]")

    def _print_error(self, message: str, remedy: str) -> None:
        self.err.print(f"[bold red]{self.text('failed')}:[/] {escape(message)}")
        if remedy:
            self.err.print(f"  {escape(remedy)}")
