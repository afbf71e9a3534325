"""Requests that change the hardware and the size of machines, and the processor of clusters."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from appliance.protocol import hardware as h
from appliance.protocol.requests import Id, Request


class VmUpdateHardware(Request, kw_only=True, frozen=True):
    """Change a machine's hardware; fields left out stay. A machine that runs has it from its next
    start on.
    """

    firmware: h.Firmware | UnsetType = UNSET
    tpm: bool | UnsetType = UNSET
    boot_order: h.BootOrder | UnsetType = UNSET
    cpu_mode: h.CpuMode | UnsetType = UNSET
    cpu_model: h.CpuModel | UnsetType = UNSET
    nested: bool | UnsetType = UNSET
    topology: h.CpuTopology | UnsetType | None = UNSET
    cpu_pins: h.Pins | UnsetType = UNSET
    numa: h.Cells | UnsetType = UNSET
    max_cpu_count: h.MostCpus | UnsetType = UNSET
    max_memory_bytes: h.MostMemory | UnsetType = UNSET


class VmResize(Request, kw_only=True, frozen=True):
    """Give a machine another size: an offering's, or these numbers; what is left out stays.

    One that runs only grows, within what it was started with room for.
    """

    offering_id: Id | None = None
    cpu_count: Annotated[int, Meta(ge=1, le=1024)] | None = None
    memory_bytes: Annotated[int, Meta(ge=32 * 1024**2, le=64 * 1024**4)] | None = None
