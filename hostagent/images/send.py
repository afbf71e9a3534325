"""Images on their way out of a store."""

from __future__ import annotations

import asyncio

from hostagent.protocol.link import CallContext, CommandFailed
from hostagent.protocol.storage import SendParams
from hostagent.protocol.streams import StreamBroken
from hostagent.storage.paths import image_path
from hostagent.storage.transfer import CHUNK_BYTES


async def send(params: SendParams, context: CallContext) -> None:
    """Send an image into a stream of the link; raises CommandFailed if there is none.

    Whoever takes it says how fast; if nobody does any more, there is nothing left to do.
    """
    path = image_path(params.place)
    stream = context.peer.stream(params.stream_id)
    problem: str | None = "given up"
    try:
        if not path.exists():
            raise CommandFailed("image.missing", f"{path} does not exist")
        with path.open("rb") as file:
            file.seek(params.offset_bytes)
            while data := await asyncio.to_thread(file.read, CHUNK_BYTES):
                await stream.write(data)
        problem = None
    except StreamBroken as error:
        raise CommandFailed("image.send_broken", str(error)) from error
    finally:
        stream.close(problem)
