"""When the virtual environment has to change, and when it may stay."""

from __future__ import annotations

from installer.venv import Key


def test_more_than_needed_is_enough() -> None:
    present = Key("a", frozenset({"appliance", "desktop"}))

    assert present.satisfies(Key("a", frozenset({"appliance"})))
    assert not present.satisfies(Key("a", frozenset({"dev"})))


def test_other_dependencies_are_never_enough() -> None:
    assert not Key("a", frozenset({"dev"})).satisfies(Key("b", frozenset()))


def test_key_survives_its_file() -> None:
    key = Key("a", frozenset({"dev", "appliance"}))

    assert Key.from_json(key.to_json()) == key
