"""The states of an image and what may follow what."""

from __future__ import annotations

from appliance.engine.machines import StateMachine
from appliance.protocol.resources import ImageStatus as S

IMAGE_MACHINE: StateMachine[S] = StateMachine(
    "image",
    {
        S.UPLOADING: frozenset({S.CREATING}),
        S.CREATING: frozenset({S.READY}),
        S.READY: frozenset({S.DELETED, S.DELETING}),
        S.DELETED: frozenset({S.READY, S.DELETING}),
        S.ERROR: frozenset({S.DELETING}),
        S.DELETING: frozenset({S.READY, S.ERROR, S.DELETED}),  # it could not be deleted
    },
)
