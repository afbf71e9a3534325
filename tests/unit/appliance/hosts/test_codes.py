"""Every error code in the sources has its texts, and agents give what the texts name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from appliance.protocol.texts_errors import ERRORS
from appliance.protocol.texts_words import WORDS

ROOT = Path(__file__).parents[4]
CODE = re.compile(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z0-9]+)*")
# Calls whose first argument is an error's code; a `code` by name counts anywhere.
RAISERS = frozenset(
    {"InvalidInput", "Unauthenticated", "Forbidden", "NotFound", "Conflict", "NoResources"}
    | {"Unavailable", "Internal", "TooManyRequests", "ApiError", "ErrorBody"}
    | {"CommandFailed", "Failure", "NetworkError", "NetworkProblem", "_problem", "_warning"}
    | {"_run"}
)
# What an agent says of faults inside itself has no text of its own: the service tells them as
# `host.command_failed`, or as the caller names them, with the agent's words as the reason. That
# is also how it knows that another host may be tried.
TOLD_AS_FAULT_OF_THE_HOST = frozenset(
    {"agent.bad_parameters", "agent.internal", "agent.unknown_command"}
    | {"domain.failed", "domain.start_failed", "domain.undefine_failed", "domain.unreadable"}
    | {
        "domain.nic_busy",
        "domain.disk_busy",
        "domain.no_screenshot",
        "image.not_cached",
        "image.receive_broken",
        "image.send_broken",
        "host.no_baseline",
        "domain.would_shrink",
    }
    | {"storage.qemu_img", "volume.missing", "volume.would_shrink"}
)


@dataclass(frozen=True)
class Use:
    """A code in the sources; `given` are the parameters, None if they cannot be read there."""

    code: str
    place: str
    raiser: str
    given: frozenset[str] | None


@cache
def uses() -> list[Use]:
    """All codes of service, client and agent."""
    found: list[Use] = []
    for folder in ("appliance", "hostagent"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not path.name.startswith("texts_"):
                tree = ast.parse(path.read_text(encoding="utf-8"))
                found += _uses(tree, str(path.relative_to(ROOT)))
    return found


def _uses(tree: ast.AST, file: str) -> Iterator[Use]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = _name(node.func)
            given = None
            if all(word.arg is not None for word in node.keywords):
                given = frozenset(word.arg for word in node.keywords if word.arg) - {"field"}
            values = [word.value for word in node.keywords if word.arg == "code"]
            if name in RAISERS:
                values += node.args[1:2] if name == "_run" else node.args[:1]
            for code in _codes(values):
                yield Use(code, f"{file}:{node.lineno}", name, given)
        elif isinstance(node, ast.Assign):
            for code in _assigned(node):
                yield Use(code, f"{file}:{node.lineno}", "=", None)


def _assigned(node: ast.Assign) -> Iterator[str]:
    """`code = "…"`, and `code, message = "…", …`."""
    (target, *_) = node.targets
    pairs = [(target, node.value)]
    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
        pairs = list(zip(target.elts, node.value.elts, strict=True))
    for name, value in pairs:
        if isinstance(name, ast.Name) and name.id == "code":
            yield from _codes([value])


def _codes(values: list[ast.expr]) -> Iterator[str]:
    for value in values:
        for part in ast.walk(value):
            text = part.value if isinstance(part, ast.Constant) else None
            if isinstance(text, str) and CODE.fullmatch(text):
                yield text


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _places(code: str) -> list[str]:
    return sorted({use.place for use in uses() if use.code == code})


def codes() -> set[str]:
    return {use.code for use in uses()}


def test_the_sources_are_read() -> None:
    found = codes()
    assert len(found) > 100
    # One of each way to write it down.
    for code in (
        "session.required",  # raise Unauthenticated(…)
        "image.checksum",  # raise CommandFailed(…) over several lines
        "network.apply_failed",  # NetworkError(code=…)
        "network.gateway_silent",  # through a helper
        "network.interface_taken",  # code, message = …
        "domain.unreadable",  # self._run(…, code)
        "vm.start_failed",  # links.call(…, code=…)
        "agent.internal",  # Failure(code=…)
    ):
        assert code in found, code


def test_every_code_has_its_texts() -> None:
    # What a job waits for has a code as well; its words are among those of states.
    known = set(ERRORS) | set(WORDS) | TOLD_AS_FAULT_OF_THE_HOST
    assert {code: _places(code) for code in codes() - known} == {}


def test_what_the_service_tells_in_its_own_words_has_no_text() -> None:
    assert TOLD_AS_FAULT_OF_THE_HOST & set(ERRORS) == set()
    assert TOLD_AS_FAULT_OF_THE_HOST - codes() == set()


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_every_text_says_what_and_what_to_do_in_both_languages(code: str) -> None:
    message, remedy, message_zh, remedy_zh = ERRORS[code]
    for english in (message, remedy):
        assert re.search("[A-Za-z]", english)
        assert not re.search(r"[\u4e00-\u9fff]", english)
    for chinese in (message_zh, remedy_zh):
        assert re.search(r"[\u4e00-\u9fff]", chinese)


def test_agents_give_the_values_that_the_texts_name() -> None:
    """The service adds the host's name; the rest must come with the error."""
    short = {}
    for use in uses():
        if use.raiser == "CommandFailed" and use.given is not None and use.code in ERRORS:
            named = set(re.findall(r"{(\w+)}", "".join(ERRORS[use.code][:2])))
            if left := named - use.given - {"name"}:
                short[use.place, use.code] = left
    assert short == {}
