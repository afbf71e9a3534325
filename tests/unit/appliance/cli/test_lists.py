"""What is typed after `list` becomes the query of a list, and fields become columns."""

from __future__ import annotations

from typing import Any

import pytest
import typer

from appliance.cli.lists import leaves_out_recycle_bin, query_of, without_recycle_bin
from appliance.cli.show import show_list
from appliance.cli.terminal import Terminal


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ([], {}),
        (["state=running,paused"], {"state": "running,paused"}),
        (["host.name=h1", "cpu_count=2"], {"host.name": "h1", "cpu_count": "2"}),
        (["cpu_count>=2"], {"filter": "(cpu_count>=2)"}),
        (['name = "a b"'], {"filter": '(name = "a b")'}),
        (['name="a b"'], {"filter": '(name="a b")'}),
        (["state=running or cpu_count=2"], {"filter": "(state=running or cpu_count=2)"}),
        (["a = 1 or b = 2", "not c = 3"], {"filter": "(a = 1 or b = 2) and (not c = 3)"}),
        (["state=running", "state=paused"], {"state": "running", "filter": "(state=paused)"}),
        (["state"], {"filter": "(state)"}),
    ],
)
def test_conditions(typed: list[str], query: dict[str, Any]) -> None:
    assert query_of({"filter": typed}) == query


def test_other_options() -> None:
    given = {"search": "web", "sort": "-name,id", "fields": "id,name", "filter": None}
    assert query_of(given) == {"q": "web", "sort": "-name,id", "fields": "id,name"}


@pytest.mark.parametrize(
    "name", ["q", "sort", "limit", "cursor", "fields", "count", "filter", "id"]
)
def test_what_has_an_option_of_its_own_is_no_condition(name: str) -> None:
    with pytest.raises(typer.BadParameter, match="option of its own"):
        query_of({"filter": [f"{name}=x"]})


@pytest.mark.parametrize(
    ("typed", "is_left_out"),
    [
        ([], True),
        (["name=web"], True),
        (["host.state = connected"], True),
        (["name = \"state\" or name = 'a\\' state'"], True),
        (["statement = 1"], True),
        (["state=destroyed"], False),
        (["cpu_count > 1 and not state in (running)"], False),
        (["name = x", "(state = destroyed)"], False),
    ],
)
def test_the_recycle_bin_is_left_out_unless_states_are_asked_for(
    typed: list[str], is_left_out: bool
) -> None:
    query = query_of({"filter": typed})
    assert leaves_out_recycle_bin("vm.list", query) is is_left_out
    assert not leaves_out_recycle_bin("network.list", query)


def test_what_was_asked_holds_together_with_it() -> None:
    own = "not state in (destroyed,expunging)"
    assert without_recycle_bin("vm.list", {"q": "web"}) == {"q": "web", "filter": own}
    given = query_of({"filter": ["a = 1 or b = 2"]})
    assert without_recycle_bin("vm.list", given) == {"filter": f"((a = 1 or b = 2)) and {own}"}


def test_chosen_fields_are_columns(capsys: pytest.CaptureFixture[str]) -> None:
    items = [
        {"name": "web [1]", "nics": [{"address": "10.0.0.5"}, {"address": "10.0.0.6"}]},
        {"name": "db", "nics": []},
    ]
    show_list(Terminal(), items, total=2, fields="name,nics.address,host_id")
    shown = capsys.readouterr().out
    assert "nics.address" in shown
    assert "web [1]" in shown
    assert "10.0.0.5, 10.0.0.6" in shown
