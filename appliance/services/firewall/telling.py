"""Letting hosts follow when groups, rules or members change."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from appliance.services.firewall.membership import hosts_that_know
from appliance.services.networks.documents import Documents
from appliance.store.database import Transaction


def tell_hosts(tx: Transaction, documents: Documents, group_ids: Collection[str]) -> None:
    """Bring all hosts that know of these groups to their document once `tx` is on the disk.

    Before members leave, and after they came: hosts that know of a group only by them count, too.
    """
    for host_id in hosts_that_know(group_ids):
        tx.on_commit(partial(documents.soon, host_id))
    for group_id in group_ids:
        tx.touch("security_group", group_id)
