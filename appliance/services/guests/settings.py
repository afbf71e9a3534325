"""What a machine's guest is told at its start, as it is kept and changed."""

from __future__ import annotations

from msgspec import UNSET

from appliance.protocol.errors import InvalidInput
from appliance.protocol.guests import VmUpdate
from appliance.protocol.requests import VmCreate
from appliance.services.compute.models import VmRow
from appliance.services.guests.start_data import (
    checked_host_name,
    checked_keys,
    checked_user_data,
)
from appliance.store.database import Transaction


def check_start_data(request: VmCreate) -> None:
    """Raises InvalidInput for what no guest could read."""
    checked_keys(request.ssh_public_key)
    checked_user_data(request.user_data)
    checked_host_name(request.hostname)
    if request.hostname and request.count > 1:
        raise InvalidInput("guest.hostname_with_count", field="hostname")


def keep_settings(tx: Transaction, vm_id: str, request: VmCreate) -> None:
    """Write down how a new machine's guest is told what, if that is said."""
    if request.hostname or request.cloud_init != "auto":
        tx.execute(
            "INSERT INTO vm_guest (vm_id, hostname, cloud_init) VALUES (?, ?, ?)",
            *(vm_id, checked_host_name(request.hostname), request.cloud_init),
        )


def change_start_data(tx: Transaction, vm: VmRow, request: VmUpdate) -> None:
    """Change what is given; raises InvalidInput and then changes nothing."""
    if request.ssh_public_key is not UNSET:
        vm.ssh_public_key = checked_keys(request.ssh_public_key)
    if request.user_data is not UNSET:
        vm.user_data = checked_user_data(request.user_data)
    if request.hostname is not UNSET:
        _set(tx, vm.id, "hostname", checked_host_name(request.hostname))
    if request.cloud_init is not UNSET:
        _set(tx, vm.id, "cloud_init", request.cloud_init)


def _set(tx: Transaction, vm_id: str, column: str, value: str) -> None:
    tx.execute(
        "INSERT INTO vm_guest (vm_id, hostname, cloud_init) VALUES (?, '', 'auto') "
        "ON CONFLICT (vm_id) DO NOTHING",
        vm_id,
    )
    tx.execute(f"UPDATE vm_guest SET {column} = ? WHERE vm_id = ?", value, vm_id)  # noqa: S608 fixed names
