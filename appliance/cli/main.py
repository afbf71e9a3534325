"""The entry point of `anyun`: generated commands, and those that are written by hand."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from appliance.cli import access, generate, media, perform, watch
from appliance.cli import quickstart as quick
from appliance.cli.chinese import translate
from appliance.cli.console import console as run_console
from appliance.cli.fields import body_of, from_file
from appliance.cli.generate import JOB, OUTPUT, terminal_of
from appliance.cli.kept import Book
from appliance.cli.terminal import language_of
from appliance.protocol.requests import ImageCreate

HELP = """Anyun from the command line.

Begin with [bold]anyun login https://ADDRESS:8443[/], or on a fresh appliance with
[bold]anyun quickstart[/]. Exit codes: 0 done, 1 failed, 2 wrong usage or refused values,
3 not found, 4 state or capacity does not allow it, 5 not logged in or not allowed,
6 unreachable, 7 not done in time.
"""
DEFAULT_READY = Path("/var/lib/anyun/service/ready.json")

app = typer.Typer(
    name="anyun", help=HELP, no_args_is_help=True, rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)  # fmt: skip
groups: dict[str, typer.Typer] = {}
generate.add_commands(app, groups)

HOW = "How"
Json = Annotated[bool, typer.Option("--json", help="Print JSON.", rich_help_panel=OUTPUT)]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print ids only.", rich_help_panel=OUTPUT)
]
Lang = Annotated[
    str | None, typer.Option("--lang", help="Language: en or zh.", rich_help_panel=OUTPUT)
]
Fingerprint = Annotated[
    str | None,
    typer.Option(help="Fingerprint of the appliance's certificate authority, as it shows it."),
]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]
SetupCode = Annotated[
    str | None,
    typer.Option(envvar="ANYUN_SETUP_CODE", help="The set-up code that the appliance shows."),
]
ReadyFile = Annotated[
    Path | None,
    typer.Option(help="On the appliance itself: the service's ready.json, which has the rest."),
]
VmName = Annotated[str, typer.Argument(metavar="VM", help="Id or name.", show_default=False)]
Url = Annotated[
    str, typer.Argument(metavar="URL", help="Like https://10.0.0.5:8443.", show_default=False)
]


@app.callback()
def root(
    url: Annotated[
        str | None,
        typer.Option(envvar="ANYUN_URL", help="Another appliance than the last one logged in to."),
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(help="Why; for the audit log and the hosts' logs.", rich_help_panel=HOW),
    ] = None,
    after: Annotated[
        list[str] | None,
        typer.Option(help="Begin after this job (its id) has succeeded.", rich_help_panel=HOW),
    ] = None,
    deadline: Annotated[
        float | None,
        typer.Option(
            help="Take the job back if it is not done in so many seconds.", rich_help_panel=HOW
        ),
    ] = None,
    priority: Annotated[
        int | None,
        typer.Option(min=-10, max=10, help="Greater goes first.", rich_help_panel=HOW),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(help="Repetitions with the same key take effect once.", rich_help_panel=HOW),
    ] = None,
    if_match: Annotated[
        str | None,
        typer.Option(help="Only if the resource still has this ETag.", rich_help_panel=HOW),
    ] = None,
    lang: Lang = None,
) -> None:
    """Options before the command."""


@app.command()
def login(
    context: typer.Context,
    url: Url,
    fingerprint: Fingerprint = None,
    account: Annotated[str | None, typer.Option(help=r"Account name \[default: admin].")] = None,
    password_stdin: PasswordStdin = False,
    lang: Lang = None,
) -> None:
    """Log in; the appliance's fingerprint is shown and asked about the first time."""
    terminal = terminal_of(context, lang=lang)
    terminal.execute(
        partial(
            access.login,
            terminal,
            access.full_url(url),
            fingerprint=fingerprint,
            account=account,
            password_stdin=password_stdin,
        )
    )


@app.command()
def logout(context: typer.Context, lang: Lang = None) -> None:
    """Log out; the appliance stays trusted."""
    terminal = terminal_of(context, lang=lang)
    terminal.execute(partial(access.logout, terminal))


