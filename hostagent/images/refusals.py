"""How images are refused."""

from __future__ import annotations

from hostagent.protocol.link import CommandFailed

LARGEST_VIRTUAL_BYTES = 64 * 1024**4


def hostile(reason: str) -> CommandFailed:
    """It would have the host read or write what it should not."""
    return CommandFailed("image.hostile", reason, reason=reason)


def not_an_image(reason: str) -> CommandFailed:
    """It is none, or a damaged one."""
    return CommandFailed("image.not_an_image", reason, reason=reason)


def cut_off() -> CommandFailed:
    """Its end is missing."""
    return not_an_image("its end is missing")


def refuse_absurd_size(virtual_size_bytes: int) -> None:
    """Raises CommandFailed for disks that nobody can have."""
    if virtual_size_bytes > LARGEST_VIRTUAL_BYTES:
        raise hostile(f"its disk is absurdly large: {virtual_size_bytes} bytes")
    if virtual_size_bytes <= 0:
        raise not_an_image("its disk is empty")
