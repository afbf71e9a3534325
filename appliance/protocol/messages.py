"""Texts of error codes, states and steps in English and Simplified Chinese.

Each error says what happened, why, and what to do. Clients render them; the service sends
codes with parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from appliance.protocol.texts_errors import ERRORS
from appliance.protocol.texts_words import WORDS

Language = Literal["en", "zh"]


@dataclass(frozen=True)
class Text:
    """A rendered error: what happened and why, and what to do about it."""

    message: str
    remedy: str


def size(value_bytes: float) -> str:
    """A size in bytes for people: `1.5 GiB`."""
    amount = float(value_bytes)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(amount) < 1024 or unit == "TiB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.4g} {unit}"
        amount /= 1024
    raise AssertionError("unreachable")


def render(code: str, params: Mapping[str, Any], language: Language) -> Text:
    """The text of `code` with `params` filled in; parameters named *_bytes are made readable."""
    shown = {
        key: size(value) if key.endswith("_bytes") and isinstance(value, int | float) else value
        for key, value in params.items()
    }
    entry = ERRORS.get(code)
    if entry is None:
        details = ", ".join(f"{key}={value}" for key, value in shown.items())
        unknown = {"en": f"Error {code}", "zh": f"错误 {code}"}[language]
        return Text(unknown + (f" ({details})" if details else ""), "")
    message, remedy = entry[0:2] if language == "en" else entry[2:4]
    filled = _Lenient({key: _in_words(key, value, language) for key, value in shown.items()})
    return Text(message.format_map(filled), remedy.format_map(filled))


# Parameters whose values are codes, and where their words are.
_CODED = {
    "kind": "kind.",
    "users": "kind.",
    "quota": "quota.",
    "state": "vm.state.",
    "allowed": "vm.state.",
    "status": "image.status.",
    "image_kind": "image.kind.",
    "volume_status": "volume.status.",
    "snapshot_status": "snapshot.status.",
    "action": "operation.vm.",
    "operation": "operation.",
    "step": "step.",
    "why": "migration.reason.",
}


def _in_words(name: str, value: Any, language: Language) -> Any:
    """Codes among the parameters as words; lists of codes item by item."""
    prefix = _CODED.get(name)
    if prefix is None or not isinstance(value, str):
        return value
    parts = [part.strip() for part in value.split(",")]
    keys = [prefix + part for part in parts]
    words = [
        word(key, language) if key in WORDS else part for key, part in zip(keys, parts, strict=True)
    ]
    return ("、" if language == "zh" else ", ").join(words)


def word(key: str, language: Language) -> str:
    """The word for a state, step, kind or operation; the key itself if there is none."""
    entry = WORDS.get(key)
    if entry is None:
        return key.rpartition(".")[2].replace("_", " ")
    return entry[0] if language == "en" else entry[1]


def sentence(code: str, params: Mapping[str, Any], language: Language) -> str:
    """A sentence among the words, such as what a job waits for, or a step of a trace."""
    filled = {key: _in_words(key, value, language) for key, value in params.items()}
    return word(code, language).format_map(_Lenient(filled))


class _Lenient(dict[str, Any]):
    """A text must appear even if a parameter is missing."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
