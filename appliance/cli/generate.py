"""A command for each operation of the protocol's table: `vm.create` is `anyun vm create`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import typer

from appliance.cli.access import get_password
from appliance.cli.fields import SECRET, body_of, fields_of
from appliance.cli.lists import query_of
from appliance.cli.names import NAMELESS
from appliance.cli.perform import Ask, perform
from appliance.cli.terminal import Terminal, language_of
from appliance.cli.texts_help import TITLES, VERBS
from appliance.client.wishes import wishes
from appliance.protocol.messages import Language, word
from appliance.protocol.operations import OPERATIONS, Kind, OperationSpec

# Operations whose commands are written by hand, because they ask for secrets, and where.
BY_HAND = {
    "session.create": ("login",),
    "session.delete": ("logout",),
    "session.set_first_password": ("first-password",),
    "session.change_password": ("session", "change-password"),
}
# These cannot be taken back, so people are asked first.
CONFIRMED = frozenset(
    {"zone.delete", "setup.remove", "vm.expunge", "image.expunge", "account.delete", "user.delete"}
    | {"snapshot.delete", "snapshot.revert", "vm.revert_snapshot"}
)
FOLLOWED = frozenset({"vm.drops"})
DEFAULT_LIMIT = 100
OUTPUT = "Output"
LIST = "Which"
JOB = "Waiting"


def command_of(spec: OperationSpec) -> tuple[str, ...]:
    """The words after `anyun` that carry out an operation."""
    own = (spec.noun.replace("_", "-"), spec.verb.replace("_", "-"))
    return BY_HAND.get(spec.name, own)


def title(spec: OperationSpec, language: Language) -> str:
    """What an operation does."""
    if language == "en":
        return spec.summary
    if spec.name in TITLES:
        return TITLES[spec.name]
    kind = word(f"kind.{spec.noun}", language)
    return VERBS[spec.verb].format(kind=kind) if spec.verb in VERBS else spec.summary


def add_commands(app: typer.Typer, groups: dict[str, typer.Typer]) -> None:
    """Add the generated commands to `app`; `groups` receives one sub-application a noun."""
    for spec in OPERATIONS.values():
        noun, *rest = command_of(spec)
        if noun not in groups and spec.name not in BY_HAND:
            groups[noun] = typer.Typer(no_args_is_help=True)
            app.add_typer(groups[noun], name=noun, help=_group_help(spec.noun))
        if spec.name not in BY_HAND:
            groups[noun].command(rest[0], help=spec.summary)(_command(spec))


def terminal_of(
    context: typer.Context,
    *,
    lang: str | None = None,
    as_json: bool = False,
    quiet: bool = False,
) -> Terminal:
    """The terminal for a command: its own options, then those before the command."""
    root = context.find_root().params
    return Terminal(
        language=language_of(lang or root.get("lang")),
        as_json=as_json,
        quiet=quiet,
        url=root.get("url"),
        wishes=wishes(
            reason=root.get("reason") or "",
            after=root.get("after") or (),
            deadline_s=root.get("deadline"),
            priority=root.get("priority") or 0,
            key=root.get("key") or "",
            if_match=root.get("if_match") or "",
        ),
    )


def output_parameters() -> list[inspect.Parameter]:
    """Options that every command has."""
    return [
        _option("as_json", bool, False, ("--json",), "Print JSON.", OUTPUT),
        _option("quiet", bool, False, ("--quiet", "-q"), "Print ids only.", OUTPUT),
        _option("lang", str | None, None, ("--lang",), "Language: en or zh.", OUTPUT, "LANG"),
    ]


def _command(spec: OperationSpec) -> Callable[..., None]:
    """The function that typer turns into the command of an operation."""

    def command(context: typer.Context, **given: Any) -> None:
        terminal = terminal_of(
            context, lang=given["lang"], as_json=given["as_json"], quiet=given["quiet"]
        )
        targets = given.get("targets") or []
        if given.get("password_stdin") is not None:
            given["password"] = get_password(
                terminal,
                "new_password_prompt",
                from_stdin=given["password_stdin"],
                use_env=False,
                twice=True,
            )
        body = body_of(spec.request, given)
        _need_change(spec, body)
        if spec.name in CONFIRMED and not given["yes"]:
            _ask_consent(terminal, spec, targets)
        ask = Ask(
            spec=spec,
            targets=[targets] if isinstance(targets, str) else targets,
            body=body,
            query=query_of(given),
            limit=None if given.get("everything") else given.get("limit"),
            wait=given.get("wait", True),
            timeout_s=given.get("timeout"),
            follow=given.get("follow", False),
        )
        terminal.execute(partial(perform, terminal, ask))

    parameters = [
        inspect.Parameter("context", _KEYWORD, annotation=typer.Context),
        *_parameters(spec),
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {item.name: item.annotation for item in parameters}
    return command


_KEYWORD = inspect.Parameter.KEYWORD_ONLY


def _parameters(spec: OperationSpec) -> list[inspect.Parameter]:
    found = []
    if "{id}" in spec.path:
        found.append(_target(spec))
    for item in fields_of(spec.request):
        found.append(_STDIN if item.name in SECRET else item.parameter())
    if spec.verb == "list":
        found += _list_parameters()
    if spec.kind == Kind.JOB:
        found += _job_parameters()
    if spec.name in FOLLOWED:
        text = "Go on with new ones, until Ctrl-C."
        found.append(_option("follow", bool, False, ("--follow", "-f"), text, OUTPUT))
    if spec.name in CONFIRMED:
        found.append(_option("yes", bool, False, ("--yes", "-y"), "Do not ask.", JOB))
    return found + output_parameters()


def _target(spec: OperationSpec) -> inspect.Parameter:
    several = spec.response is not None or spec.kind != Kind.READ
    single = spec.verb.startswith(("check_", "open_")) or spec.verb == "update"
    kind = str if single or not several else list[str]
    argument = typer.Argument(
        metavar=spec.target.upper(),
        help="Id." if spec.target in NAMELESS else "Id or name.",
        show_default=False,
    )
    return inspect.Parameter("targets", _KEYWORD, annotation=Annotated[kind, argument])


def _list_parameters() -> list[inspect.Parameter]:
    numbers = {"min": 1}
    return [
        _option("search", str | None, None, ("--search",), "Part of a name, address or id.", LIST),
        _option(
            "filter",
            list[str] | None,
            None,
            ("--filter",),
            "Like state=running,paused or 'cpu_count > 2 and host.name = h1'; may be repeated.",
            LIST,
            "CONDITION",
        ),
        _option("sort", str | None, None, ("--sort",), "FIELDs; -FIELD to reverse.", LIST),
        _option(
            "fields", str | None, None, ("--fields",), "Only these, like id,nics.address.", LIST
        ),
        _option("limit", int, DEFAULT_LIMIT, ("--limit",), "How many.", LIST, "NUMBER", numbers),
        _option("everything", bool, False, ("--all",), "All, however many there are.", LIST),
    ]


def _job_parameters() -> list[inspect.Parameter]:
    return [
        _option("wait", bool, True, ("--wait/--no-wait",), "Wait until it is done.", JOB),
        _option(
            "timeout",
            float | None,
            None,
            ("--timeout",),
            "Seconds to wait at most; the job goes on after that.",
            JOB,
            "SECONDS",
        ),
    ]


def _option(
    name: str,
    kind: Any,
    default: Any,
    flags: tuple[str, ...],
    text: str,
    panel: str | None,
    metavar: str | None = None,
    limits: dict[str, Any] | None = None,
) -> inspect.Parameter:
    option = typer.Option(
        *flags, help=text, metavar=metavar, rich_help_panel=panel, **(limits or {})
    )
    return inspect.Parameter(name, _KEYWORD, default=default, annotation=Annotated[kind, option])


def _need_change(spec: OperationSpec, body: dict[str, Any]) -> None:
    """Updating nothing is a mistake, not a success."""
    if spec.verb == "update" and not body:
        flags = ", ".join(item.flag for item in fields_of(spec.request))
        raise typer.BadParameter(f"nothing to change; give at least one of {flags}")


def _ask_consent(terminal: Terminal, spec: OperationSpec, targets: list[str]) -> None:
    what = title(spec, terminal.language)
    if not terminal.can_ask:
        raise typer.BadParameter(terminal.text("say_yes", what=what), param_hint="'--yes'")
    if not terminal.confirm("sure", what=what, names=", ".join(targets)):
        raise typer.Abort


def _group_help(noun: str) -> str:
    special = {
        "info": "What this appliance is.",
        "session": "The login.",
        "audit": "Who changed what.",
        "overview": "Figures of the whole cloud.",
        "setup": "The seven-step set-up.",
        "operation": "Operations, which are permissions as well.",
        "quota": "How much accounts may have.",
    }
    words = word(f"kind.{noun}", "en")
    verbs = ", ".join(spec.verb for spec in OPERATIONS.values() if spec.noun == noun)
    return special.get(noun, f"{words[0].upper()}{words[1:]}s: {verbs.replace('_', '-')}.")


_STDIN = _option(
    "password_stdin",
    bool,
    False,
    ("--password-stdin",),
    "Read the password from standard input.",
    None,
)
