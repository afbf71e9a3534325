"""Both languages say the same: every text has the same values in it."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import appliance.cli
from appliance.cli.columns import COLUMNS
from appliance.cli.terminal import Terminal, language_of
from appliance.cli.texts import TEXTS
from appliance.protocol.errors import ErrorBody, from_body

SOURCES = "\n".join(
    path.read_text(encoding="utf-8")
    for path in Path(appliance.cli.__path__[0]).glob("*.py")
    if path.name != "texts.py"
)


def values_in(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", TEXTS)
def test_languages_have_the_same_values(key: str) -> None:
    english, chinese = TEXTS[key]
    assert english
    assert chinese
    assert values_in(english) == values_in(chinese)


def test_every_text_that_is_said_exists() -> None:
    said = set(re.findall(r"\.(?:text|note|confirm)\(\s*\"(\w+)\"", SOURCES))
    assert said
    assert said <= set(TEXTS)
    headings = {column.heading for columns in COLUMNS.values() for column in columns}
    assert headings <= set(TEXTS)


def test_no_text_is_left_over() -> None:
    headings = {column.heading for columns in COLUMNS.values() for column in columns}
    for key in set(TEXTS) - headings:
        stem = re.sub(r"(quick_screen|emulated)_.*", r"\1_", key)
        assert re.search(f"[\"']{stem}", SOURCES), key


@pytest.mark.parametrize(
    ("chosen", "environment", "language"),
    [
        (None, {}, "en"),
        (None, {"LANG": "zh_CN.UTF-8"}, "zh"),
        (None, {"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        (None, {"LANG": "C", "ANYUN_LANG": "zh"}, "zh"),
        ("en", {"LANG": "zh_CN.UTF-8"}, "en"),
        ("zh", {}, "zh"),
    ],
)
def test_language(
    monkeypatch: pytest.MonkeyPatch, chosen: str | None, environment: dict[str, str], language: str
) -> None:
    for name in ("ANYUN_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language_of(chosen) == language


def test_errors_speak_of_states_in_words() -> None:
    params = {"name": "web", "state": "running", "action": "start", "allowed": "error, stopped"}
    text = Terminal(language="zh").render("vm.wrong_state", params)
    assert "运行中" in text.message
    assert "启动云主机" in text.message
    assert "已停止" in text.remedy
    assert "running" not in text.message
    english = Terminal(language="en").render("resource.not_found", {"kind": "vm", "id": "x"})
    assert english.message == "There is no virtual machine x."


def test_an_error_of_the_service_names_its_request(capsys: pytest.CaptureFixture[str]) -> None:
    body = ErrorBody(code="vm.id_with_count", field="id", request_id="r-7")
    for as_json in (False, True):
        Terminal(language="en", as_json=as_json).show_error(from_body(400, body))
        assert "r-7" in capsys.readouterr().err
    Terminal(language="en").show_error(from_body(400, ErrorBody(code="vm.id_with_count")))
    assert "Request" not in capsys.readouterr().err
