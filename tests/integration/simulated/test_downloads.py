"""Images come back to who asks, by client and command, go on after a break, and are checked."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.client import Client
from appliance.client import downloads as client_downloads
from appliance.protocol.errors import Conflict, Unavailable
from appliance.protocol.resources import Image
from tests.integration.simulated.conftest import Lab
from tests.integration.simulated.test_cli_lists import anyun
from tests.lab.simulated.cloud import tiny_image
from tests.lab.simulated.state import SimFile

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def known(lab: Lab) -> Image:
    return await lab.client.call("image.get", id=lab.cloud.image_id)


async def test_what_was_uploaded_comes_back(lab: Lab, tmp_path: Path) -> None:
    image, content = await known(lab), tiny_image()
    assert image.stored_sha256 == hashlib.sha256(content).hexdigest()
    seen: list[tuple[int, int]] = []
    target = tmp_path / "tiny.img"
    await client_downloads.download_image(
        lab.client, image.id, target, lambda *numbers: seen.append(numbers)
    )
    assert target.read_bytes() == content
    assert seen[-1] == (len(content), len(content))
    assert list(tmp_path.iterdir()) == [target]


async def test_it_goes_on_where_it_broke_off(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, content = await known(lab), tiny_image()
    offsets: list[int] = []
    whole = Client.get_content

    async def breaks_off(client: Client, image_id: str, offset: int = 0) -> AsyncIterator[bytes]:
        offsets.append(offset)
        async for piece in whole(client, image_id, offset):
            yield piece
            if len(offsets) == 1:
                raise Unavailable("client.unreachable", url=client.url, reason="broken")

    monkeypatch.setattr(Client, "get_content", breaks_off)
    monkeypatch.setattr(client_downloads, "FIRST_DELAY_S", 0.01)
    target = tmp_path / "tiny.img"
    await client_downloads.download_image(lab.client, image.id, target)
    assert target.read_bytes() == content
    first, second = offsets
    assert first == 0
    assert 0 < second < len(content)


async def test_the_command_gets_it_and_goes_on_with_what_is_there(lab: Lab, tmp_path: Path) -> None:
    content, target = tiny_image(), tmp_path / "by-hand.img"
    (tmp_path / "by-hand.img.part").write_bytes(content[: len(content) // 2])
    await anyun(lab, "image", "download", "tiny", str(target))
    assert target.read_bytes() == content


async def test_what_changed_on_the_way_is_refused(lab: Lab, tmp_path: Path) -> None:
    image = await known(lab)
    stores: Any = lab.fleet.hosts[0].state.stores
    (path,) = [one for one in stores if image.id in one]
    before: SimFile = stores[path]
    wrong = bytearray(tiny_image())
    wrong[700] ^= 1
    stores[path] = SimFile(len(wrong), before.virtual_size_bytes, content=bytes(wrong))
    with pytest.raises(Conflict) as caught:
        await client_downloads.download_image(lab.client, image.id, tmp_path / "tiny.img")
    assert caught.value.code == "image.checksum"
    assert list(tmp_path.iterdir()) == []
    stores[path] = before
