"""The steps of a migration. Each bears being repeated.

The job's data: `host_id` is the source and `destination` the other host; `disks` are those that
are copied; `resumes` whether the machine is to run, `is_emulated` whether without KVM. `where`
says, once it is known, on which of the two the machine is: until then nothing is deleted anywhere.
What undoes a step works on the host that the machine is *not* on, whichever that is, and uses
nothing but the data; later, as clean-up work, it leaves a host alone that the machine has come to
meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from msgspec import convert, structs

from appliance.engine.jobs import JobRun
from appliance.hosts.links import HostLinks
from appliance.protocol.errors import ApiError, Unavailable
from appliance.protocol.resources import Progress, VmState
from appliance.services.common import link_wait_s
from appliance.services.compute.models import VmRow
from appliance.services.compute.relay import ImageCaching
from appliance.services.compute.target import domain_spec, load_target
from appliance.services.guests.discs import store_path_of
from appliance.services.hardware import keeping
from appliance.services.migration.addresses import addresses_between
from appliance.services.migration.models import VmMigrationRow, VolumeCopyRow
from appliance.services.migration.settling import Settling
from appliance.services.migration.slots import Slots
from appliance.services.networks.documents import Documents
from appliance.services.settings import (
    MIGRATION_BANDWIDTH,
    MIGRATION_PORT_FIRST,
    MIGRATION_PORT_LAST,
)
from appliance.services.storage.caches import Caches, unneeded_copies
from appliance.services.storage.fullness import refuse_if_full
from appliance.services.storage.models import VolumeRow
from appliance.store.database import Store, Transaction
from hostagent.protocol import commands as c
from hostagent.protocol.domain import CdSpec, VmRef
from hostagent.protocol.migration import (
    CompleteParams,
    CopyParams,
    ListenParams,
    ListenResult,
    MigrationProgress,
    MigrationRef,
    RunParams,
    RunResult,
    SideReport,
)
from hostagent.protocol.storage import (
    CreateEmptyParams,
    CreateOverlayParams,
    StorageRef,
    VolumeRef,
)

CONVERGE_WAIT_S = 10.0
POST_COPY_AFTER = 2  # passes over the memory


class MigrationSteps:
    """What is done on both hosts."""

    def __init__(
        self,
        store: Store,
        links: HostLinks,
        documents: Documents,
        settings: Any,
        slots: Slots,
        caching: ImageCaching,
    ) -> None:
        self._store = store
        self._links = links
        self._documents = documents
        self._settings = settings
        self._slots = slots
        self._caches = Caches(store, links)
        self._caching = caching
        self._settling = Settling(store, links)
        self._running: dict[str, JobRun] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    # Before

    async def hold(self, run: JobRun) -> None:
        """The machine has claimed a place on both hosts since its acceptance."""

    async def release(self, run: JobRun) -> None:
        """It claims nothing any more where it is not."""
        await self._store.write(lambda tx: release(tx, run))
        self._documents.soon(_other(run))

    async def cache_image(self, run: JobRun) -> None:
        """Have on the destination what the root disk stands on."""
        image, there = run.data["image"], run.data["destination"]
        storage = convert(image["storage"], StorageRef)
        await self._caching.ensure(run, there, image["id"], image["store_path"], storage)

    async def create_disks(self, run: JobRun) -> None:
        """Make empty disks of the same sizes on the destination."""
        there = run.data["destination"]
        for disk in run.data["disks"]:
            volume = convert(disk["volume"], VolumeRef)
            if disk["on_image"]:
                params = CreateOverlayParams(
                    volume=volume, image_id=run.data["image"]["id"], size_bytes=disk["size_bytes"]
                )
                await self._call(run, there, c.VOLUME_CREATE_OVERLAY, params)
            else:
                empty = CreateEmptyParams(volume=volume, size_bytes=disk["size_bytes"])
                await self._call(run, there, c.VOLUME_CREATE_EMPTY, empty)

    async def configure_network(self, run: JobRun) -> None:
        """Have DHCP, metadata and the rules ready for the machine on the destination."""
        await self._documents.converge(run.data["destination"])

    # The migration itself

    async def migrate(self, run: JobRun) -> None:
        """Move the machine; if it has not moved, say why."""
        there = run.data["destination"]
        failure: ApiError | None = None
        if run.data.get("is_emulated") and run.data["resumes"]:
            run.note("migration.emulated", level="warning")
        hosts = [(ref, self._links.name_of(ref)) for ref in (run.data["host_id"], there)]
        async with self._slots.place(hosts, run.wait):
            self._running[run.id] = run
            try:
                await self._move(run)
            except ApiError as error:
                failure = error
            finally:
                self._running.pop(run.id, None)
            await self._settle(run)
        if run.data["where"] == "source":
            await self._refuse_if_full(run)
            raise failure or Unavailable("migration.came_back", host=self._links.name_of(there))
        params = CompleteParams(migration_id=run.id, vm_id=run.resource_id, resumes=False)
        report = await self._call(run, there, c.MIGRATION_COMPLETE, params)
        self._note_connections(run, report)

    def _note_connections(self, run: JobRun, report: SideReport) -> None:
        """Say whether the machine's open connections came along."""
        result = run.data.get("result")
        if result is None:
            return  # the service was away when it was said
        told, taken = result.get("connections"), report.connections
        if told is None or taken is None or taken < told:
            run.note("migration.connections_lost", level="warning")
        elif taken:
            host = self._links.name_of(run.data["destination"])
            run.note("migration.connections", count=taken, host=host)

    async def _listen(self, run: JobRun, received: Sequence[VolumeRef] = ()) -> ListenResult:
        """Have the destination ready."""
        there = run.data["destination"]
        addresses, spec = await self._store.read(
            lambda: (
                addresses_between(run.data["host_id"], there),
                domain_spec(load_target(run.resource_id, run.id)),
            )
        )
        await self._cache_discs(run, spec.cds)
        params = ListenParams(
            migration_id=run.id,
            vm_id=run.resource_id,
            spec=spec,
            source_host_id=run.data["host_id"],
            addresses=addresses,
            ports=(
                self._settings.get(MIGRATION_PORT_FIRST),
                self._settings.get(MIGRATION_PORT_LAST),
            ),
            received=list(received),
            post_copy=bool(run.data["options"]["post_copy"]) and not received,
        )
        return await self._call(run, there, c.MIGRATION_LISTEN, params)

    async def _move(self, run: JobRun) -> None:
        way = await self._listen(run)
        options = run.data["options"]
        limit = options["bandwidth_bytes_s"]
        params = RunParams(
            migration_id=run.id,
            vm_id=run.resource_id,
            way=way,
            mirrored=[convert(disk["volume"], VolumeRef) for disk in run.data["disks"]],
            on_base=run.data["image"] is not None,
            is_shared=run.data["is_shared"],
            auto_converge=options["auto_converge"],
            post_copy=options["post_copy"],
            bandwidth_bytes_s=self._settings.get(MIGRATION_BANDWIDTH) if limit is None else limit,
            resumes=run.data["resumes"],
        )
        result: RunResult = await self._call(
            run, run.data["host_id"], c.MIGRATION_RUN, params, code="migration.failed"
        )
        run.data["result"] = structs.asdict(result)

    async def _cache_discs(self, run: JobRun, cds: Sequence[CdSpec]) -> None:
        """Have on the destination what is in the machine's CD drives."""
        there = run.data["destination"]
        for cd in cds:
            if cd.image_id:
                path = await self._store.read(partial(store_path_of, cd.image_id))
                await self._caching.ensure(run, there, cd.image_id, path, cd.storage, is_iso=True)

    async def copy_disks(self, run: JobRun) -> None:
        """Copy the disks of a machine that is off, and compare them."""
        there = run.data["destination"]
        hosts = [(ref, self._links.name_of(ref)) for ref in (run.data["host_id"], there)]
        volumes = [convert(disk["volume"], VolumeRef) for disk in run.data["disks"]]
        async with self._slots.place(hosts, run.wait):
            way = await self._listen(run, volumes)
            params = CopyParams(
                migration_id=run.id, vm_id=run.resource_id, way=way, volumes=volumes
            )
            try:
                await self._call(
                    run, run.data["host_id"], c.MIGRATION_COPY, params, report=run.report,
                    code="migration.copy_failed",
                )  # fmt: skip
            except ApiError:
                await self._refuse_if_full(run)
                raise
        # The destination lets go of the disks.
        await self._call(run, there, c.MIGRATION_DROP, _ref(run))
        run.data |= {"where": "destination", "state": VmState.STOPPED}

    async def carry_firmware(self, run: JobRun) -> None:
        """Take along what firmware and TPM of a machine have kept that is off."""
        kept = run.data["firmware"]
        if kept["host_id"] != run.data["destination"]:
            way = {"from": kept["host_id"], "to": run.data["destination"]}
            way |= {"source": kept["volume"], "target": kept["volume"]}
            await keeping.carry(self._links, run, run.resource_id, way)

    async def forget_firmware(self, run: JobRun) -> None:
        """Delete what of it is where the machine is not."""
        kept = run.data.get("firmware")
        if kept is None:
            return
        is_there = run.data.get("where") == "destination"
        host_id = kept["host_id"] if is_there else run.data["destination"]
        stays_on = run.data["destination"] if is_there else kept["host_id"]
        if host_id == stays_on or await self._keeps_now(run, host_id):
            return
        await keeping.forget(self._links, run, run.resource_id, host_id, kept["volume"])

    async def _keeps_now(self, run: JobRun, host_id: str) -> bool:
        """Whether a later job has brought the machine to the host."""

        def look() -> bool:
            vm = VmRow.get_or_none(VmRow.id == run.resource_id)
            return vm is not None and host_id in (vm.host_id, vm.last_host_id)

        return await self._is_now_on(run, host_id) or await self._store.read(look)

    async def stay_off(self, run: JobRun) -> None:
        """The disks are what they were before: it is not said that others were made."""
        run.data |= {"where": "source", "state": VmState.STOPPED}
        if not await self._is_now_on(run, run.data["destination"]):
            await self._call(run, run.data["destination"], c.MIGRATION_DROP, _ref(run))

    async def _refuse_if_full(self, run: JobRun) -> None:
        for path in {disk["volume"]["storage"]["path"] for disk in run.data["disks"]}:
            await refuse_if_full(self._links, run, run.data["destination"], path)

    async def _settle(self, run: JobRun) -> None:
        if "where" not in run.data:
            where, state = await self._settling.settle(run)
            run.data |= {"where": where, "state": state}

    def progressed(self, _: str, progress: MigrationProgress) -> None:
        """A host tells how far a migration is."""
        run = self._running.get(progress.migration_id)
        if run is None:
            return
        done = max(0, progress.total_bytes - progress.remaining_bytes)
        numbers = structs.asdict(progress)
        details = {name: value for name, value in numbers.items() if isinstance(value, int)}
        run.progress(Progress(done=done, total=progress.total_bytes, unit="bytes", details=details))
        may_switch = run.data["options"]["post_copy"] and "post_copy" not in run.cache
        if may_switch and progress.round > POST_COPY_AFTER:
            run.cache["post_copy"] = True
            task = asyncio.create_task(self._to_post_copy(run), name="post-copy")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _to_post_copy(self, run: JobRun) -> None:
        try:
            await self._links.call(run.data["host_id"], c.MIGRATION_POST_COPY, _ref(run))
        except ApiError as error:
            run.note("migration.no_post_copy", level="warning", reason=str(error))
        else:
            run.note("migration.post_copy")

    # Back, or after it

    async def stay(self, run: JobRun) -> None:
        """Find out where the machine is. What came of it where it is not is dropped there."""
        await self._settle(run)
        if run.data["where"] == "destination":
            await self.switch(run)
            await self.leave_source(run)
        elif not await self._is_now_on(run, run.data["destination"]):
            await self._call(run, run.data["destination"], c.MIGRATION_DROP, _ref(run))
            await self.forget_firmware(run)

    async def switch(self, run: JobRun) -> None:
        """The machine is the destination's from now on: rows first, then what the networks know."""
        if run.data["before"] == VmState.STOPPED:  # without disks to copy nothing has said so yet
            run.data |= {"where": "destination", "state": VmState.STOPPED}
        await self._store.write(lambda tx: switch_rows(tx, run))
        hosts = (run.data["destination"], run.data["host_id"])
        await asyncio.gather(*(self._bring(run, host_id) for host_id in hosts))

    async def _bring(self, run: JobRun, host_id: str) -> None:
        try:
            async with asyncio.timeout(CONVERGE_WAIT_S):
                await self._documents.converge(host_id)
        except (ApiError, TimeoutError) as error:
            run.note("network.later", level="warning", reason=str(error))
            self._documents.soon(host_id)

    async def leave_source(self, run: JobRun) -> None:
        """Nothing of the machine is defined on the source any more."""
        source = run.data["host_id"]
        if not await self._is_now_on(run, source):
            ref = VmRef(vm_id=run.resource_id)
            await self._call(run, source, c.DOMAIN_DESTROY, ref)
            await self._call(run, source, c.DOMAIN_UNDEFINE, ref)
            await self.forget_firmware(run)

    async def delete_old_disks(self, run: JobRun) -> None:
        """Delete the disks where the machine was; then they claim nothing there any more."""
        await self.delete_disks(run)
        await self.forget_firmware(run)
        await self._store.write(lambda tx: release(tx, run))

    async def delete_disks(self, run: JobRun) -> None:
        """Delete the disks where the machine is not."""
        host_id = _other(run)
        if not await self._is_now_on(run, host_id):
            for disk in run.data["disks"]:
                await self._call(run, host_id, c.VOLUME_DELETE, convert(disk["volume"], VolumeRef))
        if run.data["image"] is not None:
            await self._drop_cache(run, host_id)

    async def _drop_cache(self, run: JobRun, host_id: str) -> None:
        """The last disk on the cached copy of an image that is gone takes the copy along."""
        image_id = run.data["image"]["id"]
        disk_id = run.data["disks"][0]["volume"]["volume_id"]
        copies = await self._store.read(
            lambda: unneeded_copies(host_id=host_id, image_id=image_id, but_for=disk_id)
        )
        await self._caches.drop(copies, wait_s=link_wait_s(run))

    async def _is_now_on(self, run: JobRun, host_id: str) -> bool:
        """Whether the machine is, or its disks are, on a host by now: this job, or a later one,
        brought it there, or it never left.
        """

        def look() -> bool:
            vm = VmRow.select().where(VmRow.id == run.resource_id, VmRow.host_id == host_id)
            disk = VolumeRow.select().where(
                VolumeRow.vm_id == run.resource_id, VolumeRow.host_id == host_id
            )
            return vm.exists() or disk.exists()

        return await self._store.read(look)

    async def _call(
        self, run: JobRun, host_id: str, command: c.Command[Any, Any], params: Any, **how: Any
    ) -> Any:
        return await self._links.call(
            host_id, command, params, on_wait=run.wait, wait_s=link_wait_s(run), **how
        )


