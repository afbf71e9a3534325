"""Cuts a filter into tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from appliance.protocol.errors import InvalidInput

LONGEST_FILTER = 4000  # characters
SHOWN = 40  # characters of a token in an error

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<operator>!=|>=|<=|=|>|<)
    | (?P<bracket>[(),])
    | (?P<word>[^\s"'()<>=!,]+)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"""\\(["'\\])""")


class Sort(Enum):
    """What a token is."""

    TEXT = "text"
    OPERATOR = "operator"
    BRACKET = "bracket"
    WORD = "word"
    END = "end"


@dataclass(frozen=True)
class Token:
    """A piece of a filter. `position` counts characters from 1; `raw` is as it was typed."""

    sort: Sort
    value: str
    position: int
    raw: str

    def is_word(self, word: str) -> bool:
        """Whether it is this keyword, in any case."""
        return self.sort is Sort.WORD and self.value.lower() == word

    def is_bracket(self, bracket: str) -> bool:
        """Whether it is this bracket or comma."""
        return self.sort is Sort.BRACKET and self.value == bracket

    def refused(self, code: str, **params: object) -> InvalidInput:
        """The error `code` at this place."""
        shown = self.raw if len(self.raw) <= SHOWN else self.raw[:SHOWN] + "…"
        return InvalidInput(
            code, field="filter", position=self.position, token=shown or "(end)", **params
        )


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a filter, the last one being its end; raises InvalidInput."""
    if len(text) > LONGEST_FILTER:
        raise InvalidInput("query.too_long", field="filter", limit=LONGEST_FILTER)
    at = 0
    while match := _TOKEN.match(text, at):
        sort = Sort(match.lastgroup)
        raw = match.group(sort.value)
        value = _ESCAPED.sub(r"\1", raw[1:-1]) if sort is Sort.TEXT else raw
        yield Token(sort, value, match.start(sort.value) + 1, raw)
        at = match.end()
    rest = text[at:].lstrip()
    end = Token(Sort.END, "", len(text) - len(rest) + 1, rest)
    if rest:
        code = "query.open_quote" if rest[0] in "\"'" else "query.stray_character"
        raise end.refused(code)
    yield end
