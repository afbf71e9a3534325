"""Agents that have used their token but never connected: they have not joined yet.

An agent may die between using its token and keeping its certificate. Until it connects, its row
therefore remembers the token as well, and whoever comes with that token gets the row again.
In between, `certificate_sha256` is `joining:<hash of the secret>:<hash of the certificate>`.
"""

from __future__ import annotations

import secrets

from appliance.services.infrastructure.models import AgentRow

PREFIX = "joining:"

UNFINISHED = AgentRow.certificate_sha256.startswith(PREFIX) | (AgentRow.certificate_sha256 == "")


def joining(secret_sha256: str, certificate_sha256: str = "") -> str:
    """What the row of an agent keeps until it connects."""
    return f"{PREFIX}{secret_sha256}:{certificate_sha256}"


def certified(kept: str, certificate_sha256: str) -> str:
    """What is kept once the agent's certificate has been issued.

    If another one with the same token has connected meanwhile, that one stays.
    """
    if not kept.startswith(PREFIX):
        return kept
    return f"{kept.rpartition(':')[0]}:{certificate_sha256}"


def unfinished_with(secret_sha256: str, since_ms: int) -> AgentRow | None:
    """The row of an agent that has used this token and never connected."""
    return AgentRow.get_or_none(
        AgentRow.certificate_sha256.startswith(joining(secret_sha256)),
        AgentRow.enrolled_at >= since_ms,
    )


def unfinished_local() -> AgentRow | None:
    """The row of this machine's own agent, if it has never connected."""
    return AgentRow.get_or_none(UNFINISHED, AgentRow.is_local)


def matches(kept: str, certificate_sha256: str) -> bool:
    """Whether this certificate is the one that was issued."""
    return secrets.compare_digest(kept.rpartition(":")[2], certificate_sha256)
