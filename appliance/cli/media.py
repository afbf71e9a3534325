"""Bytes in and out: `anyun image upload` and `anyun vm screenshot`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import typer

from appliance.cli.exits import Exit, Stop
from appliance.cli.names import resolve, resolve_fields
from appliance.cli.progress import JobDisplay
from appliance.cli.show import show_items
from appliance.cli.terminal import Terminal
from appliance.client import Client, wait
from appliance.client.downloads import download_image
from appliance.client.uploads import ImageUploader
from appliance.protocol.errors import Conflict, Unavailable
from appliance.protocol.ids import new_id
from appliance.protocol.messages import size
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import ImageStore


async def upload(
    terminal: Terminal, path: Path, body: dict[str, Any], resume: str | None = None
) -> None:
    """Add an image from a file: create it, send the file, wait until it is checked.

    With `resume` the image is there, and waits for the rest of the file.
    """
    async with terminal.client() as client:
        if resume is not None:
            await _go_on(terminal, client, await resolve(client, "image", resume), path)
            return
        fields = body | {"source": "upload", "size_bytes": path.stat().st_size}
        fields.setdefault("name", path.stem)
        # A chosen id makes it possible to go on with an upload that broke off.
        fields.setdefault("id", new_id())
        if "image_store_id" not in fields:
            fields["image_store_id"] = await only_store(terminal, client)
        await resolve_fields(client, fields, "image.create")
        accepted: Accepted = await client.call("image.create", **fields)
        await _go_on(terminal, client, accepted.resource_ids[0], path, accepted)


async def _go_on(
    terminal: Terminal, client: Client, image_id: str, path: Path, work: Accepted | None = None
) -> None:
    """Send what is missing of an image, and wait for the job that makes it."""
    with JobDisplay(terminal) as display:
        work = await _send(terminal, client, image_id, path, display) or work
        if work is not None:
            await wait(client, work, on_progress=display.job, on_lost=display.lost)
    show_items(terminal, [await client.call("image.get", id=image_id)])


async def _send(
    terminal: Terminal, client: Client, image_id: str, path: Path, display: JobDisplay
) -> Accepted | None:
    uploader = ImageUploader(
        client, image_id, path, lambda sent, total: display.bytes(path.name, sent, total)
    )
    try:
        return await uploader.run()
    except Conflict as error:
        # If the job has ended meanwhile, its error says more.
        if error.code != "image.not_uploading":
            raise
        return None
    except Unavailable:
        terminal.note("upload_waits", file=path, id=image_id)
        raise
    except BaseException as error:
        if not isinstance(error, Exception):  # interrupted by Ctrl-C
            terminal.note("upload_waits", file=path, id=image_id)
        raise


async def download(terminal: Terminal, image: str, path: Path) -> None:
    """Write the file of an image, and check that it is whole."""
    async with terminal.client() as client:
        image_id = await resolve(client, "image", image)
        with JobDisplay(terminal) as display:
            found = await download_image(
                client,
                image_id,
                path,
                lambda came, total: display.bytes(path.name, came, total, text="downloading"),
            )
    terminal.note("written", path=path, size=size(found.size_bytes))


async def only_store(terminal: Terminal, client: Client) -> str:
    """The one image store there is; raises Stop if there are several, or none."""
    page = await client.call("image_store.list")
    if len(page.items) != 1:
        stores: list[ImageStore] = page.items
        names = ", ".join(store.name for store in stores)
        text = terminal.text("which_store", count=page.total, names=names)
        raise Stop(text, Exit.USAGE)
    return page.items[0].id


async def screenshot(terminal: Terminal, vm: str, path: Path) -> None:
    """Write a machine's screen as PNG; `-` is standard output."""
    async with terminal.client() as client:
        png = await client.screenshot(await resolve(client, "vm", vm))
    if str(path) == "-":
        if sys.stdout.isatty():
            raise typer.BadParameter("a picture cannot be shown here; name a file")
        sys.stdout.buffer.write(png)
        return
    path.write_bytes(png)
    terminal.note("written", path=path, size=size(len(png)))
