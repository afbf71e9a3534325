"""Machines whose root disk is just made anew: nothing else happens to them meanwhile."""

from __future__ import annotations

from appliance.protocol.errors import Conflict
from appliance.services.compute.standing import Standing
from appliance.store.database import Transaction


def refuse_if_reimaging(tx: Transaction, vm: Standing) -> None:
    """Raises Conflict: what is accepted now would be for a disk that goes."""
    found = tx.execute(
        "SELECT 1 FROM job WHERE queue = ? AND finished_at IS NULL "
        "AND operation IN ('vm.reimage', 'vm.change_image')",
        f"vm:{vm.id}",
    )
    if found.fetchone() is not None:
        raise Conflict("vm.being_reimaged", name=vm.name)
