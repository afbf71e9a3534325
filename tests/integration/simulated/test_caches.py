"""Copies of deleted images go from the hosts that have them, and from no others."""

from __future__ import annotations

import pytest

from appliance.client import wait
from tests.integration.simulated.conftest import Lab
from tests.lab.simulated.faults import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _used_image(lab: Lab) -> str:
    """An image that was copied to one host, for a machine that is gone."""
    (store,) = (await lab.client.call("image_store.list")).items
    accepted = await lab.client.call(
        "image.create",
        name="used",
        image_store_id=store.id,
        source="url",
        url="http://images.example/used",
    )
    await wait(lab.client, accepted, timeout_s=20)
    (ref,) = accepted.resource_ids
    assert await lab.ended(await lab.create("web", image_id=ref)) == []
    await lab.remove_all()
    return ref


def _having(lab: Lab, image_id: str) -> list[str]:
    return [
        host.name
        for host in lab.fleet.hosts
        if any("/cache/" in path and image_id in path for path in host.state.files)
    ]


async def test_only_hosts_with_a_copy_are_asked(lab: Lab) -> None:
    ref = await _used_image(lab)
    having = _having(lab, ref)
    assert len(having) == 1
    await wait(lab.client, await lab.client.call("image.delete", id=ref), timeout_s=20)
    await wait(lab.client, await lab.client.call("image.expunge", id=ref), timeout_s=20)
    asked = [host.name for host in lab.fleet.hosts if host.calls["image.drop_cached"]]
    assert asked == having
    assert _having(lab, ref) == []
    await lab.assert_clean()


async def test_what_cannot_be_deleted_now_is_deleted_later(lab: Lab) -> None:
    ref = await _used_image(lab)
    lab.fleet.plan.replace([Fault(kind="fail", command="image.*")])
    assert await lab.ended(await lab.client.call("image.delete", id=ref)) == []
    accepted = await lab.client.call("image.expunge", id=ref)
    assert await lab.ended(accepted) == []
    assert ref not in {item.id async for item in lab.client.iterate("image.list")}
    (left,) = (await lab.client.call("cleanup.list")).items
    assert (left.step, left.resource_name) == ("delete_image", "used")
    lab.fleet.plan.replace([])
    await lab.retry_cleanup()
    assert _having(lab, ref) == []
    assert not any(ref in path for host in lab.fleet.hosts for path in host.state.stores)
    await lab.assert_clean()
