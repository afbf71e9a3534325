"""Whether a host can carry the hardware of a machine that comes from another one."""

from __future__ import annotations

from appliance.protocol.errors import InvalidInput
from appliance.protocol.hardware import Hardware
from appliance.protocol.migration import MigrationReason
from appliance.services.hardware import rules
from appliance.services.hardware.models import (
    USUAL,
    cluster_cpu,
    hardware_of,
    running_hardware_of,
)
from appliance.services.hardware.processor import needs
from appliance.services.infrastructure.models import AgentRow, HostRow
from hostagent.protocol.facts import HostFacts

OF_ITS_HOST = ("host_model", "host_passthrough")


class Carrying:
    """A machine as hosts must be able to carry it; one that runs has what it was started with.

    Within a read or write. `here` is the host that it comes from.
    """

    def __init__(
        self, vm_id: str, cluster_id: str, accelerator: str, here: str, *, runs: bool
    ) -> None:
        self._hardware = running_hardware_of(vm_id) if runs else hardware_of(vm_id)
        self.needs = needs(self._hardware, cluster_id)
        is_bound = accelerator == "kvm" and _is_of_its_host(self._hardware, cluster_id)
        self._is_bound = runs and is_bound
        # Most machines can go anywhere: for those no host is looked at.
        self._is_usual = self._hardware == USUAL and not self._is_bound
        self._here = None if self._is_usual else _facts(here)

    def against(self, host_id: str) -> list[MigrationReason]:
        """What of it a host cannot carry, in words; what it lacks is named."""
        facts = None if self._is_usual else _facts(host_id)
        if facts is None:
            return []
        found = []
        lacking = [name for name in self.needs if name not in facts.machine.abilities]
        if lacking:
            found.append(MigrationReason(code="lacks", params={"names": ", ".join(lacking)}))
        is_same = self._here is not None and _cpu(self._here) == _cpu(facts)
        if self._is_bound and not is_same:
            found.append(MigrationReason(code="cpu_differs"))
        try:
            rules.check_on_host(self._hardware, facts, "")
        except InvalidInput:
            found.append(MigrationReason(code="bound"))
        return found


def _is_of_its_host(hardware: Hardware, cluster_id: str) -> bool:
    """Whether its processor is that of the host that it was started on. One that runs machines
    itself counts as such: those have seen more of it than its model says.
    """
    if hardware.nested:
        return True
    if hardware.cpu_mode != "cluster":
        return hardware.cpu_mode in OF_ITS_HOST
    mode, _, baseline = cluster_cpu(cluster_id)
    return mode in OF_ITS_HOST or (mode == "baseline" and baseline is None)


def _cpu(facts: HostFacts) -> tuple[str, str]:
    return facts.cpu_model, facts.machine.host_cpu


def _facts(host_id: str) -> HostFacts | None:
    host = HostRow.get_or_none(HostRow.id == host_id)
    agent = None if host is None else AgentRow.get_or_none(AgentRow.id == host.agent_id)
    return None if agent is None else agent.facts
