"""Every operation has its command, and every field of its request an option."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from appliance.cli.fields import HELP, SECRET, fields_of
from appliance.cli.generate import BY_HAND, command_of
from appliance.cli.main import app
from appliance.protocol.operations import OPERATIONS, Kind, OperationSpec

WIDE = {"COLUMNS": "250", "TERM": "dumb", "NO_COLOR": "1"}
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def help_of(*command: str) -> str:
    result = CliRunner().invoke(app, [*command, "--help"], env=WIDE)
    assert result.exit_code == 0, result.output
    return ANSI.sub("", result.output)


@pytest.mark.parametrize("spec", OPERATIONS.values(), ids=lambda spec: spec.name)
def test_every_operation_has_a_command(spec: OperationSpec) -> None:
    text = help_of(*command_of(spec))
    if spec.name not in BY_HAND:
        assert spec.summary in text


@pytest.mark.parametrize(
    "spec",
    [spec for spec in OPERATIONS.values() if spec.name not in BY_HAND],
    ids=lambda spec: spec.name,
)
def test_every_field_has_an_option(spec: OperationSpec) -> None:
    text = help_of(*command_of(spec))
    for field in fields_of(spec.request):
        if field.name in SECRET:
            assert "--password-stdin" in text
            assert f"--{field.name} " not in text
            continue
        assert field.flag in text
        assert HELP[field.name][:20] in text
    assert ("--no-wait" in text) == (spec.kind == Kind.JOB)
    assert ("--filter" in text) == (spec.verb == "list")
    assert "--json" in text


def test_commands_do_not_hide_each_other() -> None:
    commands = [command_of(spec) for spec in OPERATIONS.values()]
    assert len(set(commands)) == len(commands)


def test_flags_of_one_command_are_distinct() -> None:
    own = {"--json", "--quiet", "--lang", "--wait", "--timeout", "--yes", "--limit", "--sort"}
    for spec in OPERATIONS.values():
        flags = [flag.partition("/")[0] for item in fields_of(spec.request) for flag in item.flags]
        assert len(set(flags)) == len(flags), spec.name
        assert not own & set(flags), spec.name


def test_no_password_is_an_option() -> None:
    for command in (
        ("login",),
        ("first-password",),
        ("quickstart",),
        ("session", "change-password"),
    ):
        options = re.findall(r"--[a-z-]*password[a-z-]*", help_of(*command))
        assert set(options) <= {"--password-stdin"}
