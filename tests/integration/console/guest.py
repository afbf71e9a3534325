"""A real QEMU for console tests: boots a boot sector of ours and shows its screen by VNC."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

START_TIMEOUT_S = 30.0

# 16 bit, loaded at 0x7c00. Fills the text screen with all characters in all colours and says ">"
# on COM1; then every byte from the keyboard goes to COM1 in hexadecimal and to the first cell.
KEY_ECHO = bytes.fromhex(
    "31c0 8ed8 8ed0 bc007c fa"  # ds = ss = 0, sp = 0x7c00, no interrupts: no BIOS in between
    "bad403 b80a20 ef"  # mov dx,0x3d4 / mov ax,0x200a / out dx,ax: hide the cursor
    "b800b8 8ec0 31ff 31c0"  # es = 0xb800, di = 0, ax = 0
    "ab fec0 80c407 81ffa00f 72f4"  # fill: stosw / inc al / add ah,7 / cmp di,4000 / jb fill
    "bafd03"
    "e464 a801 7404 e460 ebf6"  # flush: while in al,0x64 has bit 0: in al,0x60
    "b03e e82a00"  # mov al,'>' / call out
    "e464 a801 74fa e460"  # wait: until in al,0x64 has bit 0; in al,0x60
    "88c3 26a30000"  # mov bl,al / mov es:[0],ax
    "c0e804 e80e00 88d8 240f e80700"  # both halves of the byte: call hex
    "b020 e80a00 ebde"  # mov al,' ' / call out / jmp wait
    "0430 3c39 7602 0427"  # hex: '0'..'9' or 'a'..'f', then on into out
    "88c1 bafd03 ec a820 74f8"  # out: wait until COM1 can take a byte
    "baf803 88c8 ee c3"  # out dx,al / ret
)

_PAINT = (
    "31c0 8ed8 8ed0 bc007c fa b800a0 8ec0"  # es = 0xa000: the window into the video memory
    "be5a00 81c6007c b90500"  # si = table, cx = 5
    "bace01 ad ef 42 ad ef e2f6"  # write the table to the display's registers: 1920x1080, 32 bit
    "6631ed 6689e8 31db"  # frame: eax = ebp, bank bx = 0
    "6650 bace01 b80500 ef 42 89d8 ef 6658"  # bank: select it
    "31ff b90040 66ab 660503020100 e2f6"  # 16384 pixels, each 0x010203 more than the last
    "43 83fb7f 72dc"  # 127 banks
    "{jump} 6681c503050700 ebcc"  # stop here, or paint the next frame in other colours
    "04000000 01008007 02003804 03002000 04000100"
)
PAINT_ONCE = bytes.fromhex(_PAINT.format(jump="ebfe"))
PAINT_FOREVER = bytes.fromhex(_PAINT.format(jump="9090"))


class Guest:
    """A running QEMU; `vnc` and `serial` are paths of its sockets."""

    def __init__(self, folder: Path, boot_code: bytes, extra: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self.vnc = folder / "vnc.sock"
        self.serial = folder / "serial.sock"
        self._qmp_path = folder / "qmp.sock"
        disk = folder / "boot.img"
        disk.write_bytes(boot_code.ljust(510, b"\x00") + b"\x55\xaa" + bytes(512 * 63))
        self._process = subprocess.Popen(
            [
                *("nice", "-n", "5", "qemu-system-x86_64", "-display", "none", "-accel", "tcg"),
                *("-m", "32", "-nic", "none", "-vga", "std"),
                *("-drive", f"file={disk},format=raw,if=ide"),
                *("-vnc", f"unix:{self.vnc}"),
                *("-serial", f"unix:{self.serial},server=on,wait=off"),
                *("-qmp", f"unix:{self._qmp_path},server=on,wait=off"),
                *extra,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        wait_until(lambda: self.vnc.exists() and self._qmp_path.exists(), "QEMU's sockets")
        self._qmp = socket.socket(socket.AF_UNIX)
        self._qmp.settimeout(START_TIMEOUT_S)
        self._qmp.connect(str(self._qmp_path))
        self._lines = self._qmp.makefile("rwb")
        self._lines.readline()
        self.qmp("qmp_capabilities")

    def qmp(self, command: str, **arguments: Any) -> Any:
        """One QMP command's answer."""
        request = {"execute": command, "arguments": arguments}
        self._lines.write(json.dumps(request).encode() + b"\n")
        self._lines.flush()
        while True:
            answer = json.loads(self._lines.readline())
            if "return" in answer:
                return answer["return"]
            assert "error" not in answer, answer

    def screendump(self) -> npt.NDArray[np.uint32]:
        """What QEMU itself says its screen shows: 0xRRGGBB."""
        path = self.folder / "dump.ppm"
        self.qmp("screendump", filename=str(path))
        return read_ppm(path.read_bytes())

    def stop(self) -> None:
        """End it."""
        with contextlib.suppress(OSError):
            self._lines.close()
            self._qmp.close()
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stderr is not None
        self._process.stderr.close()


def read_ppm(data: bytes) -> npt.NDArray[np.uint32]:
    """The pixels 0xRRGGBB of a binary PPM."""
    kind, width, height, _largest, pixels = data.split(maxsplit=4)
    assert kind == b"P6"
    rgb = np.frombuffer(pixels[-int(width) * int(height) * 3 :], np.uint8).astype(np.uint32)
    rgb = rgb.reshape(int(height), int(width), 3)
    return (rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]).astype(np.uint32)


def wait_until(condition: Any, what: str, timeout_s: float = START_TIMEOUT_S) -> None:
    """Wait for `condition()`; fails telling `what` was waited for."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, f"waited {timeout_s} s for {what}"
        time.sleep(0.01)


@contextlib.contextmanager
def running(folder: Path, boot_code: bytes, *extra: str) -> Iterator[Guest]:
    """A guest that is ended afterwards."""
    guest = Guest(folder, boot_code, extra)
    try:
        yield guest
    finally:
        guest.stop()
