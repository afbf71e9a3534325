"""Everything that turns values into words: translations, errors, states, sizes and times."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale

from appliance.protocol import messages
from appliance.protocol.errors import ApiError, ErrorBody
from appliance.protocol.messages import Language, Text
from appliance.protocol.resources import Waiting

translate = QCoreApplication.translate
"""`translate("Context", "English text")`; both literals, so that lupdate finds them."""

_language: Language = "en"


def language() -> Language:
    """The language of the client."""
    return _language


def set_language(value: Language) -> None:
    """Use `value` for words of the service and for dates and numbers."""
    global _language
    _language = value
    territory = QLocale(QLocale.Language.Chinese) if value == "zh" else QLocale("en_GB")
    QLocale.setDefault(territory)


def word(key: str) -> str:
    """The word for a state, step, kind or operation of the service."""
    return messages.word(key, _language)


def waiting(value: Waiting) -> str:
    """What a job waits for, in the user's language."""
    return messages.sentence(value.code, value.params, _language)


def sentence(code: str, params: dict[str, str]) -> str:
    """A sentence of the service, such as a step of a trace."""
    return messages.sentence(code, params, _language)


def error_text(error: BaseException | ErrorBody) -> Text:
    """What happened and why, and what to do, for any error: never a traceback."""
    if isinstance(error, ErrorBody):
        return messages.render(error.code, error.params, _language)
    if isinstance(error, ApiError):
        return messages.render(error.code, _shown(error.params), _language)
    if isinstance(error, asyncio.TimeoutError | TimeoutError):
        return Text(
            translate("Errors", "The service did not answer in time."),
            translate("Errors", "Check the network and try again."),
        )
    if isinstance(error, OSError):
        reason = error.strerror or str(error) or type(error).__name__
        return Text(
            translate("Errors", "The connection failed: {reason}.").format(reason=reason),
            translate("Errors", "Check the address, the network, and that the service runs."),
        )
    return Text(
        translate("Errors", "Something unexpected happened in the client: {reason}.").format(
            reason=str(error) or type(error).__name__
        ),
        translate("Errors", "Try again. If it happens again, send the details to support."),
    )


def _shown(params: Mapping[str, Any]) -> Mapping[str, Any]:
    return dict(params)


def size(value_bytes: float) -> str:
    """A size in bytes for people: `1.5 GiB`, at most three significant digits."""
    amount = float(value_bytes)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(amount) < 1023.5 or unit == "TiB":
            digits = 0 if amount == int(amount) or amount >= 100 else 1
            return f"{amount:.{digits}f} {unit}"
        amount /= 1024
    raise AssertionError("unreachable")


def number(value: int) -> str:
    """A number with the separators of the locale."""
    return QLocale().toString(value)


def cpus(count: int) -> str:
    """How many CPUs, in the number that the language asks for: `1 CPU`, `2 CPUs`."""
    words = translate("Units", "{n} CPU") if count == 1 else translate("Units", "{n} CPUs")
    return words.format(n=number(count))


def percent(part: float, whole: float) -> str:
    """`part` of `whole` in per cent; a dash if there is no whole."""
    return f"{100 * part / whole:.0f} %" if whole else "–"


def moment(value: datetime | None) -> str:
    """A time in the locale and time zone of this machine; a dash for None."""
    if value is None:
        return "–"
    local = QDateTime.fromMSecsSinceEpoch(int(value.timestamp() * 1000))
    return QLocale().toString(local, "yyyy-MM-dd HH:mm:ss")


def minute(value: datetime | None) -> str:
    """A time to the minute, for tables."""
    return moment(value)[:16]


def since(value: datetime | None, now: datetime | None = None) -> str:
    """How long ago, in one unit: `3 h`."""
    if value is None:
        return "–"
    seconds = max(0.0, ((now or datetime.now(UTC)) - value).total_seconds())
    return duration(seconds)


def duration(seconds: float) -> str:
    """A length of time in one unit."""
    if seconds < 60:
        return translate("Time", "{n} s").format(n=int(seconds))
    if seconds < 3600:
        return translate("Time", "{n} min").format(n=int(seconds // 60))
    if seconds < 86400:
        return translate("Time", "{n} h").format(n=int(seconds // 3600))
    return translate("Time", "{n} d").format(n=int(seconds // 86400))
