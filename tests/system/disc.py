"""A small DVD for tests: one file, and a boot program that says something on the serial line."""

from __future__ import annotations

import io
from pathlib import Path

from pycdlib import PyCdlib

LABEL = "TESTDISC"
CONTENT = b"what is on the disc\n"
SAYS = b"booted from the disc"
# 16-bit code for 0000:7C00 (El Torito, no emulation): puts out the text that follows it on the
# first serial port, at each tick of the clock.
PROGRAM = bytes.fromhex("31c08ed8be167cac84c07406baf803eeebf5fbf4ebee")


def write_disc(path: Path) -> None:
    """Make it."""
    disc = PyCdlib()
    disc.new(interchange_level=3, rock_ridge="1.09", vol_ident=LABEL)
    program = (PROGRAM + SAYS + b"\r\n\0").ljust(2048, b"\0")
    disc.add_fp(io.BytesIO(program), len(program), "/BOOT.;1", rr_name="boot")
    disc.add_fp(io.BytesIO(CONTENT), len(CONTENT), "/HELLO.;1", rr_name="hello")
    disc.add_eltorito("/BOOT.;1", bootcatfile="/BOOT.CAT;1", rr_bootcatname="boot.cat")
    disc.write(str(path))
    disc.close()
