"""Which jobs this node may run when several nodes share a database.

A job belongs to the node that its row names until it is over or that node lives no more. So when
the ring changes, what runs goes on where it is, and its queue changes hands only when that is over.
"""

from __future__ import annotations

from appliance.engine.jobs import PARENT_QUEUE
from appliance.engine.models import ACTIVE, JobRow
from appliance.engine.nodes import Ownership
from appliance.store.database import Transaction


def claim(tx: Transaction, ownership: Ownership, queue: str, after: tuple[str, ...]) -> str | None:
    """The node to write into a new job: this one, or None if another is to adopt it."""
    if not ownership.others:
        return ownership.node_id
    # What a job of another node has to do with is found out when jobs are adopted.
    if after or not ownership.owns(queue) or not is_free(ownership, queue):
        return None
    return ownership.node_id


def is_free(ownership: Ownership, queue: str) -> bool:
    """Whether no other living node still runs a job of `queue`."""
    if not ownership.others:
        return True
    theirs = JobRow.select().where(
        JobRow.queue == queue, JobRow.state.in_(ACTIVE), JobRow.node_id.in_(ownership.others)
    )
    return not theirs.exists()


def adopt(tx: Transaction, ownership: Ownership) -> list[JobRow]:
    """The unfinished jobs that this node runs from here on, in the order of acceptance.

    Left out are those of other living nodes, and what comes after them in a queue or waits for
    one of them: these are looked at again at the next beat.
    """
    query = JobRow.select().where(JobRow.state.in_(ACTIVE), ~JobRow.queue.startswith(PARENT_QUEUE))
    closed: set[str] = set()  # queues
    elsewhere: set[str] = set()  # jobs
    ours = []
    for row in query.order_by(JobRow.number):
        if _is_for(row, ownership, closed) and elsewhere.isdisjoint(row.after):
            ours.append(row)
        else:
            elsewhere.add(row.id)
            closed.add(row.queue)
    for row in ours:
        if row.node_id != ownership.node_id:
            tx.execute("UPDATE job SET node_id = ? WHERE id = ?", ownership.node_id, row.id)
    return ours


def _is_for(row: JobRow, ownership: Ownership, closed: set[str]) -> bool:
    if row.node_id in ownership.others:
        return False
    is_ours = row.node_id == ownership.node_id or ownership.owns(row.queue)
    return is_ours and row.queue not in closed
