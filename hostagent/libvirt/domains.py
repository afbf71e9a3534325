"""Verbs on virtual machines. Each may be repeated: the second time finds the work done."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import libvirt
import structlog

from hostagent.libvirt import firmware, firmware_state
from hostagent.libvirt.blockjobs import chains_of
from hostagent.libvirt.connection import Connection
from hostagent.libvirt.drives import Drive
from hostagent.libvirt.growing import grow, size_of
from hostagent.libvirt.guesttelling import is_linked
from hostagent.libvirt.holds import is_held
from hostagent.libvirt.hotplug import UNPLUG_AGAIN_S, UNPLUG_WITHIN_S, ask_for, attach, has
from hostagent.libvirt.pictures import to_png
from hostagent.libvirt.xml import NAMESPACE, build
from hostagent.protocol.domain import (
    DomainList,
    DomainReport,
    DomainSpec,
    DomainState,
    NicParams,
    Screenshot,
    ShutdownParams,
    VmRef,
)
from hostagent.protocol.hardware import (
    ForgetParams,
    GrowParams,
    KeptRef,
    KeptState,
    PutKeptParams,
    Size,
)
from hostagent.protocol.link import CommandFailed
from hostagent.storage.driver import DiskSource
from hostagent.storage.seed import remove_seed

KEEP_STATE = libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM | libvirt.VIR_DOMAIN_UNDEFINE_KEEP_TPM
POWER_BUTTON_AGAIN_S = 10.0
AGENT_ANSWERS_WITHIN_S = 5
LOOK_EVERY_S = 0.25

# Judges the disks of a machine with this id, in the thread of libvirt.
Check = Callable[[Any, str, list[DiskSource]], None]

log = structlog.get_logger(__name__)

STATES = {
    libvirt.VIR_DOMAIN_RUNNING: DomainState.RUNNING,
    libvirt.VIR_DOMAIN_BLOCKED: DomainState.RUNNING,
    libvirt.VIR_DOMAIN_SHUTDOWN: DomainState.RUNNING,
    libvirt.VIR_DOMAIN_PAUSED: DomainState.PAUSED,
    libvirt.VIR_DOMAIN_PMSUSPENDED: DomainState.PAUSED,
    libvirt.VIR_DOMAIN_SHUTOFF: DomainState.STOPPED,
    libvirt.VIR_DOMAIN_CRASHED: DomainState.STOPPED,
}
STOP_REASONS = {
    libvirt.VIR_DOMAIN_SHUTOFF_SHUTDOWN: "guest_shutdown",
    libvirt.VIR_DOMAIN_SHUTOFF_CRASHED: "crashed",
    libvirt.VIR_DOMAIN_SHUTOFF_FAILED: "crashed",
    libvirt.VIR_DOMAIN_SHUTOFF_DESTROYED: "outside",
}


class Domains:
    """Machines of ours on this host; domains without our metadata are never touched."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def start(
        self,
        spec: DomainSpec,
        disks: list[DiskSource],
        check: Check | None = None,
        drives: Sequence[Drive] = (),
    ) -> DomainReport:
        """Define the machine as specified and start it; does nothing if it runs.

        `check` judges the further disks before: it raises CommandFailed if one is in use.
        """
        xml = build(spec, disks, drives)

        def start(connection: Any) -> DomainReport:
            domain = _find(connection, spec.vm_id)
            if domain is not None and domain.isActive():
                return _report(spec.vm_id, domain)
            firmware.prepare(spec)
            if check is not None and disks[1:]:
                check(connection, spec.vm_id, disks)
            domain = connection.defineXML(xml)
            domain.create()
            return _report(spec.vm_id, domain)

        return await self._run(start, "domain.start_failed")

    async def shut_down(self, params: ShutdownParams) -> DomainReport:
        """Press the power button until the guest has gone; force it when time is over.

        A guest that does not hear it is asked through its agent as well, if it has one.
        """
        deadline = time.monotonic() + params.timeout_s
        presses, next_press = 0, 0.0
        while time.monotonic() < deadline:
            report = await self.get(VmRef(vm_id=params.vm_id))
            if report.state == DomainState.STOPPED:
                return report
            if time.monotonic() >= next_press:
                by_agent = presses > 0 or params.timeout_s < POWER_BUTTON_AGAIN_S
                await self.on_active(params.vm_id, partial(_ask_to_go, by_agent=by_agent))
                presses, next_press = presses + 1, time.monotonic() + POWER_BUTTON_AGAIN_S
            await asyncio.sleep(LOOK_EVERY_S)
        if not params.force:
            raise CommandFailed("domain.still_running", "the guest did not shut down in time")
        return await self.destroy(VmRef(vm_id=params.vm_id))

    async def destroy(self, params: VmRef) -> DomainReport:
        """Switch the machine off."""
        await self.on_active(params.vm_id, lambda domain: domain.destroy())
        return await self.get(params)

    async def undefine(self, params: VmRef) -> None:
        """Forget the machine's definition, and what it was told at its start.

        What its firmware and TPM have kept stays.
        """

        def undefine(connection: Any) -> None:
            domain = _find(connection, params.vm_id)
            if domain is not None:
                domain.undefineFlags(KEEP_STATE)

        await self._run(undefine, "domain.undefine_failed")
        remove_seed(params.vm_id)

    async def reboot(self, params: VmRef) -> DomainReport:
        """Ask the guest to restart, by ACPI; libvirt resets it when it has shut down."""
        await self.on_active(
            params.vm_id,
            lambda domain: domain.reboot(libvirt.VIR_DOMAIN_REBOOT_ACPI_POWER_BTN),
            must_run=True,
        )
        return await self.get(params)

    async def reset(self, params: VmRef) -> DomainReport:
        """Press the reset button."""
        await self.on_active(params.vm_id, lambda domain: domain.reset(), must_run=True)
        return await self.get(params)

    async def suspend(self, params: VmRef) -> DomainReport:
        """Stop the machine's CPUs."""
        await self.on_active(params.vm_id, _suspend, must_run=True)
        return await self.get(params)

    async def resume(self, params: VmRef) -> DomainReport:
        """Let the machine's CPUs go on."""
        await self.on_active(params.vm_id, _resume, must_run=True)
        return await self.get(params)

    async def attach_nic(self, params: NicParams) -> DomainReport:
        """Plug a NIC into the machine; one that is off gets it when it starts."""
        await self.on_active(params.vm_id, lambda domain: attach(domain, params.nic))
        return await self.get(VmRef(vm_id=params.vm_id))

    async def detach_nic(self, params: NicParams) -> DomainReport:
        """Pull a NIC out of the machine: its guest is asked to let go of it.

        Raises CommandFailed if it does not within `UNPLUG_WITHIN_S`.
        """
        deadline = time.monotonic() + UNPLUG_WITHIN_S
        next_ask = 0.0
        while time.monotonic() < deadline:
            is_there = await self.on_active(params.vm_id, lambda domain: has(domain, params.nic))
            if not is_there:
                return await self.get(VmRef(vm_id=params.vm_id))
            if time.monotonic() >= next_ask:
                await self.on_active(params.vm_id, lambda domain: ask_for(domain, params.nic))
                next_ask = time.monotonic() + UNPLUG_AGAIN_S
            await asyncio.sleep(LOOK_EVERY_S)
        raise CommandFailed("domain.nic_busy", "the guest does not let go of the NIC")

    async def grow(self, params: GrowParams) -> Size:
        """Give a running machine more CPUs and memory; one that is off gets them when it starts."""
        found = await self.on_active(params.vm_id, lambda domain: grow(domain, params))
        return found or Size(is_active=False)

    async def size(self, params: VmRef) -> Size:
        """How large a machine is that runs."""
        return await self.on_active(params.vm_id, size_of) or Size(is_active=False)

    async def forget(self, params: ForgetParams) -> None:
        """Delete what the machine's firmware and TPM have kept."""
        await asyncio.to_thread(firmware.forget, params.vm_id, params.volume.storage)

    async def take_kept(self, params: KeptRef) -> KeptState:
        """What firmware and TPM of a machine have kept that does not run here."""

        def take(_: Any, domain: Any | None) -> KeptState:
            _refuse_running(domain)
            folder = firmware.folder_of(params.vm_id, params.volume.storage)
            return KeptState(files=firmware_state.take(folder))

        return await self.look(params.vm_id, take, "domain.failed")

    async def put_kept(self, params: PutKeptParams) -> None:
        """Have exactly this for a machine that does not run here."""

        def put(_: Any, domain: Any | None) -> None:
            _refuse_running(domain)
            folder = firmware.folder_of(params.vm_id, params.volume.storage)
            firmware_state.put(folder, params.files, firmware.PASSABLE)

        await self.look(params.vm_id, put, "domain.failed")

    async def get(self, params: VmRef) -> DomainReport:
        """How the machine stands; stopped if libvirt does not know it."""

        def get(connection: Any) -> DomainReport:
            domain = _find(connection, params.vm_id)
            if domain is None:
                return DomainReport(vm_id=params.vm_id, state=DomainState.STOPPED)
            return _report(params.vm_id, domain)

        return await self._run(get, "domain.unreadable")

    async def list(self) -> DomainList:
        """All machines of ours that libvirt knows."""

        def collect(connection: Any) -> DomainList:
            found = []
            for domain in connection.listAllDomains():
                vm_id = domain.UUIDString()
                if _is_ours(domain):
                    found.append(_report(vm_id, domain))
            return DomainList(domains=found)

        return await self._run(collect, "domain.unreadable")

    async def screenshot(self, params: VmRef) -> Screenshot:
        """The machine's screen as PNG."""

        def shoot(connection: Any) -> bytes:
            domain = _find(connection, params.vm_id)
            if domain is None or not domain.isActive():
                raise CommandFailed("domain.not_running", "the machine does not run")
            stream = connection.newStream()
            domain.screenshot(stream, 0)
            chunks: list[bytes] = []
            stream.recvAll(lambda _, data, chunks: chunks.append(data), chunks)
            stream.finish()
            return b"".join(chunks)

        return Screenshot(png=to_png(await self._run(shoot, "domain.no_screenshot")))

    async def open_files(self) -> list[tuple[str, set[str]]]:
        """All machines that run on this host, ours or not, with all files of their disks."""

        def collect(connection: Any) -> list[tuple[str, set[str]]]:
            found = []
            for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
                try:
                    chains = chains_of(domain.XMLDesc()).values()
                except libvirt.libvirtError as error:
                    if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:
                        raise
                    continue  # it stopped in between
                found.append((domain.name(), {path for chain in chains for path in chain}))
            return found

        return await self._run(collect, "domain.unreadable")

    async def with_domain(self, vm_id: str, closure: Callable[[Any], Any]) -> Any:
        """Run `closure(virDomain)` on a running machine."""
        return await self.on_active(vm_id, closure, must_run=True)

    async def on_active(
        self, vm_id: str, closure: Callable[[Any], Any], *, must_run: bool = False
    ) -> Any:
        """Run `closure(virDomain)` if the machine runs; None if it does not.

        With `must_run`, CommandFailed is raised then.
        """

        def act(connection: Any) -> Any:
            domain = _find(connection, vm_id)
            if domain is None or not domain.isActive():
                if must_run:
                    raise CommandFailed("domain.not_running", "the machine does not run")
                return None
            try:
                return closure(domain)
            except libvirt.libvirtError as error:
                if error.get_error_code() == libvirt.VIR_ERR_OPERATION_INVALID and not must_run:
                    return None  # it stopped in between
                raise

        return await self._run(act, "domain.failed")

    async def look(self, vm_id: str, closure: Callable[[Any, Any | None], Any], code: str) -> Any:
        """Run `closure(virConnect, virDomain)`, the latter None if libvirt does not know it.

        Raises CommandFailed with `code` for what libvirt refuses.
        """
        return await self._run(lambda found: closure(found, _find(found, vm_id)), code)

    async def _run(self, closure: Callable[[Any], Any], code: str) -> Any:
        try:
            return await self._connection.run(closure)
        except libvirt.libvirtError as error:
            raise CommandFailed(code, error.get_error_message() or str(error)) from error


