"""Every encoding: what is encoded comes out again, however the bytes are cut."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop.console.rfb.constants import Encoding
from desktop.console.rfb.encodings.gradient import undo_gradient
from desktop.console.rfb.errors import ProtocolError
from desktop.console.rfb.events import Rect, Updated
from tests.unit.desktop.console.rfb_bytes import (
    Deflate,
    Pixels,
    TightEncoder,
    compact,
    connected,
    feed_bytewise,
    hextile,
    raw,
    rect,
    rgb,
    shown,
    update,
)


def picture(width: int, height: int, colours: int, seed: int) -> Pixels:
    """Random pixels out of `colours` colours."""
    source = np.random.default_rng(seed)
    palette = source.integers(0, 1 << 24, colours, dtype=np.uint32)
    return palette[source.integers(0, colours, (height, width))]


def packed(data: bytes) -> bytes:
    """Compressed, with Tight's length before it."""
    content = zlib.compress(data)
    return compact(len(content)) + content


def test_raw_by_literal_bytes() -> None:
    client = connected(2, 1)
    events = client.feed(update(rect(0, 0, 2, 1, 0, b"\x03\x02\x01\x00\xff\x00\x00\x00")))
    assert shown(client).tolist() == [[0x010203, 0x0000FF]]
    assert events == [Updated((Rect(0, 0, 2, 1),))]


def test_every_pixel_stays_opaque() -> None:
    client = connected(2, 1)
    client.feed(update(rect(0, 0, 2, 1, 0, bytes(8))))
    assert client.framebuffer is not None
    assert (client.framebuffer.pixels >> 24 == 255).all()


def test_raw_larger_than_a_band() -> None:
    client = connected(1024, 600)
    pixels = picture(1024, 600, 1000, 1)
    client.feed(update(rect(0, 0, 1024, 600, 0, raw(pixels))))
    assert (shown(client) == pixels).all()


def test_copy_rect_overlapping() -> None:
    client = connected(4, 1)
    client.feed(update(rect(0, 0, 4, 1, 0, struct.pack("<4I", 1, 2, 3, 4))))
    client.feed(update(rect(1, 0, 3, 1, 1, struct.pack(">HH", 0, 0))))
    assert shown(client).tolist() == [[1, 1, 2, 3]]


def test_copy_rect_from_outside_is_refused() -> None:
    client = connected(4, 1)
    with pytest.raises(ProtocolError, match="leaves the screen"):
        client.feed(update(rect(0, 0, 3, 1, 1, struct.pack(">HH", 2, 0))))


def test_hextile_by_literal_bytes() -> None:
    client = connected(4, 4)
    # Background blue, foreground red, one rectangle of 2x1 at 1,2.
    tile = b"\x0e" + b"\xff\x00\x00\x00" + b"\x00\x00\xff\x00" + b"\x01" + b"\x12\x10"
    feed_bytewise(client, update(rect(0, 0, 4, 4, 5, tile)))
    expected = np.full((4, 4), 0x0000FF)
    expected[2, 1:3] = 0xFF0000
    assert (shown(client) == expected).all()


def test_hextile_part_outside_its_tile_is_refused() -> None:
    client = connected(4, 4)
    with pytest.raises(ProtocolError, match="leaves its tile"):
        client.feed(update(rect(0, 0, 4, 4, 5, b"\x0c" + bytes(4) + b"\x01\x33\x10")))


def test_hextile_keeps_colours_from_tile_to_tile() -> None:
    client = connected(32, 16)
    client.feed(update(rect(0, 0, 32, 16, 5, b"\x02" + b"\x07\x00\x00\x00" + b"\x00")))
    assert (shown(client) == 7).all()


@pytest.mark.parametrize("colours", [1, 2, 9, 400])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (16, 16), (37, 21), (64, 5)])
def test_all_encodings_show_the_same(colours: int, width: int, height: int) -> None:
    pixels = picture(width, height, colours, width * height)
    tight, deflate = TightEncoder(), Deflate()
    kind = tight.palette if colours <= 256 and len(np.unique(pixels)) > 1 else tight.full
    content = deflate.block(raw(pixels))
    bodies = {
        Encoding.RAW: raw(pixels),
        Encoding.HEXTILE: hextile(pixels),
        Encoding.ZLIB: struct.pack(">I", len(content)) + content,
        Encoding.TIGHT: kind(pixels),
    }
    for encoding, body in bodies.items():
        client = connected(width + 3, height + 2)
        feed_bytewise(client, update(rect(3, 2, width, height, encoding, body)))
        assert (shown(client)[2:, 3:] == pixels).all(), encoding


