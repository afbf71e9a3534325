"""Turns the finished commands' help into Chinese. What has no Chinese text stays as it is."""

from __future__ import annotations

import re
from typing import Any

import typer
from rich.table import Table
from rich.text import Text
from typer import rich_utils

from appliance.cli import texts_help as zh
from appliance.cli.generate import command_of, title
from appliance.protocol.messages import word
from appliance.protocol.operations import OPERATIONS, OperationSpec

_DEFAULT = re.compile(r"^(.*?)(?: \\\[default: (.*)\])?$", re.DOTALL)


class _Folding(Table):
    """Chinese has no blanks to break lines at: long texts go on in the next line, uncut."""

    def add_row(self, *cells: Any, **options: Any) -> None:
        super().add_row(*cells, **options)
        for column in self.columns:
            column.overflow = "fold"


def _joined(parts: list[Text]) -> Text:
    """A text and its default in one piece; side by side each would be cut off by itself."""
    return Text(" ").join(parts)


def translate(root: Any) -> None:
    """Give all commands below `root`, and the library that prints their help, Chinese words.

    `root` is the click command that typer made; it and its parts have no public types.
    """
    for name, text in zh.LIBRARY.items():
        setattr(rich_utils, name, text)
    rich_utils.Table = _Folding  # type: ignore[misc]
    rich_utils.Columns = _joined  # type: ignore[misc]
    root.help = zh.ROOT
    specs = {command_of(spec): spec for spec in OPERATIONS.values()}
    _options(root, None)
    for name, command in root.commands.items():
        _command(command, (name,), specs)


def _command(command: Any, path: tuple[str, ...], specs: dict[tuple[str, ...], Any]) -> None:
    spec = specs.get(path)
    if hasattr(command, "commands"):
        command.help = _group(path[0].replace("-", "_")) or command.help
        for name, below in command.commands.items():
            _command(below, (*path, name), specs)
    elif command.help in zh.HELP:
        command.help = zh.HELP[command.help]
    elif spec is not None:
        command.help = title(spec, "zh")
    _options(command, spec)


def _group(noun: str) -> str | None:
    verbs = [spec.verb.replace("_", "-") for spec in OPERATIONS.values() if spec.noun == noun]
    if not verbs:
        return None
    text = zh.GROUPS.get(noun, zh.GROUP)
    return text.format(kind=word(f"kind.{noun}", "zh"), verbs=", ".join(verbs))


def _options(command: Any, spec: OperationSpec | None) -> None:
    fields = () if spec is None else spec.request.__struct_fields__
    own = command.get_help_option(typer.Context(command))
    for option in (*command.params, *([own] if own is not None else [])):
        text = getattr(option, "help", None)
        if text:
            option.help = _field(option.name, text) if option.name in fields else _text(text)
        panel = getattr(option, "rich_help_panel", None)
        if panel:
            option.rich_help_panel = zh.PANELS.get(panel, panel)


def _text(english: str) -> str:
    return zh.HELP.get(english, english)


def _field(name: str, english: str) -> str:
    """The help of a request's field, with its default if it has one."""
    if english in zh.HELP:
        return zh.HELP[english]
    found = _DEFAULT.match(english)
    assert found is not None
    default = found.group(2)
    text = zh.FIELDS.get(name, found.group(1))
    if default is None:
        return text
    return text + zh.DEFAULT.format(value=zh.YES_NO.get(default, default))
