"""Tables of machines' hardware, and of the processor that machines of a cluster have."""

from __future__ import annotations

from typing import Any

import msgspec
import peewee

from appliance.protocol.hardware import (
    ClusterCpuMode,
    CpuBaseline,
    Firmware,
    Hardware,
    NewHardware,
    VmHardware,
)
from appliance.services.infrastructure.models import ClusterRow
from appliance.store.database import Transaction
from appliance.store.fields import BaseModel, database

USUAL = Hardware()
_decode = msgspec.json.Decoder(Hardware).decode
_decode_baseline = msgspec.json.Decoder(CpuBaseline).decode


class HardwareRow(BaseModel):
    """The hardware of a machine that has not the usual one.

    `running` is what it was started with, if that was changed since.
    """

    vm_id = peewee.TextField(primary_key=True)
    settings = peewee.TextField()
    running = peewee.TextField(null=True)

    class Meta:
        table_name = "vm_hardware"


class ClusterCpuRow(BaseModel):
    """The processor of machines that follow their cluster, and what its hosts have in common.

    `compared` tells for which hosts the baseline holds.
    """

    cluster = peewee.ForeignKeyField(ClusterRow, primary_key=True, on_delete="CASCADE")
    cluster_id: str
    mode = peewee.TextField(default="baseline")
    model = peewee.TextField(default="")
    baseline = peewee.TextField(null=True)
    compared = peewee.TextField(default="")

    class Meta:
        table_name = "cluster_cpu"


def hardware_for(asked: NewHardware | None, of_image: str) -> Hardware:
    """The hardware of a new machine; `of_image` is the firmware that its image is for."""
    firmware = msgspec.convert(of_image, Firmware)
    if asked is None:
        return USUAL if firmware == USUAL.firmware else Hardware(firmware=firmware)
    values: dict[str, Any] = {name: getattr(asked, name) for name in Hardware.__struct_fields__}
    values["firmware"] = asked.firmware or firmware
    return Hardware(**values)


def hardware_of(vm_id: str) -> Hardware:
    """What a machine is to have, from its next start on; within a read or write."""
    return _one(vm_id)[0]


def running_hardware_of(vm_id: str) -> Hardware:
    """What a machine that runs was started with."""
    settings, running = _one(vm_id)
    return running or settings


def shown_hardware(settings: str | None, running: str | None, *, runs: bool) -> VmHardware:
    """A row as clients see it; a machine without one has the usual hardware."""
    if settings is None:
        return VmHardware()
    shown = _decode(settings)
    before = _decode(running) if running is not None and runs else shown
    fields = Hardware.__struct_fields__
    pending = [name for name in fields if getattr(shown, name) != getattr(before, name)]
    return VmHardware(**{name: getattr(shown, name) for name in fields}, pending=pending)


def keep_hardware(tx: Transaction, vm_id: str, wanted: Hardware, *, runs: bool) -> None:
    """Write down what a machine is to have, and what it has as long as it runs."""
    settings, running = _one(vm_id)
    kept = msgspec.json.encode(running or settings).decode() if runs else None
    tx.execute(
        "INSERT INTO vm_hardware VALUES (?, ?, ?) ON CONFLICT (vm_id) "
        "DO UPDATE SET settings = excluded.settings, running = excluded.running",
        *(vm_id, msgspec.json.encode(wanted).decode(), kept),
    )


def note_started(tx: Transaction, vm_id: str) -> None:
    """A machine has begun to run with what it was to have."""
    tx.execute("UPDATE vm_hardware SET running = NULL WHERE vm_id = ?", vm_id)


def cluster_cpu(cluster_id: str) -> tuple[ClusterCpuMode, str, CpuBaseline | None]:
    """Mode, model and baseline of a cluster; within a read or write."""
    row = database.execute_sql(
        "SELECT mode, model, baseline FROM cluster_cpu WHERE cluster_id = ?", (cluster_id,)
    ).fetchone()
    if row is None:
        return "baseline", "", None
    mode, model, baseline = row
    return mode, model, None if baseline is None else _decode_baseline(baseline)


def _one(vm_id: str) -> tuple[Hardware, Hardware | None]:
    row = database.execute_sql(
        "SELECT settings, running FROM vm_hardware WHERE vm_id = ?", (vm_id,)
    ).fetchone()
    if row is None:
        return USUAL, None
    settings, running = row
    return _decode(settings), None if running is None else _decode(running)
