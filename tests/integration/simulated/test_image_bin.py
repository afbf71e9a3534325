"""The recycle bin of images: nothing is deleted for good before its time, unless one says so."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from appliance.client import wait
from appliance.protocol.errors import Conflict
from appliance.protocol.ids import new_id
from appliance.protocol.resources import Image, ImageStatus
from tests.integration.simulated.conftest import Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")
POLICY, PERIOD = "recycle_bin.image_policy", "recycle_bin.image_period_s"


@pytest_asyncio.fixture(loop_scope="module")
async def images(lab: Lab) -> AsyncIterator[Lab]:
    yield lab
    await lab.client.call("setting.reset", name=POLICY)
    await lab.client.call("setting.reset", name=PERIOD)
    await lab.remove_all()
    async for image in lab.client.iterate("image.list", filter="status = deleted"):
        assert await lab.ended(await lab.client.call("image.expunge", id=image.id)) == []
    await lab.assert_clean()


async def _image(lab: Lab) -> str:
    ref = new_id()
    (store,) = (await lab.client.call("image_store.list")).items
    accepted = await lab.client.call(
        "image.create",
        id=ref,
        name="thrown",
        image_store_id=store.id,
        source="url",
        url=f"http://images.example/{ref}",
    )
    await wait(lab.client, accepted, timeout_s=20)
    return ref


async def _get(lab: Lab, ref: str) -> Image:
    return await lab.client.call("image.get", id=ref)


def _is_stored(lab: Lab, ref: str) -> bool:
    return any(ref in path for host in lab.fleet.hosts for path in host.state.stores)


async def test_a_deleted_image_keeps_its_file_and_comes_back(images: Lab) -> None:
    ref = await _image(images)
    assert await images.ended(await images.client.call("image.delete", id=ref)) == []
    thrown = await _get(images, ref)
    assert thrown.status == ImageStatus.DELETED
    assert thrown.deleted_at is not None
    assert _is_stored(images, ref)
    with pytest.raises(Conflict) as caught:
        await images.create("web", image_id=ref)
    assert (caught.value.code, caught.value.field) == ("image.not_ready", "image_id")
    back = await images.client.call("image.recover", id=ref)
    assert (back.status, back.deleted_at) == (ImageStatus.READY, None)
    assert await images.ended(await images.create("web", image_id=ref)) == []
    with pytest.raises(Conflict) as caught:
        await images.client.call("image.recover", id=ref)
    assert caught.value.code == "image.not_deleted"
    with pytest.raises(Conflict):
        await images.client.call("image.expunge", id=ref)
    assert await images.ended(await images.client.call("image.delete", id=ref)) == []


async def test_expunging_deletes_the_file(images: Lab) -> None:
    ref = await _image(images)
    assert await images.ended(await images.client.call("image.delete", id=ref)) == []
    assert await images.ended(await images.client.call("image.expunge", id=ref)) == []
    assert not _is_stored(images, ref)
    assert ref not in {item.id async for item in images.client.iterate("image.list")}


async def test_the_policies(images: Lab) -> None:
    ref = await _image(images)
    await images.client.call("setting.change", name=POLICY, value="direct")
    assert await images.ended(await images.client.call("image.delete", id=ref)) == []
    assert not _is_stored(images, ref)
    kept = await _image(images)
    await images.client.call("setting.change", name=POLICY, value="never")
    assert await images.ended(await images.client.call("image.delete", id=kept)) == []
    with pytest.raises(Conflict) as caught:
        await images.client.call("image.expunge", id=kept)
    assert caught.value.code == "image.kept_for_ever"
    assert _is_stored(images, kept)
