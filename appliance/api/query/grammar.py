"""The filter language: a text becomes a tree.

filter     = all { "or" all }
all        = one { "and" one }
one        = "not" one | "(" filter ")" | comparison
comparison = field ( "=" | "!=" | ">" | ">=" | "<" | "<=" ) value
           | field ["not"] "in" "(" value { "," value } ")"
           | field ["not"] "like" value
           | field "is" ["not"] "null"
field      = name { "." name }
value      = text in quotation marks, or a word without blanks
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from appliance.api.query.tokens import Sort, Token, tokens

DEEPEST = 20  # brackets and "not" within each other
MOST_COMPARISONS = 100
MOST_VALUES = 500  # in one list

_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_KEYWORDS = frozenset({"and", "or", "not", "in", "like", "is", "null"})


@dataclass(frozen=True)
class Comparison:
    """One field compared; `operator` is one of = > >= < <= in like null."""

    field: Token
    operator: str
    values: tuple[Token, ...]

    @property
    def path(self) -> tuple[str, ...]:
        """The names between the dots."""
        return tuple(self.field.value.split("."))


@dataclass(frozen=True)
class Not:
    """What must not hold."""

    part: Node


@dataclass(frozen=True)
class Both:
    """What must hold all together, or with `any` at least one of."""

    parts: tuple[Node, ...]
    any: bool = False


Node = Comparison | Not | Both


def parse(text: str) -> Node:
    """The tree of a filter; raises InvalidInput that names place, token and what was expected."""
    return _Parser(tokens(text)).filter()


class _Parser:
    def __init__(self, found: Iterable[Token]) -> None:
        self._tokens = list(found)
        self._at = 0
        self._depth = 0
        self._comparisons = 0

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def filter(self) -> Node:
        """The whole text."""
        node = self._any()
        if self._token.sort is not Sort.END:
            raise self._token.refused("query.expected_joint")
        return node

    def _any(self) -> Node:
        parts = [self._all()]
        while self._takes_word("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Both(tuple(parts), any=True)

    def _all(self) -> Node:
        parts = [self._one()]
        while self._takes_word("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _one(self) -> Node:
        start = self._token
        self._depth += 1
        if self._depth > DEEPEST:
            raise start.refused("query.too_deep", limit=DEEPEST)
        if self._takes_word("not"):
            node: Node = Not(self._one())
        elif self._takes_bracket("("):
            node = self._any()
            if not self._takes_bracket(")"):
                raise self._token.refused("query.expected_joint_or_bracket")
        else:
            node = self._comparison()
        self._depth -= 1
        return node

    def _comparison(self) -> Node:
        field = self._token
        if field.sort is not Sort.WORD or not _is_field(field.value):
            raise field.refused("query.expected_field")
        self._comparisons += 1
        if self._comparisons > MOST_COMPARISONS:
            raise field.refused("query.too_many", limit=MOST_COMPARISONS)
        self._at += 1
        if self._token.sort is Sort.OPERATOR:
            return self._by_sign(field)
        if self._takes_word("is"):
            return self._null(field)
        negated = self._takes_word("not")
        if self._takes_word("in"):
            node: Node = Comparison(field, "in", self._list())
        elif self._takes_word("like"):
            node = Comparison(field, "like", (self._value(),))
        else:
            raise self._token.refused("query.expected_operator", name=field.value)
        return Not(node) if negated else node

    def _by_sign(self, field: Token) -> Node:
        sign = self._token.value
        self._at += 1
        value = self._value()
        if sign == "!=":
            return Not(Comparison(field, "=", (value,)))
        return Comparison(field, sign, (value,))

    def _null(self, field: Token) -> Node:
        negated = self._takes_word("not")
        if not self._takes_word("null"):
            raise self._token.refused("query.expected_null")
        node = Comparison(field, "null", ())
        return Not(node) if negated else node

    def _list(self) -> tuple[Token, ...]:
        if not self._takes_bracket("("):
            raise self._token.refused("query.expected_list")
        values = [self._value()]
        while self._takes_bracket(","):
            values.append(self._value())
            if len(values) > MOST_VALUES:
                raise self._token.refused("query.too_many", limit=MOST_VALUES)
        if not self._takes_bracket(")"):
            raise self._token.refused("query.expected_list_end")
        return tuple(values)

    def _value(self) -> Token:
        token = self._token
        is_keyword = token.sort is Sort.WORD and token.value.lower() in _KEYWORDS
        if token.sort not in (Sort.TEXT, Sort.WORD) or is_keyword:
            raise token.refused("query.expected_value")
        self._at += 1
        return token

    def _takes_word(self, word: str) -> bool:
        found = self._token.is_word(word)
        self._at += found
        return found

    def _takes_bracket(self, bracket: str) -> bool:
        found = self._token.is_bracket(bracket)
        self._at += found
        return found


def _is_field(text: str) -> bool:
    return _FIELD.fullmatch(text) is not None and text.lower() not in _KEYWORDS