@app.command("first-password")
def first_password(
    context: typer.Context,
    url: Annotated[str | None, typer.Argument(metavar="[URL]", show_default=False)] = None,
    fingerprint: Fingerprint = None,
    setup_code: SetupCode = None,
    ready_file: ReadyFile = None,
    password_stdin: PasswordStdin = False,
    lang: Lang = None,
) -> None:
    """Set the first administrator's password with the set-up code, and log in."""
    terminal = terminal_of(context, lang=lang)
    place = _place(terminal.url, url, fingerprint, setup_code, ready_file)
    terminal.execute(
        partial(
            access.first_password,
            terminal,
            place.url,
            fingerprint=place.ca_fingerprint or None,
            setup_code=place.setup_code,
            password_stdin=password_stdin,
        )
    )


@groups["session"].command("change-password")
def change_password(
    context: typer.Context, password_stdin: PasswordStdin = False, lang: Lang = None
) -> None:
    """Change one's own password; --password-stdin reads the old one, then the new one."""
    terminal = terminal_of(context, lang=lang)
    terminal.execute(partial(access.change_password, terminal, password_stdin=password_stdin))


@groups["job"].command("wait")
def job_wait(
    context: typer.Context,
    jobs: Annotated[list[str], typer.Argument(metavar="JOB", help="Id.", show_default=False)],
    timeout: Annotated[
        float | None, typer.Option(help="Seconds to wait at most.", rich_help_panel=JOB)
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    lang: Lang = None,
) -> None:
    """Wait until jobs have ended, showing their progress."""
    terminal = terminal_of(context, lang=lang, as_json=as_json, quiet=quiet)
    terminal.execute(partial(perform.wait_for_jobs, terminal, jobs, timeout))


@groups["image"].command("upload")
def image_upload(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, show_default=False)],
    name: Annotated[str | None, typer.Option(help=r"Name \[default: the file's].")] = None,
    image_store: Annotated[
        str | None,
        typer.Option("--image-store", "--image-store-id", help="Needed if there are several."),
    ] = None,
    kind: Annotated[str | None, typer.Option(help="root, data or iso, if it is not clear.")] = None,
    platform: Annotated[str | None, typer.Option(help="linux, windows or other.")] = None,
    firmware: Annotated[str | None, typer.Option(help="bios, uefi or uefi_secure.")] = None,
    sha256: Annotated[str | None, typer.Option(help="Checksum that it must have.")] = None,
    description: Annotated[str | None, typer.Option(help="Description.")] = None,
    id: Annotated[str | None, typer.Option(help="Id; with it an upload can be repeated.")] = None,
    resume: Annotated[
        str | None, typer.Option(help="Go on with the upload of this image: its id or name.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    lang: Lang = None,
) -> None:
    """Add an image from a file: qcow2, raw, VMDK, VHD, VHDX, VDI, ISO or OVA, also packed."""
    terminal = terminal_of(context, lang=lang, as_json=as_json, quiet=quiet)
    typed = {
        "name": name or file.stem,
        "image_store_id": image_store or "?",
        "source": "upload",
        "kind": kind,
        "platform": platform,
        "firmware": firmware,
        "sha256": sha256,
        "description": description,
        "id": id,
    }
    body = body_of(ImageCreate, typed)
    if image_store is None:
        del body["image_store_id"]
    terminal.execute(partial(media.upload, terminal, file, body, resume))


@groups["image"].command("download")
def image_download(
    context: typer.Context,
    image: Annotated[str, typer.Argument(help="Image: id or name.", show_default=False)],
    file: Annotated[Path, typer.Argument(help="File to write.", show_default=False)],
    quiet: Quiet = False,
    lang: Lang = None,
) -> None:
    """Get the file of an image and check it; one that broke off is gone on with."""
    terminal = terminal_of(context, lang=lang, quiet=quiet)
    terminal.execute(partial(media.download, terminal, image, file))


@groups["vm"].command("screenshot")
def vm_screenshot(
    context: typer.Context,
    vm: VmName,
    file: Annotated[Path, typer.Argument(help="PNG file to write; - is standard output.")],
    lang: Lang = None,
) -> None:
    """Write a picture of a virtual machine's screen."""
    terminal = terminal_of(context, lang=lang)
    terminal.execute(partial(media.screenshot, terminal, vm, file))


@app.command()
def console(context: typer.Context, vm: VmName, lang: Lang = None) -> None:
    """Open a virtual machine's serial console here; Ctrl-] ends it."""
    terminal = terminal_of(context, lang=lang)
    terminal.execute(partial(run_console, terminal, vm))


@app.command()
def feed(
    context: typer.Context,
    since: Annotated[int | None, typer.Option(min=0, help="Begin after this number.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind, like vm.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many.")] = None,
    as_json: Json = False,
    lang: Lang = None,
) -> None:
    """Show what changes, as it changes, until Ctrl-C."""
    terminal = terminal_of(context, lang=lang, as_json=as_json)
    terminal.execute(partial(watch.watch, terminal, since=since, kinds=kind or [], count=count))


@app.command()
def quickstart(
    context: typer.Context,
    url: Annotated[
        str | None,
        typer.Option(help=r"The appliance \[default: this machine, or the last one logged in to]."),
    ] = None,
    fingerprint: Fingerprint = None,
    setup_code: SetupCode = None,
    ready_file: ReadyFile = None,
    password_stdin: PasswordStdin = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Take the proposed values.")] = False,
    image: Annotated[
        str | None, typer.Option(help="File or address of an image instead of the starter image.")
    ] = None,
    vm_name: Annotated[str, typer.Option(help="Name of the first machine.")] = quick.FIRST_VM,
    ssh_public_key: Annotated[
        str, typer.Option(help="SSH public key for it; @FILE reads it from a file.")
    ] = "",
    as_json: Json = False,
    quiet: Quiet = False,
    lang: Lang = None,
) -> None:
    """Set up a fresh appliance in seven steps and create the first virtual machine."""
    terminal = terminal_of(context, lang=lang, as_json=as_json, quiet=quiet)
    if image is not None and "://" not in image and not Path(image).expanduser().is_file():
        raise typer.BadParameter(f"there is no file {image}", param_hint="'--image'")
    place = _place(terminal.url, url, fingerprint, setup_code, ready_file)
    wishes = quick.Wishes(
        url=place.url,
        fingerprint=place.ca_fingerprint or None,
        setup_code=place.setup_code,
        password_stdin=password_stdin,
        yes=yes,
        image=image,
        vm_name=vm_name,
        ssh_public_key=_key(ssh_public_key),
    )
    terminal.execute(partial(quick.quickstart, terminal, wishes))


def _place(
    root_url: str | None,
    url: str | None,
    fingerprint: str | None,
    setup_code: str | None,
    ready_file: Path | None,
) -> access.Ready:
    """Where the appliance is: options first, then the ready file of this machine."""
    given = url or root_url
    path = ready_file or (DEFAULT_READY if given is None and _is_readable(DEFAULT_READY) else None)
    if path is not None:
        ready = access.read_ready(path)
        return access.Ready(
            url=access.full_url(given) if given else ready.url,
            ca_fingerprint=fingerprint or ready.ca_fingerprint,
            setup_code=setup_code or ready.setup_code,
        )
    known = Book().find() if given is None else None
    if known is not None:
        given = known.url
    if given is None:
        raise typer.BadParameter(
            "no appliance runs here; give its address, like https://10.0.0.5:8443",
            param_hint="'--url'",
        )
    return access.Ready(
        url=access.full_url(given), ca_fingerprint=fingerprint or "", setup_code=setup_code
    )


def _is_readable(path: Path) -> bool:
    try:
        return path.is_file()
    except PermissionError:
        return False


def _key(text: str) -> str:
    try:
        return from_file(text)
    except OSError as error:
        raise typer.BadParameter(str(error), param_hint="'--ssh-public-key'") from error


def build(arguments: Sequence[str]) -> Any:
    """The whole command, its help in the language of the environment, or of a `--lang`."""
    command = typer.main.get_command(app)
    if language_of(_asked_language(arguments)) == "zh":
        translate(command)
    return command


def _asked_language(arguments: Sequence[str]) -> str | None:
    """The help is made before the options are read, so this one is looked for by itself."""
    for place, argument in enumerate(arguments):
        if argument == "--lang":
            return next(iter(arguments[place + 1 :]), None)
        if argument.startswith("--lang="):
            return argument.removeprefix("--lang=")
    return None


def main() -> None:
    """Entry point of the command."""
    build(sys.argv[1:])()


if __name__ == "__main__":
    main()
