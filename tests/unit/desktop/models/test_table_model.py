"""The table model against a plain list: any changes, filters and sorts give the same rows."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtTest import QAbstractItemModelTester

from desktop.models.columns import Column, natural
from desktop.models.table_model import TableModel

UP, DOWN = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder


class Row(msgspec.Struct, frozen=True):
    """A resource with what the tests need."""

    id: str
    name: str
    size: int


def columns() -> list[Column]:
    return [
        Column(name="name", title="Name", text=lambda o: o.name, key=lambda o: natural(o.name)),
        Column(
            name="size",
            title="Size",
            text=lambda o: str(o.size),
            key=lambda o: o.size,
            is_right=True,
        ),
    ]


@pytest.fixture
def model(qapp: object) -> TableModel:
    made = TableModel(columns())
    QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal, made)
    return made


def names(model: TableModel) -> list[str]:
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def rows(count: int) -> list[Row]:
    return [Row(f"id{number}", f"vm-{number}", number % 7) for number in range(count)]


def test_shows_what_it_is_given(model: TableModel) -> None:
    model.replace(rows(3))
    assert names(model) == ["vm-0", "vm-1", "vm-2"]
    assert model.headerData(1, Qt.Orientation.Horizontal) == "Size"
    assert model.index(1, 1).data() == "1"


def test_filters_by_all_words_and_by_chip(model: TableModel) -> None:
    model.replace(rows(30))
    model.set_filter("VM 2")
    assert "vm-2" in names(model)
    assert "vm-3" not in names(model)
    model.set_filter("", lambda one: one.size == 3)
    assert names(model) == ["vm-3", "vm-10", "vm-17", "vm-24"]
    model.set_filter("id17")
    assert names(model) == ["vm-17"]
    model.set_filter("")
    assert model.rowCount() == 30


def test_a_change_moves_the_row_and_keeps_the_selection(model: TableModel) -> None:
    model.replace(rows(5))
    model.sort(1, UP)
    selection = QItemSelectionModel(model)
    flags = QItemSelectionModel.SelectionFlag
    selection.select(model.index(1, 0), flags.Select | flags.Rows)
    model.apply([Row("id1", "vm-1", 99)], [])
    assert names(model) == ["vm-0", "vm-2", "vm-3", "vm-4", "vm-1"]
    assert [one.row() for one in selection.selectedRows()] == [4]
    model.sort(1, DOWN)
    assert [one.row() for one in selection.selectedRows()] == [0]


def test_a_change_that_leaves_the_filter_hides_the_row(model: TableModel) -> None:
    model.replace(rows(5))
    model.set_filter("", lambda one: one.size < 3)
    model.apply([Row("id1", "vm-1", 9)], [])
    assert names(model) == ["vm-0", "vm-2"]
    model.apply([Row("id1", "vm-1", 0)], [])
    assert sorted(names(model)) == ["vm-0", "vm-1", "vm-2"]


@pytest.mark.parametrize("seed", range(12))
def test_random_changes_agree_with_a_plain_list(model: TableModel, seed: int) -> None:
    random_ = random.Random(seed)
    plain: dict[str, Row] = {}
    words, limit = "", 10
    sort: tuple[int, Qt.SortOrder] | None = None
    for _ in range(60):
        act = random_.choice(["put", "put", "put", "gone", "many", "sort", "filter"])
        if act == "sort":
            sort = (random_.randrange(2), random_.choice([UP, DOWN]))
            model.sort(*sort)
        elif act == "filter":
            words, limit = random_.choice(["", "1", "vm-2"]), random_.choice([4, 10])
            model.set_filter(words, (lambda one, top=limit: one.size < top) if limit < 10 else None)
        else:
            _change(model, plain, random_, act)
        _compare(model, plain, words, limit, sort)


def _change(model: TableModel, plain: dict[str, Row], random_: random.Random, act: str) -> None:
    count = 100 if act == "many" else random_.randrange(1, 6)
    if act == "gone" and plain:
        gone = random_.sample(sorted(plain), min(count, len(plain)))
        for key in gone:
            del plain[key]
        model.apply([], gone)
        return
    puts = {}
    for _ in range(count):
        number = random_.randrange(150)
        puts[f"id{number}"] = Row(f"id{number}", f"vm-{number}", random_.randrange(9))
    plain.update(puts)
    model.apply(list(puts.values()), [])


def _compare(
    model: TableModel,
    plain: dict[str, Row],
    words: str,
    limit: int,
    sort: tuple[int, Any] | None,
) -> None:
    expected = [
        one
        for one in plain.values()
        if one.size < limit
        and all(word in f"{one.name}\n{one.size}\n{one.id}" for word in words.split())
    ]
    shown = model.resources()
    assert {one.id: one for one in shown} == {one.id: one for one in expected}
    if sort is not None:
        key = columns()[sort[0]].key
        assert key is not None
        keys = [key(one) for one in shown]
        assert keys == sorted(keys, reverse=sort[1] == DOWN)
    for row, one in enumerate(shown):
        assert model.row_of(one.id) == row
