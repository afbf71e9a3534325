"""Operations on global settings, and the settings that the engine and all services share."""

from __future__ import annotations

from appliance.engine.calls import Call
from appliance.engine.settings import Setting
from appliance.protocol import requests as q
from appliance.protocol.results import (
    Setting as SettingView,
)
from appliance.protocol.results import (
    SettingList,
)
from appliance.services.parts import Parts

JOB_KEEP_DAYS = Setting(name="job.keep_days", default=30, lowest=1, highest=3650, unit="days")
AUDIT_KEEP_DAYS = Setting(name="audit.keep_days", default=365, lowest=1, highest=3650, unit="days")
VM_DELETION = Setting(
    name="recycle_bin.vm_policy", default="delay", choices=("direct", "delay", "never")
)
VM_DELETION_PERIOD_S = Setting(
    name="recycle_bin.vm_period_s",
    default=3 * 24 * 3600,
    lowest=60,
    highest=10 * 365 * 24 * 3600,
    unit="s",
)
NEW_MACHINES = Setting(
    name="security_group.new_machines", default="none", choices=("none", "default")
)
LOG_FORGED = Setting(name="network.log_forged", default=False)
IMAGE_DELETION = Setting(
    name="recycle_bin.image_policy", default="delay", choices=("direct", "delay", "never")
)
IMAGE_DELETION_PERIOD_S = Setting(
    name="recycle_bin.image_period_s",
    default=3 * 24 * 3600,
    lowest=60,
    highest=10 * 365 * 24 * 3600,
    unit="s",
)
VOLUME_DELETION = Setting(
    name="recycle_bin.volume_policy", default="delay", choices=("direct", "delay", "never")
)
VOLUME_DELETION_PERIOD_S = Setting(
    name="recycle_bin.volume_period_s",
    default=3 * 24 * 3600,
    lowest=60,
    highest=10 * 365 * 24 * 3600,
    unit="s",
)
HOST_CPU_RATIO = Setting(name="host.cpu_ratio", default=10.0, lowest=0.01, highest=1000)
HOST_MEMORY_RATIO = Setting(name="host.memory_ratio", default=1.0, lowest=0.01, highest=1000)
STORAGE_RATIO = Setting(name="primary_storage.ratio", default=1.0, lowest=0.01, highest=1000)
STORAGE_THRESHOLD = Setting(name="primary_storage.threshold", default=0.9, lowest=0.01, highest=1.0)
# libvirt's own range of ports, so that firewalls that let migrations pass need no change.
MIGRATION_PORT_FIRST = Setting(
    name="migration.port_first", default=49152, lowest=1024, highest=65535
)
MIGRATION_PORT_LAST = Setting(name="migration.port_last", default=49215, lowest=1024, highest=65535)
MIGRATION_PARALLEL = Setting(name="migration.parallel", default=2, lowest=1, highest=64)
MIGRATION_BANDWIDTH = Setting(
    name="migration.bandwidth_bytes_s", default=0, lowest=0, highest=1024**4, unit="bytes"
)
SNAPSHOT_DEPTH = Setting(name="snapshot.depth_limit", default=32, lowest=1, highest=128)
ALL = (
    JOB_KEEP_DAYS,
    AUDIT_KEEP_DAYS,
    VM_DELETION,
    VM_DELETION_PERIOD_S,
    NEW_MACHINES,
    LOG_FORGED,
    IMAGE_DELETION,
    IMAGE_DELETION_PERIOD_S,
    VOLUME_DELETION,
    VOLUME_DELETION_PERIOD_S,
    HOST_CPU_RATIO,
    HOST_MEMORY_RATIO,
    STORAGE_RATIO,
    STORAGE_THRESHOLD,
    MIGRATION_PORT_FIRST,
    MIGRATION_PORT_LAST,
    MIGRATION_PARALLEL,
    MIGRATION_BANDWIDTH,
    SNAPSHOT_DEPTH,
)


def install(parts: Parts) -> None:
    """Declare the settings and bind the operations."""
    settings = parts.settings
    settings.declare(*ALL)

    async def show(call: Call, _: q.Empty) -> SettingList:
        return SettingList(items=settings.views())

    async def change(call: Call, request: q.SettingChange) -> SettingView:
        return await settings.change(request.name, request.value)

    async def reset(call: Call, request: q.SettingReset) -> SettingView:
        return await settings.reset(request.name)

    parts.registry.bind("setting.show", show)
    parts.registry.bind("setting.change", change)
    parts.registry.bind("setting.reset", reset)
