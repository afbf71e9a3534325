"""A view-only console lets pictures be asked for, and nothing else through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.protocol.errors import InvalidInput
from appliance.services.compute.viewonly import ViewOnlyFilter

GREETING = b"RFB 003.008\n\x01\x01"
ENCODINGS = b"\x02\0\0\x02" + bytes(8)
REQUEST = b"\x03" + bytes(9)
KEY = b"\x04" + bytes(7)
POINTER = b"\x05" + bytes(5)
CUT = b"\x06\0\0\0\0\0\0\x03abc"
EXTENDED_CUT = b"\x06\0\0\0\xff\xff\xff\xfcwxyz"
QEMU_KEY = b"\xff\0" + bytes(10)
QEMU_AUDIO = b"\xff\x01\0\x02" + bytes(6)
INPUT = [KEY, POINTER, CUT, EXTENDED_CUT, QEMU_KEY, QEMU_AUDIO]


@given(
    st.lists(st.sampled_from([ENCODINGS, REQUEST, *INPUT]), max_size=12),
    st.integers(min_value=1, max_value=40),
)
def test_input_is_dropped_however_it_is_cut(messages: list[bytes], size: int) -> None:
    sent = GREETING + b"".join(messages)
    wanted = GREETING + b"".join(item for item in messages if item in (ENCODINGS, REQUEST))
    filtered = ViewOnlyFilter()
    pieces = [filtered.feed(sent[at : at + size]) for at in range(0, len(sent), size)]
    assert b"".join(pieces) == wanted


def test_what_is_no_message_ends_the_console() -> None:
    filtered = ViewOnlyFilter()
    filtered.feed(GREETING)
    with pytest.raises(InvalidInput):
        filtered.feed(b"\x63")
    with pytest.raises(InvalidInput):
        ViewOnlyFilter().feed(GREETING + b"\x06\0\0\0\x7f\xff\xff\xff")
