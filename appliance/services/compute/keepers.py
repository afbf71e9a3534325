"""The host that alone has what a machine's firmware and TPM have kept; within a read or write.

Started elsewhere, the machine would have new variables and a new TPM: what its guest has sealed
by the old one would be lost.
"""

from __future__ import annotations

from appliance.protocol.errors import Conflict
from appliance.services.compute.standing import Standing
from appliance.services.hardware.keeping import only_keeper
from appliance.services.infrastructure.models import HostRow


def keeper_for(vm: Standing) -> str | None:
    """Where a machine must start because of it; None if anywhere.

    Raises Conflict if that host is away.
    """
    host_id = only_keeper(vm.id, vm.storage, vm.last_host_id)
    if host_id is None:
        return None
    host = HostRow.get_by_id(host_id)
    if not host.connected:
        raise Conflict("vm.firmware_away", name=vm.name, host=host.name)
    return host_id


def refuse_without_state(vm: Standing, host_id: str) -> None:
    """Raises Conflict if the machine is to start where its state is not."""
    keeper = keeper_for(vm)
    if keeper not in (None, host_id):
        host = HostRow.get_by_id(keeper)
        raise Conflict("vm.firmware_elsewhere", name=vm.name, host=host.name)
