"""The simulated machines of one host: the same answers and events as with libvirt."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from hostagent.protocol.commands import Nothing
from hostagent.protocol.domain import (
    CdSpec,
    ConsoleParams,
    DiscParams,
    DiskParams,
    DiskSpec,
    DomainList,
    DomainReport,
    DomainSpec,
    DomainState,
    NicParams,
    Screenshot,
    ShutdownParams,
    VmRef,
)
from hostagent.protocol.link import CallContext, CommandFailed
from hostagent.protocol.streams import Stream, StreamBroken
from hostagent.storage.paths import cache_path, volume_path
from tests.lab.simulated.sharing import files_on, firmware_folder, firmware_on, others_with
from tests.lab.simulated.state import Domain, HostState, file_of

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
GREETINGS = {"vnc": b"RFB 003.008\n", "serial": b"\r\nsimulated guest\r\n"}

Tell = Callable[[DomainReport], None]


class Domains:
    """Verbs on simulated machines. `tell` sends the event of a life cycle."""

    def __init__(self, state: HostState, tell: Tell) -> None:
        self._state = state
        self._tell = tell
        self._consoles: set[asyncio.Task[None]] = set()

    async def start(self, spec: DomainSpec, _: CallContext) -> DomainReport:
        """Define and start; does nothing if the machine runs."""
        for disk in spec.disks:
            self._must_be_there(disk)
        for cd in spec.cds:
            if cd.image_id:
                self._must_be_cached(cd)
        domain = self._state.domains.get(spec.vm_id)
        if domain is not None and domain.is_active:
            return domain.report()
        self._refuse_second_writer(spec.vm_id, spec.disks)
        self.check_network(spec)
        domain = self._state.domains[spec.vm_id] = Domain(spec, DomainState.RUNNING)
        keep_firmware(self._state, spec)
        self._state.note("domain.start", spec.vm_id)
        self._say(domain.report(), times=2)  # libvirt tells of "resumed" and of "started"
        return domain.report()

    async def shut_down(self, params: ShutdownParams, context: CallContext) -> DomainReport:
        """The guest obeys at once, or never."""
        if not self._state.traits.guests_obey and self._active(params.vm_id):
            await asyncio.sleep(params.timeout_s)
            if not params.force:
                raise CommandFailed("domain.still_running", "the guest did not shut down in time")
            return await self.destroy(VmRef(vm_id=params.vm_id), context)
        return self._stop(params.vm_id, "guest_shutdown")

    async def destroy(self, params: VmRef, _: CallContext) -> DomainReport:
        """Switch the machine off."""
        return self._stop(params.vm_id, "outside")

    async def undefine(self, params: VmRef, _: CallContext) -> Nothing:
        """Forget the machine's definition."""
        domain = self._state.domains.pop(params.vm_id, None)
        if domain is not None:
            if domain.is_active:
                self._state.anomalies.append(f"{params.vm_id} was undefined while it ran")
            self._state.note("domain.undefine", params.vm_id)
            self._say(DomainReport(vm_id=params.vm_id, state=DomainState.STOPPED))
        return Nothing()

    async def reboot(self, params: VmRef, _: CallContext) -> DomainReport:
        """Restart the guest."""
        domain = self._must_run(params.vm_id)
        self._state.note("domain.reboot", params.vm_id)
        return domain.report()

    async def suspend(self, params: VmRef, _: CallContext) -> DomainReport:
        """Stop the machine's CPUs."""
        return self._turn(params.vm_id, DomainState.PAUSED, "domain.suspend")

    async def resume(self, params: VmRef, _: CallContext) -> DomainReport:
        """Let the machine's CPUs go on."""
        return self._turn(params.vm_id, DomainState.RUNNING, "domain.resume")

    async def attach_nic(self, params: NicParams, _: CallContext) -> DomainReport:
        """Plug it in; does nothing if it is there, or the machine does not run."""
        domain = self._active(params.vm_id)
        if domain is not None and params.nic not in domain.spec.nics:
            spec = replace(domain.spec, nics=[*domain.spec.nics, params.nic])
            self.check_network(spec)
            domain.spec = spec
            self._state.note("domain.attach_nic", params.nic.nic_id)
        return self._report(params.vm_id)

    async def detach_nic(self, params: NicParams, _: CallContext) -> DomainReport:
        """Pull it out; the guest lets go at once, or never."""
        domain = self._active(params.vm_id)
        if domain is not None and params.nic in domain.spec.nics:
            if not self._state.traits.guests_obey:
                raise CommandFailed("domain.nic_busy", "the guest does not let go of the NIC")
            rest = [nic for nic in domain.spec.nics if nic != params.nic]
            domain.spec = replace(domain.spec, nics=rest)
            self._state.note("domain.detach_nic", params.nic.nic_id)
        return self._report(params.vm_id)

    async def attach_disk(self, params: DiskParams, _: CallContext) -> DomainReport:
        """Plug it in; does nothing if it is there, or the machine does not run."""
        self._must_be_there(params.disk)
        domain = self._active(params.vm_id)
        if domain is not None and _disk_of(domain, params.disk) is None:
            self._refuse_second_writer(params.vm_id, [params.disk])
            places = {disk.position for disk in domain.spec.disks}
            if params.disk.position in places:
                raise CommandFailed("domain.failed", "target already exists")
            _set_disks(domain, [*domain.spec.disks, params.disk])
            self._state.note("domain.attach_disk", params.disk.volume.volume_id)
        return self._report(params.vm_id)

    async def detach_disk(self, params: DiskParams, _: CallContext) -> DomainReport:
        """Pull it out; the guest lets go at once, or never."""
        domain = self._active(params.vm_id)
        found = _disk_of(domain, params.disk) if domain is not None else None
        if domain is not None and found is not None:
            if not self._state.traits.guests_obey:
                raise CommandFailed("domain.disk_busy", "the guest does not let go of the disk")
            _set_disks(domain, [disk for disk in domain.spec.disks if disk is not found])
            self._state.note("domain.detach_disk", params.disk.volume.volume_id)
        return self._report(params.vm_id)

    async def set_disc(self, params: DiscParams, _: CallContext) -> DomainReport:
        """Another disc, or none; a guest that does not obey has locked its drives."""
        domain, cd = self._active(params.vm_id), params.cd
        if cd.image_id:
            self._must_be_cached(cd)
        if domain is None:
            return self._report(params.vm_id)
        (now,) = [one for one in domain.spec.cds if one.slot == cd.slot]
        if now.image_id == cd.image_id:
            return self._report(params.vm_id)
        if now.image_id and not params.force and not self._state.traits.guests_obey:
            raise CommandFailed("domain.tray_locked", "the tray is locked")
        cds = [replace(one, image_id=cd.image_id) if one is now else one for one in domain.spec.cds]
        domain.spec = replace(domain.spec, cds=cds)
        self._state.note("domain.set_disc", params.vm_id)
        return self._report(params.vm_id)

    async def set_disk_limits(self, params: DiskParams, _: CallContext) -> DomainReport:
        """Other limits from now on."""
        domain = self._active(params.vm_id)
        found = _disk_of(domain, params.disk) if domain is not None else None
        if domain is not None and found is not None and found.limits != params.disk.limits:
            limited = replace(found, limits=params.disk.limits)
            _set_disks(domain, [limited if one is found else one for one in domain.spec.disks])
            self._state.note("domain.set_disk_limits", params.disk.volume.volume_id)
        return self._report(params.vm_id)

    async def get(self, params: VmRef, _: CallContext) -> DomainReport:
        """How the machine stands; stopped if the host does not know it."""
        return self._report(params.vm_id)

    async def list(self, _: Nothing, __: CallContext) -> DomainList:
        """All machines that the host has defined."""
        return DomainList(domains=[item.report() for item in self._state.domains.values()])

    async def screenshot(self, params: VmRef, _: CallContext) -> Screenshot:
        """One pixel."""
        self._must_run(params.vm_id)
        return Screenshot(png=PIXEL)

    async def open_console(self, params: ConsoleParams, context: CallContext) -> Nothing:
        """A console that greets and gives back what is typed."""
        greeting = GREETINGS.get(params.kind)
        if greeting is None:
            raise CommandFailed("agent.bad_parameters", f"no console kind {params.kind!r}")
        self._must_run(params.vm_id)
        task = asyncio.create_task(_echo(context.peer.stream(params.stream_id), greeting))
        self._consoles.add(task)
        task.add_done_callback(self._consoles.discard)
        return Nothing()

    def has_open(self, path: str) -> bool:
        """Whether a machine that runs here has this file."""
        return any(
            str(volume_path(disk.volume)) == path
            for domain in self._state.domains.values()
            if domain.is_active
            for disk in domain.spec.disks
        )

    def end(self, vm_id: str, reason: str) -> None:
        """Something on the host ends a machine: `crashed`, `outside` or `guest_shutdown`."""
        self._stop(vm_id, reason)

    async def close(self) -> None:
        """Close the consoles."""
        for task in self._consoles:
            task.cancel()
        await asyncio.gather(*self._consoles, return_exceptions=True)

    def check_network(self, spec: DomainSpec) -> None:
        """libvirt refuses a NIC on a bridge that is not there; a port should be there, too."""
        networks = {item.bridge: item for item in self._state.document.networks}
        for nic in spec.nics:
            network = networks.get(nic.bridge)
            if network is None:
                message = f"Cannot get interface MTU on '{nic.bridge}': No such device"
                raise CommandFailed("domain.start_failed", message)
            if not any(port.nic_id == nic.nic_id for port in network.ports):
                self._state.anomalies.append(f"{spec.vm_id} started without its port")

    def _must_be_there(self, disk: DiskSpec) -> None:
        path = file_of(self._state, disk.volume)
        if path not in files_on(self._state, disk.volume.storage):
            raise CommandFailed("volume.missing", f"{path} does not exist", path=path)

    def _must_be_cached(self, cd: CdSpec) -> None:
        path = str(cache_path(cd.storage, cd.image_id, is_iso=True))
        if path not in files_on(self._state, cd.storage):
            raise CommandFailed("image.not_cached", f"{path} does not exist", path=path)

    def _refuse_second_writer(self, vm_id: str, disks: Sequence[DiskSpec]) -> None:
        """No service should ever ask for this, and no host does it."""
        for disk in disks:
            for other in others_with(self._state, vm_id, disk.volume):
                path = file_of(self._state, disk.volume)
                self._state.anomalies.append(f"{path} was to have a second writer, {vm_id}")
                vm = other.spec.vm_id
                raise CommandFailed("volume.in_use", f"{path} is open", path=path, vm=vm)

    def _active(self, vm_id: str) -> Domain | None:
        domain = self._state.domains.get(vm_id)
        return domain if domain is not None and domain.is_active else None

    def _must_run(self, vm_id: str) -> Domain:
        domain = self._active(vm_id)
        if domain is None:
            raise CommandFailed("domain.not_running", "the machine does not run")
        return domain

    def _stop(self, vm_id: str, reason: str) -> DomainReport:
        domain = self._active(vm_id)
        if domain is not None:
            domain.state, domain.reason = DomainState.STOPPED, reason
            self._state.note("domain.stop", vm_id)
            self._say(domain.report())
        return self._report(vm_id)

    def _turn(self, vm_id: str, state: DomainState, command: str) -> DomainReport:
        domain = self._must_run(vm_id)
        if domain.state != state:
            domain.state = state
            self._state.note(command, vm_id)
            self._say(domain.report())
        return domain.report()

    def _report(self, vm_id: str) -> DomainReport:
        domain = self._state.domains.get(vm_id)
        if domain is None:
            return DomainReport(vm_id=vm_id, state=DomainState.STOPPED)
        return domain.report()

    def _say(self, report: DomainReport, times: int = 1) -> None:
        """Events come from another thread of the agent: usually after the command's answer."""
        for _ in range(times):
            asyncio.get_running_loop().call_soon(self._tell, report)


def keep_firmware(state: HostState, spec: DomainSpec) -> None:
    """A machine that has begun to run keeps what its firmware and TPM have stored."""
    if spec.hardware.firmware != "bios" or spec.hardware.tpm:
        storage = spec.disks[0].volume.storage
        firmware_on(state, storage).add(firmware_folder(spec.vm_id, storage))


def _disk_of(domain: Domain, wanted: DiskSpec) -> DiskSpec | None:
    """The disk as the machine has it."""
    ref = wanted.volume.volume_id
    return next((disk for disk in domain.spec.disks if disk.volume.volume_id == ref), None)


def _set_disks(domain: Domain, disks: list[DiskSpec]) -> None:
    domain.spec = replace(domain.spec, disks=disks)


async def _echo(stream: Stream, greeting: bytes) -> None:
    try:
        await stream.write(greeting)
        while data := await stream.read():
            await stream.write(data)
    except StreamBroken:
        return  # the client has gone
    finally:
        stream.close()
