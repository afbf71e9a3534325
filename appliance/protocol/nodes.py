"""Management nodes as clients see them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class NodeStatus(StrEnum):
    """Whether a management node takes part."""

    UP = "up"
    DOWN = "down"  # stopped as it should
    LOST = "lost"  # others have heard nothing of it for too long


class ManagementNode(msgspec.Struct, kw_only=True, frozen=True):
    """A node of the management service; `epoch` grows with each of its starts."""

    id: str
    name: str
    status: NodeStatus
    epoch: int
    started_at: datetime
    seen_at: datetime  # its last heartbeat
