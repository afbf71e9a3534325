"""The catalogue is complete, and errors survive their way to a client."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from appliance.protocol import errors as e
from appliance.protocol.ids import is_id, new_id
from appliance.protocol.messages import render, size
from appliance.protocol.operations import OPERATIONS
from appliance.protocol.resources import JobState, VmState
from appliance.protocol.texts_errors import ERRORS
from appliance.protocol.texts_words import WORDS

ROOT = Path(__file__).parents[3]
RAISED = re.compile(
    r"(?:InvalidInput|Unauthenticated|Forbidden|NotFound|Conflict|NoResources|Unavailable|"
    r'Internal|TooManyRequests)\(\s*"([a-z_.]+)"'
)


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_both_languages_name_the_same_parameters(code: str) -> None:
    message_en, remedy_en, message_zh, remedy_zh = ERRORS[code]
    names = [
        set(re.findall(r"{(\w+)}", a + b))
        for a, b in ((message_en, remedy_en), (message_zh, remedy_zh))
    ]
    assert names[0] == names[1]
    assert all(ERRORS[code])


def test_every_code_that_is_raised_has_a_text() -> None:
    raised = {
        code
        for path in (ROOT / "appliance").rglob("*.py")
        for code in RAISED.findall(path.read_text(encoding="utf-8"))
    }
    assert len(raised) > 40
    assert raised - set(ERRORS) == set()


def test_states_and_jobs_have_words() -> None:
    expected = {f"vm.state.{state}" for state in VmState}
    expected |= {f"job.state.{state}" for state in JobState}
    expected |= {f"operation.{name}" for name, spec in OPERATIONS.items() if spec.kind == "job"}
    assert expected - set(WORDS) == set()


def test_an_error_comes_back_as_it_was_raised() -> None:
    error = e.NoResources("network.no_address", field="network_id", name="n", total=3)
    body = e.to_body(error)
    back = e.from_body(409, body)
    assert (back.code, back.field, dict(back.params)) == (error.code, error.field, error.params)
    assert "n" in body.message
    assert body.remedy


def test_texts_appear_even_if_a_parameter_is_missing_or_the_code_is_new() -> None:
    assert "{total}" in render("network.no_address", {"name": "x"}, "en").message
    assert "future.code" in render("future.code", {"a": 1}, "zh").message


def test_sizes_are_readable() -> None:
    assert [size(n) for n in (0, 1023, 1536, 5 * 1024**3)] == ["0 B", "1023 B", "1.5 KiB", "5 GiB"]


def test_ids_sort_by_time_and_are_recognised() -> None:
    first = new_id()
    assert is_id(first)
    assert not is_id("x" * 36)
    assert first[:8] <= new_id()[:8]


def test_codes_among_the_parameters_become_words() -> None:
    params = {"name": "web", "state": "running", "action": "start", "allowed": "error, stopped"}
    text = render("vm.wrong_state", params, "zh")
    assert text.message == "云主机 web 当前为运行中，不能执行启动云主机。"
    assert text.remedy == "仅在错误、已停止状态下可用。"
    assert "no image x" in render("resource.not_found", {"kind": "image", "id": "x"}, "en").message
