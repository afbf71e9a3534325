"""Asking the agent inside a guest, through the guest's host. Nothing of it is kept."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from appliance.engine.calls import Call
from appliance.hosts.links import HostLinks
from appliance.protocol import requests as q
from appliance.protocol.errors import ApiError
from appliance.protocol.guests import GuestInfo, VmSetPassword
from appliance.protocol.resources import VmState
from appliance.services.common import find
from appliance.services.compute.models import VmRow
from appliance.services.compute.standing import check_action
from appliance.services.parts import Parts
from appliance.store.database import Store
from hostagent.protocol import commands as c
from hostagent.protocol.domain import VmRef
from hostagent.protocol.guest import GuestPassword

R = TypeVar("R")


class GuestAgent:
    """Operations that the agent inside a guest answers."""

    def __init__(self, parts: Parts) -> None:
        self._store: Store = parts.store
        self._links: HostLinks = parts.hosts
        parts.registry.bind("vm.guest_info", self._info)
        parts.registry.bind("vm.set_password", self._set_password)

    async def _info(self, call: Call, _: q.Empty) -> GuestInfo:
        told = await self._ask(call.target, c.GUEST_INFO, VmRef(vm_id=call.target))
        return msgspec.convert(told, GuestInfo, from_attributes=True)

    async def _set_password(self, call: Call, request: VmSetPassword) -> None:
        params = GuestPassword(vm_id=call.target, user=request.user, password=request.password)
        await self._ask(call.target, c.GUEST_SET_PASSWORD, params)

    async def _ask(self, vm_id: str, command: c.Command[Any, R], params: Any) -> R:
        """Raises NotFound, Conflict if the machine does not run, and what its host answers."""
        name, host_id = await self._store.read(lambda: _running(vm_id))
        try:
            return await self._links.call(host_id, command, params)
        except ApiError as error:
            if error.code.startswith("guest."):  # hosts know no names
                error.params = {**error.params, "name": name}
            raise


def _running(vm_id: str) -> tuple[str, str]:
    """Name and host of a machine that runs; within a read."""
    vm = find(VmRow, vm_id, "vm")
    check_action(vm.name, VmState(vm.state), "ask_guest")
    assert vm.host_id is not None, "it runs"
    return vm.name, vm.host_id
