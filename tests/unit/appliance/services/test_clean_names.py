"""A name that is refused is shown with the refusal, as far as it can be."""

from __future__ import annotations

import pytest

from appliance.protocol import messages
from appliance.protocol.errors import InvalidInput
from appliance.services.common import LONGEST_SHOWN, clean_name

FEW = LONGEST_SHOWN // 2
BLANK, UNSHOWABLE = "name.blank", "name.control_characters"


@pytest.mark.parametrize(
    ("name", "code", "shown"),
    [
        ("", BLANK, ""),
        ("  ", BLANK, "  "),
        ("\t\u3000", BLANK, "\\t\\u3000"),
        (" " * 200, BLANK, " " * LONGEST_SHOWN + "…"),
        ("a\nb", UNSHOWABLE, "a\\nb"),
        (" 机房\x1b[31m ", UNSHOWABLE, "机房\\x1b[31m"),
        ("a\u202eb", UNSHOWABLE, "a\\u202eb"),
        ("a\n" + "x" * 200, UNSHOWABLE, "a\\n" + "x" * (LONGEST_SHOWN - 2) + "…"),
        ("x" * 200 + "\x00", UNSHOWABLE, "…" + "x" * (LONGEST_SHOWN - 1) + "\\x00"),
        (
            "x" * 100 + "\x00" + "y" * 100,
            UNSHOWABLE,
            "…" + "x" * FEW + "\\x00" + "y" * (FEW - 1) + "…",
        ),
    ],
)
def test_the_refused_value_and_where(name: str, code: str, shown: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        clean_name(name)
    error = caught.value
    assert (error.code, error.field, error.params) == (code, "name", {"value": shown})
    for language in ("en", "zh"):
        text = messages.render(error.code, error.params, language)
        assert shown in text.message
        assert text.message.isprintable()


@pytest.mark.parametrize("name", ["x" * 255, "机房 一", "🐧", "'; DROP TABLE zone; --"])
def test_other_names_are_taken(name: str) -> None:
    assert clean_name(f" {name}\n") == name
