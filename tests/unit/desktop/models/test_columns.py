"""Sort keys."""

from __future__ import annotations

from desktop.models.columns import address_key, natural


def test_numbers_in_names_sort_by_value() -> None:
    names = ["vm-10", "VM-9", "vm-1", "10", "9a", "", "vm"]
    assert sorted(names, key=natural) == ["", "9a", "10", "vm", "vm-1", "VM-9", "vm-10"]


def test_digits_of_other_scripts_are_letters() -> None:
    assert natural("vm²") == ("vm²",)


def test_addresses_sort_by_value() -> None:
    addresses = ["10.0.0.10", "–", "9.9.9.9", "10.0.0.9"]
    assert sorted(addresses, key=address_key) == ["–", "9.9.9.9", "10.0.0.9", "10.0.0.10"]
