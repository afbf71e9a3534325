"""Getting the file of an image: it goes on where it broke off, and its checksum is checked."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.client.uploads import CHUNK_BYTES, FIRST_DELAY_S, LONGEST_DELAY_S, Progress
from appliance.protocol.errors import Conflict, Unavailable
from appliance.protocol.resources import Image

if TYPE_CHECKING:
    from appliance.client.client import Client

ATTEMPTS = 10


async def download_image(
    client: Client, image_id: str, path: Path, on_progress: Progress | None = None
) -> Image:
    """Write the file of an image to `path`; what is not whole yet is called `….part`.

    Raises ApiError as the appliance refused, Unavailable if it stays away, Conflict if what came
    is not what the appliance has, OSError if it cannot be written.
    """
    image: Image = await client.call("image.get", id=image_id)
    part = path.with_name(f"{path.name}.part")
    delay_s = FIRST_DELAY_S
    for attempt in range(ATTEMPTS):
        offset = part.stat().st_size if part.exists() else 0
        if offset > image.size_bytes:
            part.unlink()  # of another image
            offset = 0
        try:
            await _fetch(client, image, part, offset, on_progress)
            break
        except Unavailable:
            came = part.stat().st_size if part.exists() else 0
            if came == offset and attempt == ATTEMPTS - 1:
                raise
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, LONGEST_DELAY_S)
    found = await asyncio.to_thread(_sha256, part)
    if image.stored_sha256 and found != image.stored_sha256:
        part.unlink()
        raise Conflict("image.checksum", field="sha256", expected=image.stored_sha256, found=found)
    part.replace(path)
    return image


async def _fetch(
    client: Client, image: Image, part: Path, offset: int, on_progress: Progress | None
) -> None:
    if offset == image.size_bytes:
        return
    with part.open("ab") as file:
        async for piece in client.get_content(image.id, offset):
            await asyncio.to_thread(file.write, piece)
            offset += len(piece)
            if on_progress is not None:
                on_progress(offset, image.size_bytes)
    if offset != image.size_bytes:
        reason = f"{offset} of {image.size_bytes} bytes came"
        raise Unavailable("client.unreachable", url=client.url, reason=reason)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