def test_streams_go_on_from_rectangle_to_rectangle() -> None:
    client = connected(64, 64)
    tight, deflate = TightEncoder(), Deflate()
    for seed in range(8):
        pixels = picture(64, 32, 300, seed)
        content = deflate.block(raw(pixels))
        zlib_body = struct.pack(">I", len(content)) + content
        client.feed(
            update(rect(0, 0, 64, 32, 7, tight.full(pixels)), rect(0, 32, 64, 32, 6, zlib_body))
        )
        assert (shown(client)[:32] == pixels).all()
        assert (shown(client)[32:] == pixels).all()


def test_tight_fill_and_reset_of_streams() -> None:
    client = connected(64, 4)
    client.feed(update(rect(0, 0, 64, 4, 7, TightEncoder().full(picture(64, 4, 300, 1)))))
    fresh = TightEncoder()
    pixels = picture(64, 4, 300, 2)
    body = b"\x01" + fresh.full(pixels)[1:]  # bit 0: stream 0 starts anew
    client.feed(update(rect(0, 0, 64, 4, 7, body)))
    assert (shown(client) == pixels).all()
    client.feed(update(rect(0, 0, 64, 4, 7, TightEncoder().fill(0x102030))))
    assert (shown(client) == 0x102030).all()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"\x90", "JPEG"),
        (b"\xa0", "PNG"),
        (b"\xf0", "kind 15"),
        (b"\x40\x07", "filter 7"),
        (b"\x00" + compact(9) + b"not zlib!", "damaged"),
        (b"\x60\x01\x02" + bytes(9) + packed(b"\x05" * 32), "beyond its palette of 3"),
        (b"\x00" + packed(b"\x05" * 32), "holds 32 bytes, not 96"),
        (b"\x00" + packed(b"\x05" * 999), "more than its 96 bytes"),
        (b"\x00" + compact(200_000), "too many"),
    ],
)
def test_bad_tight_parts_are_refused(body: bytes, words: str) -> None:
    client = connected(8, 4)
    with pytest.raises(ProtocolError, match=words):
        client.feed(update(rect(0, 0, 8, 4, 7, body + bytes(64))))


def test_bad_zlib_length_is_refused_at_once() -> None:
    client = connected(8, 4)
    with pytest.raises(ProtocolError, match="too many"):
        client.feed(update(rect(0, 0, 8, 4, 6, struct.pack(">I", 0xFFFFFFFF))))


@given(width=st.integers(1, 9), height=st.integers(1, 9), seed=st.integers(0, 2**32 - 1))
def test_gradient_is_undone(width: int, height: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3))
    framed = np.zeros((height + 1, width + 1, 3), int)
    framed[1:, 1:] = pixels
    told = np.zeros_like(pixels)
    for y in range(height):
        for x in range(width):
            guess = framed[y + 1, x] + framed[y, x + 1] - framed[y, x]
            told[y, x] = (pixels[y, x] - np.clip(guess, 0, 255)) & 255
    decoded = undo_gradient(told.astype(np.uint8).tobytes(), width, height)
    assert decoded == pixels.astype(np.uint8).tobytes()


def test_tight_gradient_filter() -> None:
    pixels = np.array([[0x102030, 0x112131], [0x122232, 0x132333]], np.uint32)
    told = np.array([[0x102030, 0x010101], [0x020202, 0x000000]], np.uint32)
    content = Deflate().block(rgb(told))
    client = connected(2, 2)
    client.feed(update(rect(0, 0, 2, 2, 7, b"\x40\x02" + compact(len(content)) + content)))
    assert (shown(client) == pixels).all()


@settings(max_examples=300)
@given(encoding=st.sampled_from([0, 1, 5, 6, 7]), body=st.binary(max_size=400))
def test_no_bytes_crash_a_decoder(encoding: int, body: bytes) -> None:
    client = connected(20, 18)
    try:
        client.feed(update(rect(1, 2, 19, 16, encoding, body)) + body)
    except ProtocolError:
        return
    assert shown(client).shape == (18, 20) or client.framebuffer is not None
