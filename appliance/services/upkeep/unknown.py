"""Machines on hosts that this cloud does not know: asked for when somebody looks."""

from __future__ import annotations

from appliance.engine.calls import Call
from appliance.hosts.links import HostLinks
from appliance.protocol import requests as q
from appliance.protocol.foreign import UnknownDisk, UnknownNic, UnknownVm, UnknownVms
from appliance.services.common import find
from appliance.services.compute.models import VmRow
from appliance.services.infrastructure.models import HostRow
from appliance.services.parts import Parts
from appliance.store.database import Store
from appliance.store.fields import tuples
from hostagent.protocol.commands import FOREIGN_LIST
from hostagent.protocol.foreign import ForeignDomain, ForeignParams


class Unknown:
    """`host.unknown_vms`."""

    def __init__(self, parts: Parts) -> None:
        self._store: Store = parts.store
        self._links: HostLinks = parts.hosts
        parts.registry.bind("host.unknown_vms", self._show)

    async def _show(self, call: Call, _: q.Empty) -> UnknownVms:
        found = await self.on_host(call.target)
        shown = [_shown(item) for item in found]
        return UnknownVms(items=sorted(shown, key=lambda one: (one.state != "running", one.name)))

    async def on_host(self, host_id: str) -> list[ForeignDomain]:
        """The unknown domains of a host; raises NotFound, or as the host answers."""

        def known() -> list[str]:
            find(HostRow, host_id, "host")
            here = (VmRow.host_id == host_id) | (VmRow.last_host_id == host_id)
            return [ref for (ref,) in tuples(VmRow.select(VmRow.id).where(here))]

        params = ForeignParams(known=await self._store.read(known))
        domains = (await self._links.call(host_id, FOREIGN_LIST, params)).domains
        marked = [item.domain_id for item in domains if item.is_ours]

        def elsewhere() -> set[str]:
            """Machines of ours that are on other hosts by now: what is left here is no machine."""
            return {ref for (ref,) in tuples(VmRow.select(VmRow.id).where(VmRow.id.in_(marked)))}

        ours = await self._store.read(elsewhere)
        return [item for item in domains if not (item.is_ours and item.domain_id in ours)]


def problems_of(domain: ForeignDomain) -> list[str]:
    """Codes of why a domain cannot be taken over, with those of its disks."""
    disks = {f"disk_{disk.problem}" for disk in domain.disks if disk.problem}
    return [*domain.problems, *sorted(disks)]


def _shown(domain: ForeignDomain) -> UnknownVm:
    return UnknownVm(
        id=domain.domain_id,
        name=domain.title or domain.name,
        state=domain.state,
        was_ours=domain.is_ours,
        cpu_count=domain.cpu_count,
        memory_bytes=domain.memory_bytes,
        disks=[
            UnknownDisk(
                path=disk.path,
                target=disk.target,
                bus=disk.bus,
                format=disk.format,
                size_bytes=disk.size_bytes,
                used_bytes=disk.used_bytes,
                backing=disk.backing,
                is_copied=not disk.is_plain,
                problem=disk.problem,
            )
            for disk in domain.disks
        ],
        nics=[UnknownNic(mac=nic.mac, source=nic.source, model=nic.model) for nic in domain.nics],
        problems=problems_of(domain),
        firmware=domain.firmware,
    )
