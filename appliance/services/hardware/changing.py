"""Machines that get other hardware: at once if they are off, at their next start if they run."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from appliance.engine.calls import Call
from appliance.protocol.hardware import Hardware
from appliance.protocol.hardware_requests import VmUpdateHardware
from appliance.services.compute.standing import check_state, load_standing
from appliance.services.hardware.models import hardware_of, keep_hardware
from appliance.services.hardware.processor import check_host
from appliance.services.hardware.rules import check_hardware
from appliance.services.parts import Parts
from appliance.store.database import Transaction


class HardwareChanges:
    """Changes what machines are to have."""

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        parts.registry.bind("vm.update_hardware", self._update)

    async def _update(self, call: Call, request: VmUpdateHardware) -> Any:
        def change(tx: Transaction) -> Any:
            vm = load_standing(tx, call.target)
            check_state(vm, "update_hardware")
            wanted = changed(hardware_of(vm.id), request)
            check_hardware(wanted, vm.cpu_count, vm.memory_bytes)
            check_host(wanted, vm.work_host_id)
            keep_hardware(tx, vm.id, wanted, runs=vm.host_id is not None)
            tx.touch("vm", vm.id)
            return self._store.kinds.render_one("vm", vm.id)

        return await self._store.write(change)


def changed(before: Hardware, request: VmUpdateHardware) -> Hardware:
    """The hardware with the fields that were given. A model is of mode custom alone."""
    given = {
        name: value
        for name in request.__struct_fields__
        if (value := getattr(request, name)) is not UNSET
    }
    if given.get("cpu_mode", "custom") != "custom" and "cpu_model" not in given:
        given["cpu_model"] = ""
    return replace(before, **given)
