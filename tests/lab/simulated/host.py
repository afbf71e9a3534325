"""One simulated host: joins, stays linked like an agent, and carries out commands with faults."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from hostagent.link import enrol
from hostagent.link.dialler import Dialler
from hostagent.protocol import commands as c
from hostagent.protocol.domain import DomainReport, DomainState
from hostagent.protocol.drops import DropReport
from hostagent.protocol.enrolment import JoinToken
from hostagent.protocol.facts import HostFacts
from hostagent.protocol.link import CallContext, Peer
from hostagent.protocol.load import LoadReport
from hostagent.protocol.migration import MigrationProgress
from hostagent.protocol.network import NetworkDocument
from hostagent.protocol.storage import StorageRef
from hostagent.protocol.trail import TRAIL
from tests.lab.simulated.domains import Domains
from tests.lab.simulated.faults import Fault, FaultPlan, When, refusal
from tests.lab.simulated.foreign import Foreign
from tests.lab.simulated.guests import Guests
from tests.lab.simulated.hardware import Hardware
from tests.lab.simulated.migrations import Migrations, Ways, commands_of
from tests.lab.simulated.moving import Moves
from tests.lab.simulated.network import Networks
from tests.lab.simulated.paths import Paths
from tests.lab.simulated.snapshots import Snapshots
from tests.lab.simulated.state import HostState, Traits
from tests.lab.simulated.storage import Storage

Handler = Callable[[Any, CallContext], Awaitable[Any]]


class SimulatedHost:
    """Parameters: `folder` for key and certificate; `plan` says what goes wrong.

    `networks` carry out what concerns networks, simulated ones by default. `ways` are those of
    migrations between the hosts of a fleet.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        state: HostState,
        plan: FaultPlan,
        networks: Networks | None = None,
        ways: Ways | None = None,
    ) -> None:
        self.name = name
        self.id = ""
        self.state = state
        self.calls: Counter[str] = Counter()
        self.calls_of_jobs: Counter[tuple[str, str]] = Counter()  # by operation and command
        self.links = 0  # how often a link came up
        self._folder = folder
        self._plan = plan
        self._identity = enrol.load(folder)
        self._dialler: Dialler | None = None
        self._peer: Peer | None = None
        self._leaving: asyncio.Task[None] | None = None
        self.domains = Domains(state, self._tell)
        ways = {} if ways is None else ways
        self._migrations = Migrations(state, self.domains, ways, self._tell_progress)
        paths = Paths(name, state.traits.nics, state.paths)
        self._storage = Storage(state)
        self._handlers = self._bind(self._storage, networks or Networks(state), paths)
        if self._identity is not None:
            self.id = self._identity.host_id

    # Joining and leaving

    async def join(self, token: str) -> None:
        """Enrol with a join token, unless this was done before; raises EnrolmentFailed."""
        if self._identity is None:
            facts = self.state.facts(self.name)
            self._identity = await enrol.enrol(self._folder, JoinToken.decode(token), facts)
            self.id = self._identity.host_id

    def start(self) -> None:
        """Dial the service and stay linked; does nothing if it does already."""
        assert self._identity is not None, "a host joins first"
        if self._dialler is None:
            self._dialler = Dialler(self._folder, self._identity, self._prepare)
            self._dialler.start()

    async def stop(self) -> None:
        """Hang up; what is on the host stays."""
        dialler, self._dialler = self._dialler, None
        if dialler is not None:
            await dialler.stop()
        await self.domains.close()

    @property
    def is_linked(self) -> bool:
        """Whether there is a link now."""
        return self._peer is not None and not self._peer.is_lost

    def cut(self) -> None:
        """Drop the link as a power cut does: without goodbye. The host dials again."""
        if self._peer is not None:
            self._peer._writer.transport.abort()

    def tell_drops(self, report: DropReport) -> None:
        """Say that packets were thrown away."""
        assert self._dialler is not None, "a host that has hung up says nothing"
        self._dialler.notify("network.drops", report)

    async def reboot(self) -> None:
        """Lose what a machine loses when its power goes, and dial again as another boot."""
        await self.stop()
        for domain in self.state.domains.values():
            if domain.is_active:
                domain.state, domain.reason = DomainState.STOPPED, ""
        self.state.document = NetworkDocument(generation=0)
        boot_id = f"{self.state.traits.boot_id}+"
        self.state.traits = replace(self.state.traits, boot_id=boot_id)
        self.start()

    def tell_load(self, report: LoadReport) -> None:
        """Say how busy the host is."""
        assert self._dialler is not None, "a host that has hung up says nothing"
        self._dialler.notify("host.load", report)

    def set_broken(self, storage: StorageRef, *, is_broken: bool) -> None:
        """A storage hangs from now on, or answers again; the host tells of it."""
        change = self.state.broken.add if is_broken else self.state.broken.discard
        change(storage.storage_id)
        assert self._dialler is not None, "a host that has hung up says nothing"
        self._dialler.notify("storage.status", self._storage.status_of(storage))

    def change(self, traits: Traits) -> None:
        """Be another size; the service hears of it with the next link."""
        self.state.traits = traits
        self.cut()

    # Commands

    def _prepare(self, peer: Peer) -> None:
        self._peer = peer
        self.links += 1
        for name, handler in self._handlers.items():
            peer.handle(c.ALL[name], handler)

    def _bind(self, storage: Storage, networks: Networks, paths: Paths) -> dict[str, Handler]:
        d, guests, machines = self.domains, Guests(self.state), Hardware(self.state)
        snapshots, foreign = Snapshots(self.state), Foreign(self.state)
        moves = Moves(self.state)
        bound: dict[str, Handler] = {
            c.HOST_FACTS.name: self._facts,
            c.HOST_PROBE.name: self._facts,
            c.HOST_RELEASE.name: networks.release,
            c.DOMAIN_START.name: d.start,
            c.DOMAIN_SHUTDOWN.name: d.shut_down,
            c.DOMAIN_DESTROY.name: d.destroy,
            c.DOMAIN_UNDEFINE.name: d.undefine,
            c.DOMAIN_REBOOT.name: d.reboot,
            c.DOMAIN_RESET.name: d.reboot,
            c.DOMAIN_SUSPEND.name: d.suspend,
            c.DOMAIN_RESUME.name: d.resume,
            c.DOMAIN_ATTACH_NIC.name: d.attach_nic,
            c.DOMAIN_DETACH_NIC.name: d.detach_nic,
            c.DOMAIN_ATTACH_DISK.name: d.attach_disk,
            c.DOMAIN_DETACH_DISK.name: d.detach_disk,
            c.DOMAIN_GROW.name: machines.grow,
            c.DOMAIN_SIZE.name: machines.size,
            c.DOMAIN_FORGET.name: machines.forget,
            c.DOMAIN_TAKE_KEPT.name: machines.take_kept,
            c.DOMAIN_PUT_KEPT.name: machines.put_kept,
            c.HOST_BASELINE_CPU.name: machines.baseline_cpu,
            c.DOMAIN_RESIZE_DISK.name: storage.resize_disk,
            c.DOMAIN_SET_DISK_LIMITS.name: d.set_disk_limits,
            c.DOMAIN_SET_DISC.name: d.set_disc,
            c.DOMAIN_GET.name: d.get,
            c.DOMAIN_LIST.name: d.list,
            c.DOMAIN_SCREENSHOT.name: d.screenshot,
            c.CONSOLE_OPEN.name: d.open_console,
            c.FOREIGN_LIST.name: foreign.list,
            c.FOREIGN_TAKE_DISK.name: foreign.take_disk,
            c.FOREIGN_TAKE_FIRMWARE.name: foreign.take_firmware,
            c.FOREIGN_RELEASE.name: foreign.release,
            c.GUEST_INFO.name: guests.info,
            c.GUEST_SET_PASSWORD.name: guests.set_password,
            c.STORAGE_PREPARE.name: storage.prepare,
            c.STORAGE_APPLY.name: storage.apply,
            c.STORAGE_LEAVE.name: storage.leave,
            c.STORAGE_CHECK_PATH.name: storage.check_path,
            c.STORAGE_RELEASE.name: storage.release,
            c.VOLUME_CREATE_OVERLAY.name: storage.create_overlay,
            c.VOLUME_COPY_IMAGE.name: storage.copy_image,
            c.VOLUME_CREATE_EMPTY.name: storage.create_empty,
            c.VOLUME_RESIZE.name: storage.resize,
            c.VOLUME_DELETE.name: storage.delete_volume,
            c.VOLUME_INFO.name: storage.info,
            c.VOLUME_COPY.name: snapshots.copy,
            c.VOLUME_TRANSFER.name: moves.transfer,
            c.VOLUME_MIRROR.name: moves.mirror,
            c.VOLUME_SETTLE.name: moves.settle,
            c.VOLUME_LISTEN.name: moves.listen,
            c.VOLUME_SEND.name: moves.send,
            c.VOLUME_END.name: moves.end,
            c.VOLUME_CHAIN.name: snapshots.chain,
            c.SNAPSHOT_TAKE.name: snapshots.take,
            c.SNAPSHOT_TAKE_BACK.name: snapshots.take_back,
            c.SNAPSHOT_REVERT.name: snapshots.revert,
            c.SNAPSHOT_DROP.name: snapshots.drop,
            c.SNAPSHOT_MERGE.name: snapshots.merge,
            c.SNAPSHOT_SETTLE.name: snapshots.settle,
            c.IMAGE_RECEIVE.name: storage.receive,
            c.IMAGE_RECEIVED.name: storage.received,
            c.IMAGE_FETCH_URL.name: storage.fetch_url,
            c.IMAGE_CHECK_URL.name: storage.check_url,
            c.IMAGE_ADOPT_FILE.name: storage.adopt_file,
            c.IMAGE_FINISH.name: storage.finish,
            c.IMAGE_EXPORT_VOLUME.name: storage.export_volume,
            c.IMAGE_EXPORT_DISK.name: storage.export_disk,
            c.IMAGE_DELETE.name: storage.delete_image,
            c.IMAGE_DROP_CACHED.name: storage.drop_cached,
            c.IMAGE_ENSURE_CACHED.name: storage.ensure_cached,
            c.IMAGE_DESCRIBE.name: storage.describe,
            c.IMAGE_SEND.name: storage.send,
            c.IMAGE_CACHE_FROM.name: storage.cache_from,
            c.NETWORK_APPLY.name: networks.apply,
            c.NETWORK_CHECK.name: networks.check,
            c.NETWORK_STATUS.name: networks.status,
            c.NETWORK_RETRY.name: networks.retry,
            c.NETWORK_PROBE_LISTEN.name: paths.listen,
            c.NETWORK_PROBE_SEND.name: paths.send,
            c.NETWORK_PROBE_END.name: paths.end,
            c.NETWORK_DROPS.name: networks.drops,
            **commands_of(self._migrations),
        }
        return {name: self._with_faults(name, handler) for name, handler in bound.items()}

    def _with_faults(self, name: str, handler: Handler) -> Handler:
        async def carry_out(params: Any, context: CallContext) -> Any:
            self.calls[name] += 1
            trail = TRAIL.get()
            if trail is not None:
                self.calls_of_jobs[trail.operation, name] += 1
            faults = self._plan.due(self.name, name, _image_of(params))
            if not faults:
                return await handler(params, context)
            await self._strike(faults, "before")
            result = await handler(params, context)
            await self._strike(faults, "after")
            return result

        return carry_out

    async def _facts(self, _: c.Nothing, __: CallContext) -> HostFacts:
        return self.state.facts(self.name)

    async def _strike(self, faults: list[Fault], when: When) -> None:
        for fault in faults:
            if fault.when != when:
                continue
            match fault.kind:
                case "delay":
                    await self._plan.wait(fault)
                case "fail" | "sick":
                    raise refusal(fault)
                case "hang":
                    await self._plan.hang()
                case "crash":
                    self.cut()
                    await _until_cancelled()
                case "vanish":
                    self._leaving = asyncio.create_task(self.stop(), name=f"vanish {self.name}")
                    self.cut()
                    await _until_cancelled()

    def _tell_progress(self, progress: MigrationProgress) -> None:
        if self._dialler is not None:
            self._dialler.notify("migration.progress", progress)

    def _tell(self, report: DomainReport) -> None:
        if self._dialler is not None:
            self._dialler.notify("domain.state", report)


def _image_of(params: Any) -> str:
    """The image that a command's parameters are about; empty if they are about none."""
    place = getattr(params, "place", params)
    return getattr(place, "image_id", "")


async def _until_cancelled() -> None:
    """The end of the link cancels everything that it was asked for."""
    await asyncio.get_running_loop().create_future()
