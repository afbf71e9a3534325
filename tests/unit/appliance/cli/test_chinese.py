"""Help in Chinese: complete, with the same defaults, and only where Chinese is asked for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.text import Text
from typer import rich_utils

from appliance.cli import chinese, texts_help
from appliance.cli.fields import HELP
from appliance.cli.generate import title
from appliance.cli.main import app, build
from appliance.protocol.operations import OPERATIONS

ROOT = Path(__file__).parents[4]
HAN = re.compile(r"[\u4e00-\u9fff]")
LANGUAGES = ("ANYUN_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is changed in the library is put back after the test."""
    for name in (*texts_help.LIBRARY, "Table", "Columns"):
        monkeypatch.setattr(rich_utils, name, getattr(rich_utils, name))
    for name in LANGUAGES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def translated(library: None) -> Any:
    command = typer.main.get_command(app)
    chinese.translate(command)
    return command


def helps(command: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every text of a command's help and of those below it, and where it is."""
    yield path, command.help
    for option in (*command.params, command.get_help_option(typer.Context(command))):
        if option.help:
            yield f"{path} {option.name}", option.help
        if option.rich_help_panel:
            yield f"{path} {option.name} panel", option.rich_help_panel
    for name, below in getattr(command, "commands", {}).items():
        yield from helps(below, f"{path} {name}")


def test_every_text_of_the_help_is_chinese(translated: Any) -> None:
    found = list(helps(translated, "anyun"))
    assert len(found) > 300
    same_in_both = ("linux、windows 或 other。",)
    english = [at for at, text in found if not HAN.search(text) and text not in same_in_both]
    assert english == []


def test_every_operation_and_field_has_its_text() -> None:
    assert set(texts_help.FIELDS) == set(HELP)
    assert [name for name, spec in OPERATIONS.items() if not HAN.search(title(spec, "zh"))] == []
    assert set(texts_help.TITLES) <= set(OPERATIONS)


def test_no_text_is_left_over(translated: Any) -> None:
    english = {text for _, text in helps(typer.main.get_command(app), "anyun")}
    assert set(texts_help.HELP) <= english
    assert set(texts_help.PANELS) <= english


def test_defaults_are_the_same_in_both_languages(translated: Any) -> None:
    english = dict(helps(typer.main.get_command(app), "anyun"))
    for at, text in helps(translated, "anyun"):
        default = re.search(r"\[default: (.*)\]", english[at])
        shown = re.search(r"\[默认：(.*)\]", text)
        assert (default is None) == (shown is None), at
        if default and shown and not HAN.search(shown[1]):
            assert default[1] == shown[1], at
    assert dict(helps(translated, "anyun"))["anyun vm create start"].endswith("[默认：是]")


def test_markup_leaves_every_bracket_to_be_seen(translated: Any) -> None:
    for command in (translated, typer.main.get_command(app)):
        for at, text in helps(command, "anyun"):
            plain = Text.from_markup(text).plain
            assert plain.count("[") == text.count("[") - 2 * text.count("[bold]"), at


@pytest.mark.parametrize(
    ("environment", "arguments", "is_chinese"),
    [
        ({"LANG": "zh_CN.UTF-8"}, ["vm", "--help"], True),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_TW.UTF-8"}, ["vm", "--help"], True),
        ({"LANG": "C", "ANYUN_LANG": "zh"}, ["vm", "--help"], True),
        ({"LANG": "zh_CN.UTF-8", "ANYUN_LANG": "en"}, ["vm", "--help"], False),
        ({"LANG": "C"}, ["vm", "--help"], False),
        ({"LANG": "C"}, ["--lang", "zh", "vm", "--help"], True),
        ({"LANG": "C"}, ["vm", "list", "--lang=zh", "--help"], True),
        ({"LANG": "zh_CN.UTF-8"}, ["--lang", "en", "vm", "--help"], False),
        ({"LANG": "zh_CN.UTF-8"}, ["--lang"], True),
    ],
)
def test_the_environment_decides_and_an_option_wins(
    library: None,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    arguments: list[str],
    is_chinese: bool,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert bool(HAN.search(build(arguments).help)) == is_chinese


@pytest.mark.parametrize("columns", ["80", "200"])
def test_nothing_is_cut_off_on_narrow_screens(
    translated: Any,
    columns: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("TERM", "dumb")
    translated.main(args=["vm", "create", "--help"], prog_name="anyun", standalone_mode=False)
    shown = capsys.readouterr().out
    assert "…" not in shown.replace("……", "")
    assert "虚拟CPU数。" in re.sub(r"[\s│]", "", shown)


def test_the_installed_command_speaks_chinese() -> None:
    environment = {name: value for name, value in os.environ.items() if name not in LANGUAGES}
    done = subprocess.run(
        [sys.executable, "-m", "appliance.cli.main", "image", "--help"],
        cwd=ROOT,
        env=environment | {"LC_ALL": "zh_CN.UTF-8", "PYTHONUTF8": "1", "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "镜像：list, get, create" in done.stdout
    assert "从文件添加镜像" in done.stdout
    assert "显示此帮助并退出" in done.stdout
    assert "─ 命令 ─" in done.stdout


def test_questions_name_what_is_done_in_the_persons_language() -> None:
    assert title(OPERATIONS["vm.expunge"], "zh") == "彻底删除回收站中的云主机"
    assert title(OPERATIONS["vm.list"], "zh") == "列出云主机"
    assert title(OPERATIONS["vm.list"], "en") == OPERATIONS["vm.list"].summary
