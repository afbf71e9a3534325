"""The agent: its parts, the commands that they carry out, and the order of start and stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libvirt
import structlog
from msgspec.structs import replace

from hostagent import facts as facts_module
from hostagent.console.splice import Consoles
from hostagent.images import fetch, relay
from hostagent.images import service as images
from hostagent.images.export import export_volume
from hostagent.images.finish import finish
from hostagent.images.receive import receive, received
from hostagent.images.send import send
from hostagent.libvirt.capabilities import baseline, machine_facts
from hostagent.libvirt.connection import Connection
from hostagent.libvirt.discs import Discs
from hostagent.libvirt.disks import Disks
from hostagent.libvirt.domains import Domains
from hostagent.libvirt.exports import Exports
from hostagent.libvirt.foreign import Foreign
from hostagent.libvirt.guestagent import GuestAgents
from hostagent.libvirt.mirroring import Mirrors
from hostagent.libvirt.snapshots import Snapshots
from hostagent.link import enrol
from hostagent.link.dialler import Dialler
from hostagent.load import LoadMeter
from hostagent.migration.service import Migrations
from hostagent.network.manager import NetworkManager
from hostagent.network.paths.probes import PathProbes
from hostagent.probe import Verdict, verdict
from hostagent.protocol import commands as c
from hostagent.protocol.domain import DomainReport, DomainState, VmRef
from hostagent.protocol.enrolment import JoinToken
from hostagent.protocol.facts import HostFacts, MachineFacts
from hostagent.protocol.hardware import Baseline, BaselineParams
from hostagent.protocol.link import CallContext, CommandFailed, Peer
from hostagent.protocol.migration import MigrationProgress
from hostagent.protocol.storage import LeaveParams, ReleaseParams, StorageSpec, StorageStatus
from hostagent.shutdown import is_stopping
from hostagent.storage import ceph, volumes
from hostagent.storage.guard import guarded
from hostagent.storage.manager import Storages
from hostagent.storage.paths import check_path, release
from hostagent.storage.specs import keep_spec
from hostagent.storage.transferring import Transfers

JOIN_RETRY_S = 1.0
DROPS_EVERY_S = 0.5  # at most; together they cost the service less
LOAD_EVERY_S = 10.0

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class AgentConfig:
    """How an agent is started. A join token is needed once only.

    `boot_id_file` says which boot of the machine this is.
    """

    state_dir: Path
    libvirt_uri: str = "qemu:///system"
    join: str | None = None
    join_file: Path | None = None
    probe_kernel: Path | None = None
    probe_initrd: Path | None = None
    boot_id_file: Path = facts_module.BOOT_ID_FILE


class Agent:
    """One host's agent."""

    def __init__(self, config: AgentConfig) -> None:
        self._config = config
        self._folder = config.state_dir
        self._connection = Connection(
            config.libvirt_uri, on_up=self._libvirt_up, on_event=self._lifecycle
        )
        self._domains = Domains(self._connection)
        self._disks = Disks(self._domains)
        self._discs = Discs(self._domains)
        self._guests = GuestAgents(self._domains, self._folder / "frozen")
        self._snapshots = Snapshots(self._domains, self._guests)
        self._transfers = Transfers()
        self._mirrors = Mirrors(self._domains)
        self._exports = Exports(self._domains, self._guests)
        self._consoles = Consoles(self._domains)
        self._foreign = Foreign(self._connection, self._folder / "taken-over")
        self._network = NetworkManager(self._folder / "network")
        self._migrations = Migrations(
            self._domains, self._folder, self._notify_progress, self._network
        )
        self._paths = PathProbes()
        self._storages = Storages(self._folder, self._tell_storage, self._learn_storage)
        self._verdict = Verdict(accelerator="tcg", reason="no_probe_kernel")
        self._dialler: Dialler | None = None
        self._reports: set[asyncio.Task[None]] = set()
        self._telling: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Converge the network, connect to libvirt, enrol if need be, dial the service."""
        await self._network.start()
        self._connection.start()
        self._verdict = await self._probe(again=False)
        identity = enrol.load(self._folder) or await self._enrol()
        self._dialler = Dialler(self._folder, identity, self._prepare)
        self._network.rely_on(self._dialler)
        self._dialler.start()
        self._telling = [
            asyncio.create_task(self._tell_drops(self._dialler), name="dropped packets"),
            asyncio.create_task(self._tell_load(self._dialler), name="load"),
        ]
        await self._storages.start()
        log.info("agent_started", host=identity.host_id)

    async def stop(self) -> None:
        """Stop serving; machines and networks go on."""
        for task in self._telling:
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)
        if self._dialler is not None:
            await self._dialler.stop()
        await self._storages.stop()
        self._paths.stop()
        await self._migrations.stop()
        await self._consoles.stop()
        await self._connection.stop()
        await self._network.stop()

    async def _enrol(self) -> enrol.Identity:
        token = JoinToken.decode(await self._join_text())
        identity = await enrol.enrol(self._folder, token, await self._facts())
        if self._config.join_file is not None:
            self._config.join_file.unlink(missing_ok=True)
        return identity

    async def _join_text(self) -> str:
        if self._config.join is not None:
            return self._config.join
        path = self._config.join_file
        if path is None:
            raise enrol.EnrolmentFailed("this agent has not joined yet: give --join or --join-file")
        while not path.exists():  # noqa: ASYNC110 the service writes it when it is ready
            await asyncio.sleep(JOIN_RETRY_S)
        return path.read_text(encoding="ascii")

    def _prepare(self, peer: Peer) -> None:
        """Bind all commands to a new link."""
        d, i, v = self._domains, images, volumes
        peer.handle(c.HOST_FACTS, lambda _, __: self._facts())
        peer.handle(c.HOST_PROBE, lambda _, __: self._probe_again())
        peer.handle(c.HOST_BASELINE_CPU, lambda p, _: self._baseline_cpu(p))
        peer.handle(c.HOST_RELEASE, lambda _, __: self._release())
        peer.handle(c.DOMAIN_START, _plain(self._disks.start))
        peer.handle(c.DOMAIN_SHUTDOWN, _plain(d.shut_down))
        peer.handle(c.DOMAIN_DESTROY, _plain(d.destroy))
        peer.handle(c.DOMAIN_UNDEFINE, _plain(d.undefine))
        peer.handle(c.DOMAIN_REBOOT, _plain(d.reboot))
        peer.handle(c.DOMAIN_RESET, _plain(d.reset))
        peer.handle(c.DOMAIN_SUSPEND, _plain(d.suspend))
        peer.handle(c.DOMAIN_RESUME, _plain(d.resume))
        peer.handle(c.DOMAIN_ATTACH_NIC, _plain(d.attach_nic))
        peer.handle(c.DOMAIN_DETACH_NIC, _plain(d.detach_nic))
        peer.handle(c.DOMAIN_ATTACH_DISK, _plain(self._disks.attach))
        peer.handle(c.DOMAIN_DETACH_DISK, _plain(self._disks.detach))
        peer.handle(c.DOMAIN_RESIZE_DISK, _plain(self._disks.resize))
        peer.handle(c.DOMAIN_SET_DISK_LIMITS, _plain(self._disks.set_limits))
        peer.handle(c.DOMAIN_SET_DISC, _plain(self._discs.set))
        peer.handle(c.DOMAIN_GROW, _plain(d.grow))
        peer.handle(c.DOMAIN_SIZE, _plain(d.size))
        peer.handle(c.DOMAIN_FORGET, _plain(d.forget))
        peer.handle(c.DOMAIN_TAKE_KEPT, _plain(d.take_kept))
        peer.handle(c.DOMAIN_PUT_KEPT, _plain(d.put_kept))
        peer.handle(c.DOMAIN_GET, _plain(d.get))
        peer.handle(c.DOMAIN_LIST, lambda _, __: d.list())
        peer.handle(c.DOMAIN_SCREENSHOT, _plain(d.screenshot))
        peer.handle(c.GUEST_INFO, _plain(self._guests.info))
        peer.handle(c.GUEST_SET_PASSWORD, _plain(self._guests.set_password))
        self._migrations.prepare(peer)
        peer.handle(c.FOREIGN_LIST, _plain(self._foreign.list))
        peer.handle(c.FOREIGN_TAKE_DISK, self._foreign.take_disk)
        peer.handle(c.FOREIGN_TAKE_FIRMWARE, _plain(self._foreign.take_firmware))
        peer.handle(c.FOREIGN_RELEASE, _plain(self._foreign.release))
        peer.handle(c.CONSOLE_OPEN, self._consoles.open)
        peer.handle(c.STORAGE_PREPARE, _plain(self._storages.prepare))
        peer.handle(c.STORAGE_APPLY, _plain(self._storages.apply))
        peer.handle(c.STORAGE_LEAVE, lambda p, _: self._leave_storage(p))
        peer.handle(c.STORAGE_CHECK_PATH, lambda p, _: guarded(p.path, lambda: check_path(p)))
        peer.handle(c.STORAGE_RELEASE, lambda p, _: _released(p))
        peer.handle(c.VOLUME_CREATE_OVERLAY, _plain(v.create_overlay))
        peer.handle(c.VOLUME_COPY_IMAGE, v.copy_image)
        peer.handle(c.VOLUME_CREATE_EMPTY, _plain(v.create_empty))
        peer.handle(c.VOLUME_RESIZE, _plain(v.resize))
        peer.handle(c.VOLUME_DELETE, _plain(v.delete))
        peer.handle(c.VOLUME_INFO, _plain(v.info))
        peer.handle(c.VOLUME_COPY, self._snapshots.copy)
        peer.handle(c.VOLUME_TRANSFER, self._transfers.transfer)
        peer.handle(c.VOLUME_MIRROR, self._mirrors.mirror)
        peer.handle(c.VOLUME_SETTLE, self._mirrors.settle)
        peer.handle(c.VOLUME_CHAIN, _plain(self._snapshots.chain))
        peer.handle(c.SNAPSHOT_TAKE, _plain(self._snapshots.take))
        peer.handle(c.SNAPSHOT_TAKE_BACK, _plain(self._snapshots.take_back))
        peer.handle(c.SNAPSHOT_REVERT, _plain(self._snapshots.revert))
        peer.handle(c.SNAPSHOT_DROP, _plain(self._snapshots.drop))
        peer.handle(c.SNAPSHOT_MERGE, self._snapshots.merge)
        peer.handle(c.SNAPSHOT_SETTLE, _plain(self._snapshots.settle))
        peer.handle(c.IMAGE_RECEIVE, receive)
        peer.handle(c.IMAGE_RECEIVED, received)
        peer.handle(c.IMAGE_SEND, _answers_nothing(send))
        peer.handle(c.IMAGE_FETCH_URL, _answers_nothing(fetch.fetch_url))
        peer.handle(c.IMAGE_CHECK_URL, fetch.check_url)
        peer.handle(c.IMAGE_ADOPT_FILE, _answers_nothing(i.adopt_file))
        peer.handle(c.IMAGE_FINISH, finish)
        peer.handle(c.IMAGE_EXPORT_VOLUME, export_volume)
        peer.handle(c.IMAGE_EXPORT_DISK, self._exports.export_disk)
        peer.handle(c.IMAGE_DELETE, _answers_nothing(i.delete))
        peer.handle(c.IMAGE_DROP_CACHED, _answers_nothing(i.drop_cached))
        peer.handle(c.IMAGE_ENSURE_CACHED, _answers_nothing(i.ensure_cached))
        peer.handle(c.IMAGE_DESCRIBE, _plain(relay.describe))
        peer.handle(c.IMAGE_CACHE_FROM, _answers_nothing(relay.cache_from))
        peer.handle(c.NETWORK_APPLY, _plain(self._network.apply))
        peer.handle(c.NETWORK_CHECK, _plain(self._network.check))
        peer.handle(c.NETWORK_STATUS, lambda _, __: self._network.status())
        peer.handle(c.NETWORK_PROBE_LISTEN, _plain(self._paths.listen))
        peer.handle(c.NETWORK_PROBE_SEND, _plain(self._paths.send))
        peer.handle(c.NETWORK_PROBE_END, _plain(self._paths.end))
        peer.handle(c.NETWORK_RETRY, lambda _, __: self._retry_network())
        peer.handle(c.NETWORK_DROPS, _plain(self._network.count_drops))

    async def _release(self) -> c.Nothing:
        """The host leaves its cluster: nothing of its networks stays behind."""
        await self._network.remove_all()
        return c.Nothing()

    async def _retry_network(self) -> c.Nothing:
        await self._network.retry()
        return c.Nothing()

    # Storages

    async def _leave_storage(self, params: LeaveParams) -> c.Nothing:
        await self._storages.leave(params.storage, is_gone=params.is_gone)
        return c.Nothing()

    def _tell_storage(self, status: StorageStatus) -> None:
        if self._dialler is not None:
            self._dialler.notify("storage.status", status)

    async def _learn_storage(self, spec: StorageSpec) -> None:
        """Keep what is needed to reach a storage; libvirt gets the key of those that have one."""
        match spec.storage.kind:
            case "nfs":
                keep_spec(spec)
            case "ceph":
                ceph.learn(spec)
                if spec.key:
                    await self._connection.run(lambda connection: _set_secret(connection, spec))

    # Facts

    async def _facts(self) -> HostFacts:
        return await facts_module.collect(
            self._verdict,
            await self._libvirt_version(),
            await self._machine_facts(),
            self._config.boot_id_file,
        )

    async def _machine_facts(self) -> MachineFacts:
        """What machines can have here; nothing is known of it while libvirt does not answer."""
        accelerator = self._verdict.accelerator
        try:
            return await self._connection.run(lambda one: machine_facts(one, accelerator))
        except (CommandFailed, libvirt.libvirtError) as error:
            log.warning("capabilities_unreadable", reason=str(error))
            return MachineFacts()

    async def _baseline_cpu(self, params: BaselineParams) -> Baseline:
        try:
            return await self._connection.run(lambda one: baseline(one, params))
        except libvirt.libvirtError as error:
            raise CommandFailed("host.no_baseline", error.get_error_message() or "") from error

    async def _probe_again(self) -> HostFacts:
        self._verdict = await self._probe(again=True)
        return await self._facts()

    async def _probe(self, *, again: bool) -> Verdict:
        config = self._config
        return await verdict(
            config.probe_kernel,
            config.probe_initrd,
            self._folder / "kvm-verdict.json",
            await facts_module.qemu_version(),
            again=again,
        )

    async def _libvirt_version(self) -> str:
        try:
            number = await self._connection.run(lambda connection: connection.getLibVersion())
        except CommandFailed:
            return ""
        return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"

    # What libvirt tells

    def _libvirt_up(self) -> None:
        """After a reconnection anything may have changed: report every machine."""
        self._spawn(self._report_all())
        self._spawn(self._storages.learn_again())
        self._spawn(self._guests.thaw_forgotten())

    def _lifecycle(self, vm_id: str, event: int, detail: int) -> None:
        self._migrations.note(vm_id, event, detail)
        if event != libvirt.VIR_DOMAIN_EVENT_DEFINED:
            self._spawn(self._report(vm_id))

    async def _report_all(self) -> None:
        for report in (await self._domains.list()).domains:
            self._notify(report)

    async def _report(self, vm_id: str) -> None:
        """The state as it is now, not as it was when the event was sent."""
        report = await self._domains.get(VmRef(vm_id=vm_id))
        if report.state == DomainState.STOPPED and await is_stopping():
            report = replace(report, reason="host_shutdown")
        if report.state != DomainState.OTHER:
            self._notify(report)

    def _notify(self, report: DomainReport) -> None:
        if self._dialler is not None:
            self._dialler.notify("domain.state", report)

    def _notify_progress(self, progress: MigrationProgress) -> None:
        if self._dialler is not None:
            self._dialler.notify("migration.progress", progress)

    async def _tell_drops(self, dialler: Dialler) -> None:
        """Report dropped packets that somebody wants to know of, as long as there is a link."""
        while True:
            await self._network.drops.some()
            if dialler.is_linked:
                dialler.notify("network.drops", self._network.drops.take())
            await asyncio.sleep(DROPS_EVERY_S)

    async def _tell_load(self, dialler: Dialler) -> None:
        """Say every few seconds how busy the machine is."""
        meter = LoadMeter()
        while True:
            await asyncio.sleep(LOAD_EVERY_S)
            if dialler.is_linked:
                dialler.notify("host.load", meter.measure())

    def _spawn(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            try:
                await work
            except CommandFailed as error:
                log.warning("report_failed", reason=str(error))

        task = asyncio.create_task(run())
        self._reports.add(task)
        task.add_done_callback(self._reports.discard)


def _set_secret(connection: Any, spec: StorageSpec) -> None:
    secret = connection.secretDefineXML(ceph.secret_xml(spec.storage))
    secret.setValue(ceph.secret_value(spec))


async def _released(params: ReleaseParams) -> c.Nothing:
    await guarded(params.path, lambda: release(params))
    return c.Nothing()


def _plain(work: Callable[[Any], Awaitable[Any]]) -> Callable[[Any, CallContext], Awaitable[Any]]:
    """A handler for work that needs no context."""

    async def handler(params: Any, context: CallContext) -> Any:
        return await work(params) or c.Nothing()

    return handler


def _answers_nothing(
    work: Callable[[Any, CallContext], Awaitable[None]],
) -> Callable[[Any, CallContext], Awaitable[c.Nothing]]:
    async def handler(params: Any, context: CallContext) -> c.Nothing:
        await work(params, context)
        return c.Nothing()

    return handler
