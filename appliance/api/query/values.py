"""What kinds of values columns have: how they are written in a query, and compared in SQL."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import peewee

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LARGEST = 2**63 - 1  # that SQLite can keep
ORDERED = frozenset({"=", ">", ">=", "<", "<=", "in", "null"})

_NUMBER = re.compile(r"-?[0-9]{1,19}(\.[0-9]{1,12})?")
_SIZE = re.compile(r"([0-9]{1,19}(?:\.[0-9]{1,6})?)\s*([KMGTP]?)I?B?", re.IGNORECASE)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5}
_OCTETS = " || '.' || ".join(f"(({{column}} >> {shift}) & 255)" for shift in (24, 16, 8, 0))


@dataclass(frozen=True)
class ValueType:
    """Parameters: `code` ends the error for what is no such value; `read` raises ValueError;
    `as_text` is SQL for what `like` compares, with {column}. A search for text with characters
    other than `alphabet`, or without `needed`, need not look there.
    """

    code: str
    read: Callable[[str], Any]
    operators: frozenset[str] = ORDERED
    as_text: str = "{column}"
    alphabet: frozenset[str] | None = None
    needed: str = ""

    def may_contain(self, text: str) -> bool:
        """Whether such a value can have `text` as a part."""
        if self.needed not in text:
            return False
        return self.alphabet is None or self.alphabet.issuperset(text.lower())


def _number(text: str) -> int | float:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return float(text) if "." in text else _fitting(int(text))


def _size(text: str) -> int | float:
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    size_bytes = Decimal(match.group(1)) * 1024 ** _POWERS[match.group(2).upper()]
    whole = int(size_bytes)
    return _fitting(whole) if whole == size_bytes else float(size_bytes)


def _fitting(number: int) -> int:
    if abs(number) > LARGEST:
        raise ValueError(number)
    return number


def _time(text: str) -> int:
    """ISO 8601; without a zone it is UTC, without a time of day the day's beginning."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - EPOCH) // timedelta(milliseconds=1)
    except OverflowError as error:
        raise ValueError(text) from error


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _address(text: str) -> int:
    return int(ipaddress.IPv4Address(text))


TEXT = ValueType("text", str, ORDERED | {"like"})
NUMBER = ValueType("number", _number)
SIZE = ValueType("size", _size)
TIME = ValueType("time", _time)
BOOLEAN = ValueType("boolean", _boolean, frozenset({"=", "in", "null"}))
MAC = ValueType("text", str, TEXT.operators, alphabet=frozenset("0123456789abcdef:"))
ADDRESS = ValueType("address", _address, TEXT.operators, _OCTETS, frozenset("0123456789."))


def _ipv6_address(text: str) -> str:
    return str(ipaddress.IPv6Address(text))


# Kept as they are written (RFC 5952); so a search for part of one looks at all of them.
IPV6_ADDRESS = ValueType(
    "ipv6_address",
    _ipv6_address,
    frozenset({"=", "in", "null", "like"}),
    alphabet=frozenset("0123456789abcdef:"),
    needed=":",
)


def addresses_with(text: str) -> list[str]:
    """All addresses that contain `text`, if it is a whole one: 10.0.0.5 is part of 10.0.0.51.

    They can be looked up, where comparing parts of texts would have to go through all rows.
    """
    try:
        first, *middle, last = str(ipaddress.IPv4Address(text)).split(".")
    except ValueError:
        return []
    octets = [str(number) for number in range(256)]
    return [
        ".".join([begin, *middle, end])
        for begin in octets
        if begin.endswith(first)
        for end in octets
        if end.startswith(last)
    ]


def type_of(field: peewee.Field, *, is_address: bool) -> ValueType | None:
    """How a column is asked for, from its type and name; None for what is kept as JSON."""
    if isinstance(field, peewee.ForeignKeyField):
        field = field.rel_field
    if is_address:
        return ADDRESS
    # Our JSON columns are texts as well, so the class itself is compared.
    if type(field) is peewee.TextField:
        return {"mac": MAC, "ipv6_address": IPV6_ADDRESS}.get(field.column_name, TEXT)
    if isinstance(field, peewee.BooleanField):
        return BOOLEAN
    if isinstance(field, peewee.FloatField):
        return NUMBER
    if isinstance(field, peewee.IntegerField):
        name = field.column_name
        if name.endswith("_bytes"):
            return SIZE
        return TIME if name == "at" or name.endswith("_at") else NUMBER
    return None
