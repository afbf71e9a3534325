"""What a probe says on the wire: short, numbered, and sealed with the probe's nonce."""

from __future__ import annotations

import hashlib
import hmac
import struct
from dataclasses import dataclass

MAGIC, VERSION = b"AnYp", 1
ASK, ANSWER = 1, 2
EVERYBODY = 0xFFFF
SIZE_MIN_BYTES = 64
_HEAD = struct.Struct("!4sBBHHHI8s")  # magic, version, kind, sender, target, size, number, probe
_SEAL_BYTES = 8


@dataclass(frozen=True)
class Message:
    """`size` of an ask is its own, in bytes of payload; an answer repeats size and number."""

    kind: int
    sender: int
    target: int
    size: int
    number: int


class Sealer:
    """Writes and reads the messages of one probe.

    Who does not know the nonce cannot make a message that is taken for one, and what was recorded
    of another probe is worth nothing in this one.
    """

    def __init__(self, nonce: bytes) -> None:
        self._key = hashlib.sha256(nonce).digest()
        self._probe = hashlib.blake2b(self._key, digest_size=8, person=b"anyun-probe").digest()

    def write(self, message: Message, length: int = SIZE_MIN_BYTES) -> bytes:
        """The message, filled up to `length` bytes."""
        head = _HEAD.pack(
            MAGIC,
            VERSION,
            message.kind,
            message.sender,
            message.target,
            message.size,
            message.number,
            self._probe,
        )
        return (head + self._seal(head)).ljust(length, b"\0")

    def read(self, data: bytes) -> Message | None:
        """The message in `data` if it is one of this probe."""
        if len(data) < _HEAD.size + _SEAL_BYTES:
            return None
        head, seal = data[: _HEAD.size], data[_HEAD.size : _HEAD.size + _SEAL_BYTES]
        magic, version, kind, sender, target, size, number, probe = _HEAD.unpack(head)
        if (magic, version, probe) != (MAGIC, VERSION, self._probe):
            return None
        if not hmac.compare_digest(seal, self._seal(head)):
            return None
        return Message(kind, sender, target, size, number)

    def _seal(self, head: bytes) -> bytes:
        return hashlib.blake2b(head, key=self._key, digest_size=_SEAL_BYTES).digest()
