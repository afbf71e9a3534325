"""What all resources have in common, as clients see them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class Resource(msgspec.Struct, kw_only=True, frozen=True):
    """What every resource has."""

    id: str
    name: str
    description: str = ""
    created_at: datetime


class Status(StrEnum):
    """What the system sees."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"


class State(StrEnum):
    """What the administrator wants."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    MAINTENANCE = "maintenance"