def _refuse_running(domain: Any | None) -> None:
    if domain is not None and domain.isActive():
        raise CommandFailed("domain.state_in_use", "the machine runs on this host")


def _ask_to_go(domain: Any, *, by_agent: bool) -> None:
    """Press the power button; `by_agent` asks the agent in the guest as well."""
    domain.shutdownFlags(libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN)
    if not by_agent or not is_linked(domain.XMLDesc()):
        return
    domain.agentSetResponseTimeout(AGENT_ANSWERS_WITHIN_S, 0)
    try:
        domain.shutdownFlags(libvirt.VIR_DOMAIN_SHUTDOWN_GUEST_AGENT)
    except libvirt.libvirtError as error:
        # It hangs, or has just gone: whether the guest goes is looked at next.
        log.info("domain.agent_does_not_stop", reason=error.get_error_message())


def _suspend(domain: Any) -> None:
    if domain.state()[0] != libvirt.VIR_DOMAIN_PAUSED:
        domain.suspend()


def _resume(domain: Any) -> None:
    if domain.state()[0] == libvirt.VIR_DOMAIN_PAUSED:
        if is_held(domain.UUIDString()):
            raise CommandFailed("domain.held", "a disk of the machine is changing places")
        domain.resume()


def _find(connection: Any, vm_id: str) -> Any | None:
    try:
        domain = connection.lookupByUUIDString(vm_id)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None
        raise
    return domain if _is_ours(domain) else None


def _is_ours(domain: Any) -> bool:
    try:
        domain.metadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, NAMESPACE)
    except libvirt.libvirtError as error:
        missing = (libvirt.VIR_ERR_NO_DOMAIN_METADATA, libvirt.VIR_ERR_NO_DOMAIN)
        if error.get_error_code() in missing:
            return False
        raise
    return True


def _report(vm_id: str, domain: Any) -> DomainReport:
    state, detail = domain.state()
    seen = STATES.get(state, DomainState.OTHER)
    reason = STOP_REASONS.get(detail, "") if seen == DomainState.STOPPED else ""
    return DomainReport(vm_id=vm_id, state=seen, reason=reason)
