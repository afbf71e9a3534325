"""The declarations of operations that move volumes between storages and hosts."""

from __future__ import annotations

from appliance.protocol.declaring import add, job
from appliance.protocol.moves import MoveCandidates, VolumeMove


def declare_moves() -> None:
    """Declare how volumes move, and how one learns where they could go."""
    job(
        "volume.move",
        "POST /volumes/{id}/move",
        "Move a volume to another primary storage or host, also while its machine runs",
        VolumeMove,
    )
    add(
        "volume.move_candidates",
        "GET /volumes/{id}/move-candidates",
        "Show where a volume could be moved, and why not elsewhere",
        MoveCandidates,
    )
