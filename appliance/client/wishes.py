"""How requests shall be carried out, as the headers that say so."""

from __future__ import annotations

from collections.abc import Sequence


def wishes(
    *,
    reason: str = "",
    after: Sequence[str] = (),
    deadline_s: float | None = None,
    priority: int = 0,
    key: str = "",
    if_match: str = "",
) -> dict[str, str]:
    """Headers for `Client.wishes`; only changing requests carry them.

    Parameters: `reason` goes into the audit log and to the hosts; `after` are ids of jobs that
    must have succeeded before; `deadline_s` takes the jobs back if they are not done by then;
    greater `priority` goes first (above 0 for administrators); `key` makes repetitions take
    effect once; `if_match` is the ETag that the resource must still have.
    """
    found = {
        "Anyun-Reason": reason,
        "Anyun-After": ",".join(after),
        "Anyun-Deadline": "" if deadline_s is None else f"{deadline_s:g}",
        "Anyun-Priority": str(priority) if priority else "",
        "Idempotency-Key": key,
        "If-Match": if_match,
    }
    return {name: value for name, value in found.items() if value}
