"""The states of a virtual machine and what may follow what."""

from __future__ import annotations

from appliance.engine.machines import StateMachine
from appliance.protocol.resources import VmState as S

TRANSIENT = frozenset(
    {
        S.STARTING,
        S.STOPPING,
        S.REBOOTING,
        S.PAUSING,
        S.RESUMING,
        S.MIGRATING,
        S.DESTROYING,
        S.EXPUNGING,
        S.CREATED,
    }
)

_SEEN = {S.RUNNING, S.PAUSED, S.STOPPED, S.UNKNOWN}  # what libvirt may tell at any time

VM_MACHINE: StateMachine[S] = StateMachine(
    "vm",
    {
        S.CREATED: frozenset({S.STARTING, S.STOPPED, S.DESTROYING, S.ERROR}),
        S.STARTING: frozenset({S.RUNNING, S.STOPPED, S.UNKNOWN, S.DESTROYING, S.ERROR}),
        S.RUNNING: frozenset(
            {S.STOPPING, S.REBOOTING, S.PAUSING, S.MIGRATING, S.DESTROYING, *_SEEN}
        ),
        S.STOPPING: frozenset({S.DESTROYING, *_SEEN}),
        S.STOPPED: frozenset({S.STARTING, S.MIGRATING, S.DESTROYING, *_SEEN}),
        S.REBOOTING: frozenset({S.DESTROYING, *_SEEN}),
        S.PAUSING: frozenset({S.DESTROYING, *_SEEN}),
        S.PAUSED: frozenset({S.RESUMING, S.STOPPING, S.MIGRATING, S.DESTROYING, *_SEEN}),
        S.RESUMING: frozenset({S.DESTROYING, *_SEEN}),
        S.MIGRATING: frozenset(_SEEN),
        S.UNKNOWN: frozenset({S.STOPPING, S.DESTROYING, *_SEEN}),
        S.ERROR: frozenset({S.STARTING, S.DESTROYING, *_SEEN}),
        S.DESTROYING: frozenset({S.DESTROYED, *_SEEN}),
        S.DESTROYED: frozenset({S.STOPPED, S.EXPUNGING}),
        S.EXPUNGING: frozenset({S.DESTROYED}),
    },
)

# Which states allow which action of a user.
ALLOWED: dict[str, frozenset[S]] = {
    "start": frozenset({S.STOPPED, S.ERROR}),
    "stop": frozenset({S.RUNNING, S.PAUSED, S.UNKNOWN}),
    "reboot": frozenset({S.RUNNING}),
    "pause": frozenset({S.RUNNING}),
    "resume": frozenset({S.PAUSED}),
    "migrate": frozenset({S.RUNNING, S.PAUSED, S.STOPPED}),
    "attach_nic": frozenset({S.RUNNING, S.PAUSED, S.STOPPED}),
    "detach_nic": frozenset({S.RUNNING, S.STOPPED}),
    "attach_volume": frozenset({S.RUNNING, S.PAUSED, S.STOPPED}),
    "detach_volume": frozenset({S.RUNNING, S.STOPPED}),
    "resize_volume": frozenset({S.RUNNING, S.PAUSED, S.STOPPED}),
    "move_volume": frozenset({S.RUNNING, S.PAUSED, S.STOPPED}),
    "limit_volume": frozenset({S.RUNNING, S.PAUSED, S.STOPPED}),
    "attach_iso": frozenset({S.RUNNING, S.PAUSED, S.STOPPED}),
    "detach_iso": frozenset({S.RUNNING, S.PAUSED, S.STOPPED}),
    "reimage": frozenset({S.STOPPED}),
    "change_image": frozenset({S.STOPPED}),
    "export_volume": frozenset({S.RUNNING, S.PAUSED, S.STOPPED}),
    "ask_guest": frozenset({S.RUNNING}),
    "resize": frozenset({S.RUNNING, S.STOPPED}),
    "update_hardware": frozenset({S.RUNNING, S.PAUSED, S.STOPPED}),
    "take_snapshot": frozenset({S.RUNNING, S.PAUSED, S.STOPPED}),
    "revert_snapshot": frozenset({S.STOPPED}),
    "merge_snapshot": frozenset({S.RUNNING, S.PAUSED, S.STOPPED}),
    "destroy": frozenset({S.RUNNING, S.STOPPED, S.PAUSED, S.UNKNOWN, S.ERROR}),
    "recover": frozenset({S.DESTROYED}),
    "expunge": frozenset({S.DESTROYED}),
}
