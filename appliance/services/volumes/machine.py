"""The states of a volume and what may follow what."""

from __future__ import annotations

from appliance.engine.machines import StateMachine
from appliance.protocol.volumes import VolumeStatus as S

# A job works on it, or what one has left is to be cleaned up.
TRANSIENT = frozenset(
    {S.CREATING, S.ATTACHING, S.DETACHING, S.CHANGING, S.EXPUNGING}
    | {S.SNAPSHOTTING, S.REVERTING, S.MERGING, S.MOVING}
)
# It has content, or may get some, and is in nobody's hands.
RESTING = frozenset({S.NOT_MADE, S.READY})

VOLUME_MACHINE: StateMachine[S] = StateMachine(
    "volume",
    {
        S.NOT_MADE: frozenset({S.ATTACHING, S.CHANGING, S.DELETED, S.EXPUNGING}),
        S.CREATING: frozenset({S.READY}),
        S.READY: frozenset(
            {S.ATTACHING, S.DETACHING, S.CHANGING, S.DELETED, S.EXPUNGING}
            | {S.SNAPSHOTTING, S.REVERTING, S.MERGING, S.MOVING}
        ),
        S.ATTACHING: frozenset({S.READY, S.NOT_MADE}),
        S.DETACHING: frozenset({S.READY}),
        S.CHANGING: frozenset({S.READY, S.NOT_MADE}),
        S.SNAPSHOTTING: frozenset({S.READY}),
        S.REVERTING: frozenset({S.READY}),
        S.MERGING: frozenset({S.READY}),
        S.MOVING: frozenset({S.READY}),
        S.DELETED: frozenset({S.READY, S.NOT_MADE, S.EXPUNGING}),
        S.EXPUNGING: frozenset({S.READY, S.NOT_MADE, S.DELETED}),  # it was called off
    },
)
