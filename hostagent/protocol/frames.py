"""Frames on the link between service and agent: a 4-byte big-endian length, then MessagePack."""

import asyncio
import struct
from typing import Any

import msgspec

from hostagent.protocol.trail import Trail

PROTOCOL_VERSION = 1
MAX_FRAME_BYTES = 16 * 1024**2
_LENGTH = struct.Struct(">I")


class ProtocolError(Exception):
    """The other side sent something that is no frame of this protocol."""


class Hello(msgspec.Struct, tag="hello", kw_only=True, frozen=True):
    """First frame of each side."""

    version: int
    software: str
    capabilities: list[str] = []


class Request(msgspec.Struct, tag="request", kw_only=True, frozen=True):
    """Do something; answered by Reply or Failure with the same id."""

    id: int
    command: str
    params: msgspec.Raw
    trail: Trail | None = None


class Reply(msgspec.Struct, tag="reply", kw_only=True, frozen=True):
    """A request was carried out."""

    id: int
    result: msgspec.Raw


class Failure(msgspec.Struct, tag="failure", kw_only=True, frozen=True):
    """A request was not carried out; `code` is stable, `message` is English."""

    id: int
    code: str
    message: str
    params: dict[str, Any] = {}


class Progress(msgspec.Struct, tag="progress", kw_only=True, frozen=True):
    """How far a request is; `total` 0 when nobody knows."""

    id: int
    done: int
    total: int
    unit: str


class Cancel(msgspec.Struct, tag="cancel", kw_only=True, frozen=True):
    """Nobody waits for the answer to this request any more."""

    id: int


class Event(msgspec.Struct, tag="event", kw_only=True, frozen=True):
    """Something happened; not answered."""

    topic: str
    data: msgspec.Raw


class StreamData(msgspec.Struct, tag="data", kw_only=True, frozen=True):
    """Bytes of a stream; the sender has been granted at least as many."""

    stream: int
    data: bytes


class StreamCredit(msgspec.Struct, tag="credit", kw_only=True, frozen=True):
    """The receiver of a stream takes so many bytes more."""

    stream: int
    size_bytes: int


class StreamClose(msgspec.Struct, tag="close", kw_only=True, frozen=True):
    """The sender's direction of a stream has ended; with an error text if it broke."""

    stream: int
    error: str | None = None


class Ping(msgspec.Struct, tag="ping", frozen=True):
    """Are you there?"""


class Pong(msgspec.Struct, tag="pong", frozen=True):
    """Yes."""


Frame = (
    Hello
    | Request
    | Reply
    | Failure
    | Progress
    | Cancel
    | Event
    | StreamData
    | StreamCredit
    | StreamClose
    | Ping
    | Pong
)

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Frame)


def encode(frame: Frame) -> bytes:
    """`frame` as bytes. Raises ProtocolError if it is too large."""
    body = _encoder.encode(frame)
    if len(body) > MAX_FRAME_BYTES:
        raise ProtocolError(f"frame of {len(body)} bytes is larger than {MAX_FRAME_BYTES}")
    return _LENGTH.pack(len(body)) + body


async def read_frame(reader: asyncio.StreamReader) -> Frame:
    """The next frame. Raises IncompleteReadError at the end, ProtocolError for nonsense."""
    (size,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    if size > MAX_FRAME_BYTES:
        raise ProtocolError(f"frame of {size} bytes is larger than {MAX_FRAME_BYTES}")
    try:
        return _decoder.decode(await reader.readexactly(size))
    except msgspec.MsgspecError as error:
        raise ProtocolError(f"not a frame: {error}") from error
