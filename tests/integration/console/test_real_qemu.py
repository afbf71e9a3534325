"""Our picture against QEMU's own, pixel by pixel, in every encoding; and keys against the guest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from desktop.console.keys.codes import CODES, key
from desktop.console.keys.special import CTRL_ALT_DELETE, chord
from desktop.console.keys.typing import KeyEvent, events_of, type_text
from desktop.console.rfb import events as e
from desktop.console.rfb.client import RfbClient, RfbOptions
from desktop.console.rfb.constants import Encoding
from desktop.console.transport import SocketStream, connect_unix
from tests.integration.console.guest import KEY_ECHO, PAINT_ONCE, Guest, running

ENCODINGS = [Encoding.TIGHT, Encoding.ZLIB, Encoding.HEXTILE, Encoding.RAW]
WAIT_S = 30.0


@pytest.fixture(scope="module")
def text_guest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    with running(tmp_path_factory.mktemp("text"), KEY_ECHO) as guest:
        yield guest


@pytest.fixture(scope="module")
def painting_guest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    with running(tmp_path_factory.mktemp("paint"), PAINT_ONCE) as guest:
        yield guest


class Viewer:
    """The RFB client on a socket."""

    def __init__(self, stream: SocketStream, client: RfbClient) -> None:
        self.stream = stream
        self.client = client
        self.said = bytearray()
        self.events: list[e.Event] = []

    @classmethod
    async def open(cls, path: Path, encoding: int = Encoding.TIGHT) -> Viewer:
        return cls(await connect_unix(path), RfbClient(RfbOptions(encodings=[encoding])))

    async def flush(self) -> None:
        output = self.client.take_output()
        if output:
            await self.stream.write(output)

    async def step(self, timeout_s: float = 0.3) -> None:
        """Take what comes within `timeout_s`."""
        try:
            data = await asyncio.wait_for(self.stream.read(), timeout_s)
        except TimeoutError:
            return
        assert data, "the server closed the connection"
        self.said += data
        self.events += self.client.feed(data)
        self.client.request_update()
        await self.flush()

    async def send(self, keys: list[KeyEvent]) -> None:
        for one in keys:
            self.client.send_key(one.key.scancode, one.key.keysym, is_down=one.is_down)
        await self.flush()


async def until_same(viewer: Viewer, guest: Guest) -> np.ndarray:
    """Wait until our picture is QEMU's; returns it."""
    end = time.monotonic() + WAIT_S
    while True:
        await viewer.step()
        picture = viewer.client.framebuffer
        if picture is not None:
            ours = picture.pixels & np.uint32(0xFFFFFF)
            theirs = await asyncio.to_thread(guest.screendump)
            if ours.shape == theirs.shape and (ours == theirs).all() and len(np.unique(ours)) > 8:
                return ours
        assert time.monotonic() < end, "our picture never became QEMU's"


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_text_screen_is_qemus(text_guest: Guest, encoding: Encoding) -> None:
    viewer = await Viewer.open(text_guest.vnc, encoding)
    picture = await until_same(viewer, text_guest)
    assert picture.shape == (400, 720)
    assert viewer.client.speaks_scancodes
    await viewer.stream.close()


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_full_hd_picture_is_qemus(painting_guest: Guest, encoding: Encoding) -> None:
    viewer = await Viewer.open(painting_guest.vnc, encoding)
    picture = await until_same(viewer, painting_guest)
    assert picture.shape == (1080, 1920)
    await viewer.stream.close()


async def test_a_recorded_session_replays_to_the_same(text_guest: Guest) -> None:
    viewer = await Viewer.open(text_guest.vnc, Encoding.TIGHT)
    picture = await until_same(viewer, text_guest)
    await viewer.stream.close()
    replay = RfbClient()
    for at in range(0, len(viewer.said), 777):
        replay.feed(bytes(viewer.said[at : at + 777]))
    assert replay.framebuffer is not None
    assert (replay.framebuffer.pixels & 0xFFFFFF == picture).all()


def set1(events: list[KeyEvent]) -> str:
    """What a keyboard sends for `events`, in hexadecimal."""
    codes = []
    for one in events:
        code = one.key.scancode
        if code & 0x80:
            codes.append("e0")
        codes.append(f"{(code & 0x7F) | (0 if one.is_down else 0x80):02x}")
    return " ".join(codes)


async def test_the_guest_gets_the_scan_codes_we_send(tmp_path: Path) -> None:
    names = ["a", "z", "1", "enter", "space", "f1", "f12", "shift", "shift_right", "ctrl",
             "ctrl_right", "alt", "alt_right", "up", "down", "left", "right", "home", "end",
             "page_up", "page_down", "insert", "delete", "kp_7", "kp_enter", "kp_divide",
             "super", "menu", "less", "tab", "escape"]  # fmt: skip
    presses = [event for name in names for event in chord([name])]
    with running(tmp_path, KEY_ECHO) as guest:
        serial = await connect_unix(guest.serial)
        viewer = await Viewer.open(guest.vnc)
        heard = b""

        async def hear(expected: str) -> str:
            nonlocal heard
            end = time.monotonic() + WAIT_S
            while len(b" ".join(heard.split())) < len(expected):  # lines end, too
                await viewer.step(0.01)
                try:
                    heard += await asyncio.wait_for(serial.read(), 0.2)
                except TimeoutError:
                    assert time.monotonic() < end, f"heard only {heard!r} of {expected}"
            words, heard = heard.split(), b""
            return b" ".join(words).decode()

        assert await hear(">") == ">"
        while not viewer.client.speaks_scancodes:
            await viewer.step()
        for keys in (
            presses,
            chord(CTRL_ALT_DELETE)[:2] + chord(CTRL_ALT_DELETE)[-2:],
            events_of(type_text("Aa!1 ~`|\\").strokes),
        ):
            for at in range(0, len(keys), 8):  # a keyboard's buffer is small
                part = keys[at : at + 8]
                await viewer.send(part)
                assert await hear(set1(part)) == set1(part)
        await viewer.stream.close()
        await serial.close()


async def test_keysyms_do_when_scan_codes_are_not_spoken(tmp_path: Path) -> None:
    with running(tmp_path, KEY_ECHO) as guest:
        serial = await connect_unix(guest.serial)
        assert await asyncio.wait_for(serial.read(), WAIT_S) == b">"
        viewer = await Viewer.open(guest.vnc)
        while viewer.client.framebuffer is None:
            await viewer.step()
        viewer.client.send_key(0, key("up").keysym, is_down=True)
        await viewer.flush()
        heard = b""
        while len(heard) < 6:
            heard += await asyncio.wait_for(serial.read(), WAIT_S)
        assert heard == f"e0 {CODES['up'] & 0x7F:02x} ".encode()
        await viewer.stream.close()
        await serial.close()
