"""What a simulated host does with sizes, firmware and processors of its machines."""

from __future__ import annotations

from msgspec.structs import replace

from hostagent.protocol.commands import Nothing
from hostagent.protocol.domain import VmRef
from hostagent.protocol.hardware import (
    Baseline,
    BaselineParams,
    ForgetParams,
    GrowParams,
    KeptFile,
    KeptRef,
    KeptState,
    PutKeptParams,
    Size,
)
from hostagent.protocol.link import CallContext, CommandFailed
from tests.lab.simulated.sharing import firmware_folder, firmware_on
from tests.lab.simulated.state import Domain, HostState


class Hardware:
    """Verbs of one host."""

    def __init__(self, state: HostState) -> None:
        self._state = state

    async def grow(self, params: GrowParams, _: CallContext) -> Size:
        """Give a running machine more, within what it was started with room for."""
        domain = self._running(params.vm_id)
        if domain is None:
            return Size(is_active=False)
        spec, room = domain.spec, domain.spec.hardware
        if params.cpu_count < spec.cpu_count or params.memory_bytes < spec.memory_bytes:
            self._state.anomalies.append(f"{params.vm_id} was to shrink while it ran")
            raise CommandFailed("domain.would_shrink", "it has more")
        most = (
            max(spec.cpu_count, room.max_cpu_count),
            max(spec.memory_bytes, room.max_memory_bytes),
        )
        if params.cpu_count > most[0] or params.memory_bytes > most[1]:
            self._state.anomalies.append(f"{params.vm_id} was to grow beyond its room")
            raise CommandFailed("domain.failed", "no room")
        if (spec.cpu_count, spec.memory_bytes) != (params.cpu_count, params.memory_bytes):
            domain.spec = replace(
                spec, cpu_count=params.cpu_count, memory_bytes=params.memory_bytes
            )
            self._state.note("domain.grow", params.vm_id)
        return await self.size(VmRef(vm_id=params.vm_id), _)

    async def size(self, params: VmRef, _: CallContext) -> Size:
        """How large a machine is."""
        domain = self._running(params.vm_id)
        if domain is None:
            return Size(is_active=False)
        spec = domain.spec
        return Size(is_active=True, cpu_count=spec.cpu_count, memory_bytes=spec.memory_bytes)

    async def forget(self, params: ForgetParams, _: CallContext) -> Nothing:
        """Delete what firmware and TPM have kept."""
        if self._running(params.vm_id) is not None:
            self._state.anomalies.append(f"{params.vm_id} runs, and was to lose its firmware")
        storage = params.volume.storage
        firmware_on(self._state, storage).discard(firmware_folder(params.vm_id, storage))
        return Nothing()

    async def take_kept(self, params: KeptRef, _: CallContext) -> KeptState:
        """What firmware and TPM have kept: here the name of the machine alone."""
        self._refuse_running(params.vm_id)
        storage = params.volume.storage
        there = firmware_folder(params.vm_id, storage) in firmware_on(self._state, storage)
        return KeptState(files=[_kept(params.vm_id)] if there else [])

    async def put_kept(self, params: PutKeptParams, _: CallContext) -> Nothing:
        """Have exactly this."""
        self._refuse_running(params.vm_id)
        storage = params.volume.storage
        folders = firmware_on(self._state, storage)
        folders.discard(firmware_folder(params.vm_id, storage))
        if params.files:
            if params.files != [_kept(params.vm_id)]:
                self._state.anomalies.append(f"{params.vm_id} got the state of another machine")
            folders.add(firmware_folder(params.vm_id, storage))
        return Nothing()

    def _refuse_running(self, vm_id: str) -> None:
        if self._running(vm_id) is not None:
            self._state.anomalies.append(f"{vm_id} runs, and its firmware was to be moved")
            raise CommandFailed("domain.state_in_use", "the machine runs on this host")

    async def baseline_cpu(self, params: BaselineParams, _: CallContext) -> Baseline:
        """What all processors have; here a processor is but a list of features."""
        features = [cpu.split() for cpu in params.host_cpus]
        common = set(features[0]).intersection(*features[1:])
        return Baseline(
            model="Simulated", features=dict.fromkeys(sorted(common), True), features_of=features
        )

    def _running(self, vm_id: str) -> Domain | None:
        domain = self._state.domains.get(vm_id)
        return domain if domain is not None and domain.is_active else None


def _kept(vm_id: str) -> KeptFile:
    return KeptFile(path="uefi.fd", data=vm_id.encode(), mode=0o600, owner="root", group="root")
