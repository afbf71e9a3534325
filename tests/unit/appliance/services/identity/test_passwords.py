"""Passwords: how they are kept, which are too weak, and how set-up codes look."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.protocol.errors import InvalidInput
from appliance.protocol.messages import render
from appliance.services.identity.passwords import (
    CODE_LETTERS,
    COMMON,
    Passwords,
    check_strength,
    new_setup_code,
    normal_code,
)

WEAK = {
    "short": ["", "1234567", "short"],
    "common": ["PASSWORD", "aaaaaaaa", "abababab", *sorted(COMMON - {"administrator"})],
    "account": ["my-admin-pass", "xxadminxx", "ADMINistration"],
}


async def test_what_is_kept_is_argon2id_with_a_salt_and_enough_memory() -> None:
    passwords = Passwords()
    kept = [await passwords.hash("correct horse") for _ in range(2)]
    assert kept[0] != kept[1]
    assert all(text.startswith("$argon2id$v=19$m=65536,t=3,p=4$") for text in kept)


async def test_only_the_right_password_matches() -> None:
    passwords = Passwords()
    kept = await passwords.hash("密码 correct horse")
    assert await passwords.matches(kept, "密码 correct horse")
    for wrong in ("密码 correct horse ", "密码 correct hors", "", "CORRECT"):
        assert not await passwords.matches(kept, wrong)


@pytest.mark.parametrize("kept", [None, "", "no hash", "$argon2id$v=19$m=1"])
async def test_nothing_matches_where_no_password_is_kept(kept: str | None) -> None:
    assert not await Passwords().matches(kept, "")


@pytest.mark.parametrize(
    ("reason", "password"), [(reason, item) for reason, items in WEAK.items() for item in items]
)
def test_weak_passwords_are_refused_with_a_reason(reason: str, password: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_strength(password, "admin", field="password")
    assert (caught.value.code, caught.value.field) == (
        f"session.weak_password_{reason}",
        "password",
    )


@pytest.mark.parametrize("password", ["short", "password", "my-admin-pass"])
def test_the_reason_is_given_in_either_language(password: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_strength(password, "admin", field="password")
    chinese = render(caught.value.code, caught.value.params, "zh")
    words = re.sub(r"\b(admin|\d+)\b", "", chinese.message + chinese.remedy, flags=re.ASCII)
    assert not re.search("[A-Za-z{]", words)
    assert "{" not in render(caught.value.code, caught.value.params, "en").message
    assert password not in str(dict(caught.value.params))


@pytest.mark.parametrize(
    "password", ["Tr0ub4dor", "correct horse", "长城长江黄河泰山", "x" * 6 + "yz"]
)
def test_others_are_taken(password: str) -> None:
    check_strength(password, "admin", field="password")


def test_setup_codes_are_easy_to_read_and_never_the_same() -> None:
    codes = {new_setup_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(re.fullmatch(r"([A-Z2-9]{4}-){3}[A-Z2-9]{4}", code) for code in codes)
    assert not set("01IO") & set("".join(codes))
    assert len(set(CODE_LETTERS)) == 32  # 16 of them are 80 bits


@given(
    st.text(CODE_LETTERS, min_size=16, max_size=16), st.sampled_from(["", " ", "-", " - ", "\t"])
)
def test_codes_may_be_typed_in_any_way(letters: str, gap: str) -> None:
    groups = [letters[start : start + 4] for start in range(0, 16, 4)]
    assert normal_code(gap.join(groups).lower()) == "-".join(groups)


@given(st.text(max_size=80))
def test_any_text_can_be_tried_as_code(text: str) -> None:
    assert normal_code(normal_code(text)) == normal_code(text)
