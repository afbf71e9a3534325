"""Everything that jobs do on hosts: how each is prepared and asked for, and by which commands.

The commands are known here and recorded by a test, so a step that is added somewhere cannot be
forgotten.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from appliance.protocol.operations import Accepted
from tests.lab.simulated.stages import MiB, Stage
from tests.lab.simulated.work import Prepare, Work, asked, fresh_id
from tests.lab.simulated.works_guests import GUEST_WORKS
from tests.lab.simulated.works_hardware import HARDWARE_WORKS
from tests.lab.simulated.works_hosts import HOST_WORKS
from tests.lab.simulated.works_moves import MOVE_WORKS
from tests.lab.simulated.works_snapshots import SNAPSHOT_WORKS
from tests.lab.simulated.works_volumes import VOLUME_WORKS


def _vm(*verbs: str, **fields: Any) -> Prepare:
    return lambda stage: stage.make_vm(*verbs, **fields)


async def _last_disk_of_image(stage: Stage) -> str:
    """A destroyed machine whose image is gone: its disk stands on the cached copy."""
    image_id = await stage.make_image()
    ref = await stage.make_vm("destroy", image_id=image_id)
    await stage.done(await stage.client.call("image.delete", id=image_id))
    await stage.done(await stage.client.call("image.expunge", id=image_id))
    return ref


async def _cached_image(stage: Stage) -> str:
    image_id = await stage.make_image()
    await stage.make_vm("destroy", "expunge", image_id=image_id)
    return image_id


async def _binned_image(stage: Stage) -> str:
    image_id = await _cached_image(stage)
    await stage.done(await stage.client.call("image.delete", id=image_id))
    return image_id


async def _zone(stage: Stage) -> str:
    await stage.make_vm()
    await stage.make_volume("detach", vm_id=stage.vm_id)
    await stage.make_vm("stop")
    await stage.make_volume(vm_id=stage.vm_id)
    return stage.zone_id


def _network_new(stage: Stage, ref: str) -> Awaitable[Accepted]:
    return stage.ask_network(ref)


def _network_attached(stage: Stage, ref: str) -> Awaitable[Accepted]:
    return stage.client.call("network.attach_cluster", id=ref, cluster_id=stage.cluster_id)


def _network_detached(stage: Stage, ref: str) -> Awaitable[Accepted]:
    return stage.client.call("network.detach_cluster", id=ref, cluster_id=stage.cluster_id)


async def _network_in_two_clusters(stage: Stage) -> str:
    ref = await stage.make_network_elsewhere()
    await stage.done(await _network_attached(stage, ref))
    return ref


def _url(stage: Stage, ref: str) -> Awaitable[Accepted]:
    return stage.ask_image(ref)


def _upload(stage: Stage, ref: str) -> Awaitable[Accepted]:
    return stage.ask_image(ref, "upload")


def _vm_with_disk_new(stage: Stage, ref: str) -> Awaitable[Accepted]:
    return stage.ask_vm(ref, data_disks=[{"size_bytes": 64 * MiB}])


def _vm_new(stage: Stage, ref: str) -> Awaitable[Accepted]:
    return stage.ask_vm(ref)


async def _vm_beside_network(stage: Stage) -> str:
    stage.side_network_id = await stage.make_network()
    return await stage.make_vm()


async def _vm_with_nics(stage: Stage) -> str:
    ref = await _vm_beside_network(stage)
    await stage.done(await _nic_new(stage, ref))
    return ref


async def _nic_new(stage: Stage, ref: str) -> Accepted:
    network_id = stage.side_network_id
    return await stage.client.call("vm.attach_nic", id=ref, network_id=network_id)


async def _nic_gone(stage: Stage, ref: str) -> Accepted:
    vm = await stage.client.call("vm.get", id=ref)
    return await stage.client.call("vm.detach_nic", id=ref, nic_id=vm.nics[-1].id)


OFF = ("domain.destroy", "domain.undefine")
RELEASED = (*OFF, "network.apply")
GONE = (*RELEASED, "volume.delete", "domain.forget")

WORKS = (
    Work(
        operation="vm.create",
        prepare=fresh_id,
        ask=_vm_new,
        commands=("image.ensure_cached", "volume.create_overlay", "network.apply", "domain.start"),
        before="gone",
        after="running",
    ),
    Work(
        operation="vm.create",
        situation="undone",
        prepare=fresh_id,
        ask=_vm_new,
        commands=GONE,
        before="gone",
        after="running",
        fails_at="domain.start",
    ),
    Work(
        operation="vm.create",
        situation="with a data disk",
        prepare=fresh_id,
        ask=_vm_with_disk_new,
        commands=("volume.create_empty",),
        before="gone",
        after="running",
    ),
    Work(
        operation="vm.create",
        situation="with a data disk, undone",
        prepare=fresh_id,
        ask=_vm_with_disk_new,
        commands=("volume.delete",),
        before="gone",
        after="running",
        fails_at="domain.start",
    ),
    Work(
        operation="vm.start",
        prepare=_vm(start=False),
        ask=asked("vm.start"),
        commands=("network.apply", "domain.start"),
        before="stopped",
        after="running",
    ),
    Work(
        operation="vm.start",
        situation="undone",
        prepare=_vm(start=False),
        ask=asked("vm.start"),
        commands=RELEASED,
        before="stopped",
        after="running",
        fails_at="domain.start",
    ),
    Work(
        operation="vm.stop",
        prepare=_vm(),
        ask=asked("vm.stop", timeout_s=1),
        commands=("domain.shutdown", *RELEASED),
        before="running",
        after="stopped",
    ),
    Work(
        operation="vm.stop",
        situation="undone",
        prepare=_vm(),
        ask=asked("vm.stop", timeout_s=1),
        commands=("domain.get",),
        before="running",
        after="stopped",
        fails_at="domain.shutdown",
    ),
    Work(
        operation="vm.reboot",
        prepare=_vm(),
        ask=asked("vm.reboot"),
        commands=("domain.reboot",),
        before="running",
        after="running",
    ),
    Work(
        operation="vm.reboot",
        situation="by force",
        prepare=_vm(),
        ask=asked("vm.reboot", force=True),
        commands=("domain.reset",),
        before="running",
        after="running",
    ),
    Work(
        operation="vm.pause",
        prepare=_vm(),
        ask=asked("vm.pause"),
        commands=("domain.suspend",),
        before="running",
        after="paused",
    ),
    Work(
        operation="vm.pause",
        situation="undone",
        prepare=_vm(),
        ask=asked("vm.pause"),
        commands=("domain.get",),
        before="running",
        after="paused",
        fails_at="domain.suspend",
    ),
    Work(
        operation="vm.resume",
        prepare=_vm("pause"),
        ask=asked("vm.resume"),
        commands=("domain.resume",),
        before="paused",
        after="running",
    ),
    Work(
        operation="vm.attach_nic",
        prepare=_vm_beside_network,
        ask=_nic_new,
        commands=("network.apply", "domain.attach_nic"),
        before="running",
        after="running",
    ),
    Work(
        operation="vm.attach_nic",
        situation="undone",
        prepare=_vm_beside_network,
        ask=_nic_new,
        commands=("domain.detach_nic",),
        before="running",
        after="running",
        fails_at="domain.attach_nic",
    ),
    Work(
        operation="vm.detach_nic",
        prepare=_vm_with_nics,
        ask=_nic_gone,
        commands=("domain.detach_nic",),
        before="running",
        after="running",
    ),
    Work(
        operation="vm.detach_nic",
        situation="undone",
        prepare=_vm_with_nics,
        ask=_nic_gone,
        commands=("domain.attach_nic",),
        before="running",
        after="running",
        fails_at="domain.detach_nic",
    ),
    *VOLUME_WORKS,
    *MOVE_WORKS,
    *GUEST_WORKS,
    *HARDWARE_WORKS,
    *HOST_WORKS,
    *SNAPSHOT_WORKS,
    Work(
        operation="vm.destroy",
        prepare=_vm(),
        ask=asked("vm.destroy"),
        commands=RELEASED,
        before="running",
        halfway=("stopped",),
        after="destroyed",
        can_cancel=False,
    ),
    Work(
        operation="vm.expunge",
        prepare=_vm("destroy"),
        ask=asked("vm.expunge"),
        commands=GONE,
        before="destroyed",
        after="gone",
        can_cancel=False,
    ),
    Work(
        operation="vm.expunge",
        situation="of the last disk of an image",
        prepare=_last_disk_of_image,
        ask=asked("vm.expunge"),
        commands=("image.drop_cached",),
        before="destroyed",
        after="gone",
        can_cancel=False,
    ),
    Work(
        operation="network.create",
        prepare=fresh_id,
        ask=_network_new,
        commands=("network.apply",),
        before="gone",
        after="enabled",
    ),
    Work(
        operation="network.create",
        situation="undone",
        prepare=fresh_id,
        ask=_network_new,
        commands=("network.apply",),
        before="gone",
        after="enabled",
        fails_at="network.apply",
    ),
    Work(
        operation="network.delete",
        prepare=lambda stage: stage.make_network(),
        ask=asked("network.delete"),
        commands=("network.apply",),
        before="enabled",
        after="gone",
    ),
    Work(
        operation="network.attach_cluster",
        prepare=lambda stage: stage.make_network_elsewhere(),
        ask=_network_attached,
        commands=("network.apply",),
        before="enabled",
        after="enabled",
    ),
    Work(
        operation="network.attach_cluster",
        situation="undone",
        prepare=lambda stage: stage.make_network_elsewhere(),
        ask=_network_attached,
        commands=("network.apply",),
        before="enabled",
        after="enabled",
        fails_at="network.apply",
    ),
    Work(
        operation="network.detach_cluster",
        prepare=_network_in_two_clusters,
        ask=_network_detached,
        commands=("network.apply",),
        before="enabled",
        after="enabled",
    ),
    Work(
        operation="image.create",
        situation="from an address",
        prepare=fresh_id,
        ask=_url,
        commands=("image.fetch_url", "image.finish"),
        before="gone",
        after="ready",
    ),
    Work(
        operation="image.create",
        situation="by upload",
        prepare=fresh_id,
        ask=_upload,
        commands=("image.receive", "image.finish"),
        before="gone",
        after="ready",
    ),
    Work(
        operation="image.create",
        situation="undone",
        prepare=fresh_id,
        ask=_url,
        commands=("image.delete",),
        before="gone",
        after="ready",
        fails_at="image.finish",
    ),
    Work(
        operation="image.expunge",
        prepare=_binned_image,
        ask=asked("image.expunge"),
        commands=("image.delete", "image.drop_cached"),
        before="deleted",
        after="gone",
        can_cancel=False,
    ),
    Work(
        operation="zone.delete",
        prepare=_zone,
        ask=asked("zone.delete"),
        commands=(
            *GONE,
            "image.delete",
            "image.drop_cached",
            "storage.leave",
            "storage.release",
            "host.release",
        ),
        before="enabled",
        after="gone",
    ),
)
# What takes two hosts: `test_migration.py` has its own matrix.
WITH_TWO_HOSTS = frozenset({"vm.migrate"})
# Jobs that reach no host, or only by those above.
WITHOUT_HOSTS = frozenset(
    {
        "host.enter_maintenance",
        "primary_storage.enter_maintenance",
        "image.delete",
        "volume.delete",
        "vm.recover",
        "vm.bulk",
        "setup.remove",
    }
)
