"""The management nodes that share a database: who lives, and who owns which queue.

Each node counts its own beat up; a node whose beat stands still too long is lost for the others,
who end its epoch, so that it can write no more, and share out its queues by the hash ring. Beats
are counted and not timed, because clocks of machines differ. A node that is alone owns everything
and computes nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import peewee
import structlog

from appliance.engine.ring import HashRing
from appliance.protocol.errors import Unavailable
from appliance.protocol.nodes import ManagementNode, NodeStatus
from appliance.store.database import Store, Transaction
from appliance.store.fields import BaseModel, now_ms, when
from appliance.store.kinds import ResourceKind

BEAT_EVERY_S = 5.0
LOST_AFTER_S = 30.0

log = structlog.get_logger()


class NodeRow(BaseModel):
    """A management node; `beat` grows while it lives."""

    id = peewee.TextField(primary_key=True)
    name = peewee.TextField(default="")
    status = peewee.TextField(default="down")
    epoch = peewee.BigIntegerField()
    beat = peewee.BigIntegerField(default=0)
    started_at = peewee.BigIntegerField(default=0)
    seen_at = peewee.BigIntegerField(default=0)

    class Meta:
        table_name = "management_node"


def render_nodes(rows: Sequence[NodeRow]) -> list[ManagementNode]:
    """Rows as clients see them; each beat alone tells nobody anything."""
    return [
        ManagementNode(
            id=row.id,
            name=row.name,
            status=NodeStatus(row.status),
            epoch=row.epoch,
            started_at=when(row.started_at),
            seen_at=when(row.seen_at),
        )
        for row in rows
    ]


NODE_KIND = ResourceKind(
    name="management_node",
    model=NodeRow,
    render=render_nodes,
    internal=frozenset({"beat"}),
    order="name",
    live=True,
)


class Ownership(Protocol):
    """What the runner asks about queues."""

    @property
    def node_id(self) -> str:
        """This node."""
        ...

    @property
    def others(self) -> frozenset[str]:
        """The other nodes that live."""
        ...

    def owns(self, queue: str) -> bool:
        """Whether this node runs what is in `queue`."""
        ...


class Alone:
    """The ownership of a node that shares its database with nobody."""

    node_id = ""
    others: frozenset[str] = frozenset()

    def owns(self, queue: str) -> bool:
        """Everything."""
        return True


class Nodes:
    """This node among those of its database."""

    def __init__(self, store: Store, *, name: str) -> None:
        store.kinds.add(NODE_KIND)
        self.node_id = store.node_id
        self.others: frozenset[str] = frozenset()
        self._store = store
        self._name = name
        self._ring = HashRing([self.node_id])
        self._seen: dict[str, tuple[int, float]] = {}  # node: last beat, and when it was new here
        self._changed: Callable[[], Awaitable[None]] | None = None
        self._task: asyncio.Task[None] | None = None

    def owns(self, queue: str) -> bool:
        """Whether the ring gives `queue` to this node."""
        return self._ring.owner(queue) == self.node_id

    def on_change(self, call: Callable[[], Awaitable[None]]) -> None:
        """Have `call` awaited at each beat while others live, and whenever they come or go."""
        self._changed = call

    async def start(self) -> None:
        """Join the ring and keep beating."""

        def join(tx: Transaction) -> None:
            now = now_ms()
            NodeRow.update(
                name=self._name,
                status=NodeStatus.UP,
                started_at=now,
                seen_at=now,
                beat=NodeRow.beat + 1,
            ).where(NodeRow.id == self.node_id).execute()
            tx.touch("management_node", self.node_id)

        await self._store.write(join)
        await self.beat()
        self._task = asyncio.create_task(self._forever(), name="beat")

    async def stop(self) -> None:
        """Leave the ring, so that others need not wait for this node to be lost."""
        if self._task is None:
            return
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

        def leave(tx: Transaction) -> None:
            NodeRow.update(status=NodeStatus.DOWN).where(NodeRow.id == self.node_id).execute()
            tx.touch("management_node", self.node_id)

        with contextlib.suppress(Unavailable):  # others have shut this node out already
            await self._store.write(leave)

    async def beat(self) -> None:
        """Show that this node lives, and look who else does."""
        others = await self._store.write(self._look_round)
        changed = others != self.others
        if changed:
            log.info("nodes_changed", others=sorted(others))
            self.others = others
            self._ring = HashRing([self.node_id, *others])
        if self._changed is not None and (changed or others):
            await self._changed()

    def _look_round(self, tx: Transaction) -> frozenset[str]:
        tx.execute(
            "UPDATE management_node SET beat = beat + 1, seen_at = ? WHERE id = ?",
            *(now_ms(), self.node_id),
        )
        rows = tx.execute(
            "SELECT id, beat FROM management_node WHERE status = 'up' AND id <> ?", self.node_id
        ).fetchall()
        now = time.monotonic()
        living = set()
        for ref, beat in rows:
            last, since = self._seen.get(ref, (None, now))
            if beat != last:
                self._seen[ref] = (beat, now)
                living.add(ref)
            elif now - since < LOST_AFTER_S:
                living.add(ref)
            else:
                _shut_out(tx, ref)
        return frozenset(living)

    async def _forever(self) -> None:
        while True:
            await asyncio.sleep(BEAT_EVERY_S)
            try:
                await self.beat()
            except Exception:
                log.exception("beat_failed")


def _shut_out(tx: Transaction, node_id: str) -> None:
    """Declare a node lost: with its epoch over, nothing of it gets into the database."""
    tx.execute("UPDATE fence SET epoch = epoch + 1")
    tx.execute(
        "UPDATE management_node SET status = 'lost', epoch = (SELECT epoch FROM fence) "
        "WHERE id = ?",
        node_id,
    )
    tx.touch("management_node", node_id)
    log.warning("node_lost", node=node_id)