def _ref(run: JobRun) -> MigrationRef:
    return MigrationRef(migration_id=run.id, vm_id=run.resource_id)


def _other(run: JobRun) -> str:
    """The host of the two that the machine is not on."""
    is_there = run.data.get("where") == "destination"
    return run.data["host_id"] if is_there else run.data["destination"]


def switch_rows(tx: Transaction, run: JobRun) -> None:
    """The machine and its disks are the destination's, in one transaction; once is enough.

    What it still has on the source claims space there until it is deleted.
    """
    source, there = run.data["host_id"], run.data["destination"]
    mine = VmMigrationRow.delete().where(
        VmMigrationRow.vm_id == run.resource_id, VmMigrationRow.job_id == run.id
    )
    if not mine.execute():
        return
    is_off = run.data["state"] == VmState.STOPPED
    VmRow.update(host_id=None if is_off else there, last_host_id=there).where(
        VmRow.id == run.resource_id
    ).execute()
    for disk in run.data["disks"]:
        ref = disk["volume"]["volume_id"]
        copy = VolumeCopyRow.get_or_none(
            VolumeCopyRow.volume_id == ref, VolumeCopyRow.job_id == run.id
        )
        if copy is None:
            continue
        VolumeCopyRow.delete().where(VolumeCopyRow.volume_id == ref).execute()
        # What was copied whole stands on no image any more: where it has zeros over what the image
        # has, a copy of what it has beyond the image would show the image.
        changes = {"host_id": there} | ({} if disk["on_image"] else {"image_id": ""})
        VolumeRow.update(**changes).where(VolumeRow.id == ref).execute()
        VolumeCopyRow.create(
            volume_id=ref,
            primary_storage_id=copy.primary_storage_id,
            host_id=source,
            size_bytes=copy.size_bytes,
            job_id=run.id,
        )
        tx.touch("volume", ref)
    tx.touch("vm", run.resource_id)
    _touch_hosts(tx, run)


def release(tx: Transaction, run: JobRun) -> None:
    """Give back what the machine claims besides: the place on the destination, and the space of
    disks where it is not.
    """
    place = VmMigrationRow.delete().where(
        VmMigrationRow.vm_id == run.resource_id, VmMigrationRow.job_id == run.id
    )
    copies = VolumeCopyRow.delete().where(VolumeCopyRow.job_id == run.id)
    if place.execute() + copies.execute():
        _touch_hosts(tx, run)


def _touch_hosts(tx: Transaction, run: JobRun) -> None:
    for host_id in (run.data["host_id"], run.data["destination"]):
        if tx.execute("SELECT 1 FROM host WHERE id = ?", host_id).fetchone():
            tx.touch("host", host_id)
