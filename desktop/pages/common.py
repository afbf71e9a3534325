"""Columns and facts that many pages have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from desktop import texts
from desktop.models.columns import Column, natural
from desktop.texts import translate


def name_column() -> Column:
    """The name, sorted so that web-9 comes before web-10."""
    return Column(
        name="name",
        title=translate("Columns", "Name"),
        text=lambda one: one.name,
        key=lambda one: natural(one.name),
        width=200,
    )


def state_column() -> Column:
    """What the administrator wants: enabled, disabled, maintenance."""
    return Column(
        name="state",
        title=translate("Columns", "State"),
        text=lambda one: texts.word(f"state.{one.state.value}"),
        state=lambda one: ("state", one.state.value),
        width=120,
    )


def status_column() -> Column:
    """What the system sees: connected or not."""
    return Column(
        name="status",
        title=translate("Columns", "Status"),
        text=lambda one: texts.word(f"status.{one.status.value}"),
        state=lambda one: ("status", one.status.value),
        width=136,
    )


def created_column() -> Column:
    """When it was made."""
    return Column(
        name="created",
        title=translate("Columns", "Created"),
        text=lambda one: texts.minute(one.created_at),
        key=lambda one: one.created_at,
        is_searched=False,
        width=144,
    )


def id_column() -> Column:
    """The id, hidden at first."""
    return Column(
        name="id",
        title=translate("Columns", "ID"),
        text=lambda one: one.id,
        is_shown=False,
        is_searched=False,
        width=288,
    )


def size_column(name: str, title: str, size_of: Callable[[Any], int], width: int = 96) -> Column:
    """A size in bytes, at the right."""
    return Column(
        name=name,
        title=title,
        text=lambda one: texts.size(size_of(one)),
        key=size_of,
        is_right=True,
        is_searched=False,
        width=width,
    )


def share_column(
    name: str,
    title: str,
    part_and_whole: Callable[[Any], tuple[float, float]],
    show: Callable[[Any], str],
    width: int = 144,
) -> Column:
    """How much of something is used: `3 / 8` over a bar. `show` makes words of a number."""

    def words(one: Any) -> str:
        part, whole = part_and_whole(one)
        return f"{show(part)} / {show(whole)}"

    def fraction(one: Any) -> float:
        return share(*part_and_whole(one))

    return Column(name=name, title=title, text=words, key=fraction, fraction=fraction, width=width)


def share(part: float, whole: float) -> float:
    """`part` of `whole`, 0 if there is no whole."""
    return part / whole if whole else 0.0


def common_facts(resource: Any) -> list[tuple[str, str]]:
    """What the details of every resource end with."""
    return [
        (translate("Columns", "Created"), texts.moment(resource.created_at)),
        (translate("Columns", "Description"), resource.description),
        (translate("Columns", "ID"), resource.id),
    ]
