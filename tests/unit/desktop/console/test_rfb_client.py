"""The RFB client: opening, events, limits, what it sends, and any bytes at all."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop.console.rfb import events as e
from desktop.console.rfb import messages
from desktop.console.rfb.client import RfbClient, RfbOptions
from desktop.console.rfb.errors import ProtocolError, SecurityRefused
from tests.unit.desktop.console.rfb_bytes import (
    connected,
    feed_bytewise,
    opening,
    rect,
    update,
)

RECORD = Path(__file__).parent / "records"


def test_opening_by_literal_bytes() -> None:
    client = RfbClient()
    events = feed_bytewise(client, opening(8, 4))
    assert isinstance(events[0], e.Connected)
    assert events[0].name == "vm"
    encodings = [7, 6, 5, 0, 1, -223, -308, -258, -261, -257, -314, -239, -255]
    expected = (
        b"RFB 003.008\n\x01\x01"
        + struct.pack(f">BxH{len(encodings)}i", 2, len(encodings), *encodings)
        + struct.pack(">BBHHHH", 3, 0, 0, 0, 8, 4)
    )
    assert client.take_output() == expected
    assert client.take_output() == b""


def test_zrle_is_never_asked_for() -> None:
    client = RfbClient()
    client.feed(opening())
    assert struct.pack(">i", 16) not in client.take_output()[14:66]


def test_another_pixel_format_is_replaced_by_ours() -> None:
    client = RfbClient()
    other = struct.pack(">BBBBHHHBBBxxx", 16, 16, 0, 1, 31, 63, 31, 11, 5, 0)
    client.feed(opening(pf=other))
    assert client.take_output()[14:34] == messages.set_pixel_format()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"HTTP/1.1 400", "does not speak RFB"),
        (b"RFB 003.003\n", "3.8 is needed"),
        (b"RFB 003.008\n\x01\x02", "not None"),
        (b"RFB 003.008\n\x00" + struct.pack(">I", 4) + b"busy", "busy"),
        (b"RFB 003.008\n\x00" + struct.pack(">I", 1 << 31), "too long"),
        (b"RFB 003.008\n\x01\x01\x00\x00\x00\x01\x00\x00\x00\x04full", "full"),
        (opening(0, 4), "cannot be 0x4"),
        (opening(60000, 60000), "cannot be 60000x60000"),
        (opening(8, 4) + b"\x77", "unknown message 119"),
        (opening(8, 4) + update(rect(4, 0, 5, 1, 0)), "leaves the screen"),
        (opening(8, 4) + update(rect(0, 0, 1, 1, 16)), "encoding 16"),
        (opening(8, 4) + update(rect(0, 0, 600, 1, -239)), "pointer cannot be"),
        (opening(8, 4) + update(rect(0, 0, 9999, 9999, -223)), "cannot be 9999x9999"),
        (opening(8, 4) + b"\x03\x00\x00\x00\xff\xff\xff\xff", "too long"),
    ],
)
def test_what_the_protocol_does_not_allow(data: bytes, words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        RfbClient().feed(data)


def test_refused_security_has_its_own_error() -> None:
    with pytest.raises(SecurityRefused):
        RfbClient().feed(b"RFB 003.008\n\x01\x02")


def test_only_one_request_is_outstanding() -> None:
    client = connected()
    assert not client.request_update()
    client.feed(update())
    assert client.request_update()
    assert client.take_output() == struct.pack(">BBHHHH", 3, 1, 0, 0, 8, 4)
    assert not client.request_update()


def test_new_size_keeps_what_was_shown_and_asks_for_all() -> None:
    client = connected(8, 4)
    client.feed(update(rect(0, 0, 8, 4, 0, b"\x05\x00\x00\x00" * 32)))
    client.take_output()
    old = client.framebuffer
    events = client.feed(update(rect(0, 0, 16, 2, -223)))
    assert isinstance(events[0], e.Resized)
    assert client.framebuffer is not old
    assert client.framebuffer is not None
    assert (client.framebuffer.pixels[:, :8] == 0xFF000005).all()
    assert client.take_output() == struct.pack(">BBHHHH", 3, 0, 0, 0, 16, 2)


def test_extended_size_and_asking_for_one() -> None:
    client = connected(8, 4)
    assert not client.request_size(640, 480)
    screen = b"\x01\x00\x00\x00" + struct.pack(">IHHHHI", 7, 0, 0, 16, 9, 3)
    events = client.feed(update(rect(0, 0, 16, 9, -308, screen)))
    assert isinstance(events[0], e.Resized)
    client.take_output()
    assert client.request_size(640, 480)
    sent = client.take_output()
    assert sent == struct.pack(">BxHHBxIHHHHI", 251, 640, 480, 1, 7, 0, 0, 640, 480, 3)
    # Our own wish refused: the size stays.
    events = client.feed(update(rect(1, 3, 640, 480, -308, screen)))
    assert events == [e.Updated(())]


def test_keys_by_scan_code_once_the_server_offers_them() -> None:
    client = connected()
    client.send_key(0xC8, 0xFF52, is_down=True)
    assert client.take_output() == b"\x04\x01\x00\x00\x00\x00\xff\x52"
    client.feed(update(rect(0, 0, 8, 4, -258)))
    assert client.speaks_scancodes
    client.send_key(0xC8, 0xFF52, is_down=True)
    assert client.take_output() == b"\xff\x00\x00\x01\x00\x00\xff\x52\x00\x00\x00\xc8"
    client.send_key(0, 0x20AC, is_down=False)  # no scan code known: by keysym
    assert client.take_output() == b"\x04\x00\x00\x00\x00\x00\x20\xac"


def test_view_only_sends_no_input() -> None:
    client = RfbClient(RfbOptions(view_only=True))
    client.feed(opening())
    client.take_output()
    client.send_key(30, 97, is_down=True)
    client.send_pointer(1, 2, 3)
    client.send_cut_text("secret")
    assert not client.request_size(800, 600)
    assert client.take_output() == b""


def test_pointer_bell_lamps_and_pointer_mode() -> None:
    client = connected()
    client.send_pointer(5, 6, 3)
    assert client.take_output() == b"\x05\x05\x00\x06\x00\x03"
    lamps = rect(0, 0, 1, 1, -261, b"\x06")
    events = client.feed(b"\x02" + update(lamps, rect(1, 0, 8, 4, -257)))
    assert events[:3] == [
        e.Bell(),
        e.LedsChanged(scroll_lock=False, num_lock=True, caps_lock=True),
        e.PointerModeChanged(is_absolute=True),
    ]


def test_cut_text_both_ways() -> None:
    client = connected()
    events = client.feed(b"\x03\x00\x00\x00\x00\x00\x00\x05caf\xe9\n")
    assert events == [e.CutText("café\n")]
    client.send_cut_text("a\r\nb€")
    assert client.take_output() == b"\x06\x00\x00\x00\x00\x00\x00\x03a\nb"
    client.send_cut_text("€")  # nothing left to say: no message of zero length
    assert client.take_output() == b""


def test_colour_maps_are_skipped() -> None:
    client = connected()
    assert client.feed(b"\x01\x00\x00\x00\x00\x02" + bytes(12) + b"\x02") == [e.Bell()]


def test_rich_cursor() -> None:
    client = connected()
    colours = b"\x01\x02\x03\x00" * 2
    (shape, _update) = client.feed(update(rect(1, 0, 2, 1, -239, colours + b"\x40")))
    assert isinstance(shape, e.CursorChanged)
    assert shape.pixels is not None
    assert shape.pixels.tolist() == [[[0, 0, 0, 0], [1, 2, 3, 255]]]
    assert (shape.hot_x, shape.hot_y) == (1, 0)


def test_alpha_cursor_is_premultiplied_when_it_was_not() -> None:
    client = connected()
    (shape, _) = client.feed(update(rect(0, 0, 1, 1, -314, bytes(4) + b"\xff\x80\x00\x80")))
    assert isinstance(shape, e.CursorChanged)
    assert shape.pixels is not None
    assert shape.pixels.tolist() == [[[128, 64, 0, 128]]]
    (shape, _) = client.feed(update(rect(0, 0, 1, 1, -314, bytes(4) + b"\x40\x20\x00\x80")))
    assert isinstance(shape, e.CursorChanged)
    assert shape.pixels is not None
    assert shape.pixels.tolist() == [[[64, 32, 0, 128]]]


@pytest.mark.parametrize("body", [rect(0, 0, 0, 0, -239), rect(0, 0, 1, 1, -314, bytes(8))])
def test_invisible_cursors(body: bytes) -> None:
    (shape, _) = connected().feed(update(body))
    assert shape == e.CursorChanged(None, 0, 0)


@settings(max_examples=300)
@given(data=st.binary(max_size=300))
def test_any_bytes_from_the_start(data: bytes) -> None:
    try:
        RfbClient().feed(b"RFB 003.008\n\x01\x01\x00\x00\x00\x00" + data)
    except ProtocolError:
        return


@settings(max_examples=300)
@given(data=st.binary(max_size=300))
def test_any_bytes_after_the_opening(data: bytes) -> None:
    client = connected(32, 32)
    try:
        client.feed(data)
    except ProtocolError:
        return


@given(
    encoding=st.sampled_from([-239, -314, -308, -261, -257, -258, -223, -224, 0, 5, 6, 7]),
    numbers=st.tuples(*[st.integers(0, 0xFFFF)] * 4),
    body=st.binary(max_size=100),
)
def test_any_rectangle_takes_little_memory(
    encoding: int, numbers: tuple[int, int, int, int], body: bytes
) -> None:
    tracemalloc.start()
    try:
        connected(32, 32).feed(update(rect(*numbers, encoding, body)))
    except ProtocolError:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    # The largest screen that is allowed, twice: the old one's copy and the new one.
    assert peak < 2 * 7680 * 4320 * 4 + 2**20


def test_split_anywhere_means_the_same() -> None:
    stream = opening(8, 4) + update(
        rect(0, 0, 8, 4, 0, bytes(range(128))), rect(0, 0, 1, 1, -261, b"\x01")
    )
    whole = RfbClient()
    whole.feed(stream)
    for cut in range(len(stream)):
        parts = RfbClient()
        parts.feed(stream[:cut])
        parts.feed(stream[cut:])
        assert parts.framebuffer is not None
        assert whole.framebuffer is not None
        assert (parts.framebuffer.pixels == whole.framebuffer.pixels).all()


@pytest.mark.parametrize("encoding", ["tight", "zlib", "hextile"])
def test_replay_of_a_recorded_session(encoding: str) -> None:
    """What a real QEMU said is decoded to what its screen showed (see records/README.md)."""
    said = (RECORD / f"{encoding}.rfb").read_bytes()
    with np.load(RECORD / "screen.npz") as kept:
        expected = kept["pixels"]
    client = RfbClient()
    for at in range(0, len(said), 1000):
        client.feed(said[at : at + 1000])
    assert client.framebuffer is not None
    assert (client.framebuffer.pixels & 0xFFFFFF == expected).all()
