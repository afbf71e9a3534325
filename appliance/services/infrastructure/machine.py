"""The states of a host and what may follow what."""

from __future__ import annotations

from appliance.engine.machines import StateMachine
from appliance.protocol.hosts import HostState as S

HOST_MACHINE: StateMachine[S] = StateMachine(
    "host",
    {
        S.ENABLED: frozenset({S.DISABLED, S.PRE_MAINTENANCE}),
        S.DISABLED: frozenset({S.ENABLED, S.PRE_MAINTENANCE}),
        S.PRE_MAINTENANCE: frozenset({S.MAINTENANCE, S.ENABLED, S.DISABLED}),
        S.MAINTENANCE: frozenset({S.ENABLED, S.DISABLED}),
    },
)
