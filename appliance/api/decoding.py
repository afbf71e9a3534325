"""From the wire to request structs, with errors that name the field, the value, the remedy."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from appliance.protocol.errors import ApiError, InvalidInput

MAX_BODY_BYTES = 1024**2
_PATH = re.compile(r" - at `\$\.?(.*)`$")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*?)`")
_MISSING = re.compile(r"Object missing required field `(.*?)`")


def decode(body: bytes, kind: type[Any]) -> Any:
    """The request in a JSON body; an empty body is a request without fields.

    Raises InvalidInput.
    """
    try:
        msgspec.json.decode(body or b"{}")
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise _field_error(str(error), body) from error
    except RecursionError as error:
        raise InvalidInput("request.malformed", reason="nested too deeply") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput("request.malformed", reason=str(error)) from error


def _field_error(text: str, body: bytes) -> ApiError:
    place = _PATH.search(text)
    path = place.group(1) if place else ""
    reason = text[: place.start()] if place else text
    if found := _UNKNOWN.search(text):
        name = _join(path, found.group(1))
        return InvalidInput("request.unknown_field", field=name, name=name)
    if found := _MISSING.search(text):
        name = _join(path, found.group(1))
        return InvalidInput("request.missing_field", field=name, name=name)
    return InvalidInput(
        "request.bad_value", field=path or None, name=path, value=_value(body, path), reason=reason
    )


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _value(body: bytes, path: str) -> str:
    """The value at `path`, shortened, so that the error can show it; passwords are not shown."""
    if path.endswith("password"):
        return "…"
    value: Any = msgspec.json.decode(body or b"{}")
    for part in re.findall(r"[^.\[\]]+", path):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            break
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else text[:57] + "…"
