"""Several nodes on one database: who is alive, who runs what, and that the lost cannot write."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from appliance.engine import nodes as module
from appliance.engine.calls import Caller
from appliance.engine.jobs import JobDefinition, JobRun, NewJob, Step
from appliance.engine.models import CLEANUP_KIND, ENDED, JOB_KIND, JobRow
from appliance.engine.nodes import NodeRow, Nodes
from appliance.engine.ring import HashRing
from appliance.engine.runner import Runner
from appliance.protocol.errors import Unavailable
from appliance.store.database import Store, Transaction
from appliance.store.kinds import Kinds

CALLER = Caller(account_id="a", account_name="a", is_admin=True, address="")
QUEUES = [f"vm:{number}" for number in range(40)]


class Peer:
    """Everything of one node that has to do with jobs, on a database of its own or a shared one."""

    def __init__(self, path: Path, node_id: str, ran: Counter[str]) -> None:
        kinds = Kinds()
        kinds.add(JOB_KIND)
        kinds.add(CLEANUP_KIND)
        self.store = Store(path, kinds, node_id=node_id)
        self.nodes = Nodes(self.store, name=node_id)
        self.runner = Runner(self.store, ownership=self.nodes)
        self.nodes.on_change(self.runner.adopt)
        self.gate = asyncio.Event()
        self.ran = ran

        async def work(run: JobRun) -> None:
            await self.gate.wait()
            ran[run.resource_id] += 1

        self.definition = self.runner.define(
            JobDefinition(operation="test.work", steps=(Step("work", work),))
        )

    async def start(self) -> None:
        await self.store.start()
        await self.nodes.start()
        await self.runner.start()

    async def stop(self) -> None:
        await self.runner.stop()
        await self.nodes.stop()
        await self.store.stop()

    async def submit(self, queue: str) -> str:
        new = NewJob(
            definition=self.definition,
            queue=queue,
            resource_kind="test",
            resource_id=queue,
            resource_name=queue,
            data={},
        )
        accepted = await self.store.write(lambda tx: self.runner.accept(tx, CALLER, new))
        return accepted.jobs[0].id

    async def states(self) -> dict[str, str]:
        rows = await self.store.read(lambda: list(JobRow.select()))
        return {row.queue: "ended" if row.state in ENDED else row.node_id for row in rows}


@asynccontextmanager
async def peer(path: Path, node_id: str = "a") -> AsyncIterator[Peer]:
    one = Peer(path, node_id, Counter())
    await one.start()
    try:
        yield one
    finally:
        await one.stop()


def other(tx: Transaction, node_id: str = "b", beat: int = 1) -> None:
    """What a second node would write."""
    tx.execute(
        "INSERT INTO management_node (id, name, status, epoch, beat) VALUES (?, ?, 'up', 0, ?) "
        "ON CONFLICT (id) DO UPDATE SET beat = excluded.beat, status = 'up'",
        *(node_id, node_id, beat),
    )


async def until_ended(one: Peer, queues: set[str]) -> None:
    async with asyncio.timeout(20):
        while {q for q, state in (await one.states()).items() if state == "ended"} != queues:
            await asyncio.sleep(0.01)


async def test_a_node_alone_runs_everything(tmp_path: Path) -> None:
    async with peer(tmp_path / "s.db") as one:
        one.gate.set()
        for queue in QUEUES:
            await one.submit(queue)
        await until_ended(one, set(QUEUES))
        assert one.ran == Counter(QUEUES)


async def test_two_nodes_share_the_queues_and_one_takes_over_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = HashRing(["a", "b"])
    share = {queue for queue in QUEUES if ring.owner(queue) == "a"}
    assert 0 < len(share) < len(QUEUES)
    async with peer(tmp_path / "s.db") as one:
        one.gate.set()
        await one.store.write(other)
        await one.nodes.beat()
        for queue in QUEUES:
            await one.submit(queue)
        await until_ended(one, share)
        await one.nodes.beat()
        left = {queue for queue, node in (await one.states()).items() if node == ""}
        assert left == set(QUEUES) - share, "the other node's share is left to it"
        monkeypatch.setattr(module, "LOST_AFTER_S", 0.0)  # its beat stands still
        await one.nodes.beat()
        await until_ended(one, set(QUEUES))
        assert one.ran == Counter(QUEUES), "each ran once"
        rows = await one.store.read(lambda: {row.id: row.status for row in NodeRow.select()})
        assert rows == {"a": "up", "b": "lost"}


async def test_a_node_that_comes_leaves_others_what_they_run(tmp_path: Path) -> None:
    ring = HashRing(["a", "b"])
    queue = next(queue for queue in QUEUES if ring.owner(queue) == "b")
    async with peer(tmp_path / "s.db") as one:
        await one.submit(queue)
        await one.store.write(other)
        await one.nodes.beat()
        second = await one.submit(queue)  # b's by the ring, and b waits for the one that runs here
        one.gate.set()
        async with asyncio.timeout(10):
            while one.ran[queue] < 1:
                await asyncio.sleep(0.01)
        row = await one.store.read(lambda: JobRow.get(JobRow.id == second))
        assert (row.state, row.node_id) == ("queued", "")
        await one.store.write(lambda tx: tx.execute("DELETE FROM management_node WHERE id = 'b'"))
        await one.nodes.beat()
        await until_ended(one, {queue})
        assert one.ran[queue] == 2


async def test_what_another_node_runs_is_not_touched(tmp_path: Path) -> None:
    ring = HashRing(["a", "b"])
    mine = next(queue for queue in QUEUES if ring.owner(queue) == "a")
    async with peer(tmp_path / "s.db") as one:
        one.gate.set()
        await one.store.write(other)
        await one.nodes.beat()
        await one.store.write(lambda tx: tx.execute("UPDATE management_node SET beat = 9"))

        def as_if_accepted_by_b(tx: Transaction) -> None:
            tx.execute(
                "INSERT INTO job (id, operation, state, queue, resource_kind, resource_id, "
                "resource_name, account_id, reason, data, steps, created_at, node_id) VALUES "
                "('b1', 'test.work', 'running', ?, 'test', ?, '', 'a', '', '{}', '[]', 0, 'b')",
                *(mine, mine),
            )

        await one.store.write(as_if_accepted_by_b)
        behind = await one.submit(mine)
        await one.nodes.beat()
        row = await one.store.read(lambda: JobRow.get(JobRow.id == behind))
        assert (row.state, one.ran[mine]) == ("queued", 0), "it waits for b's job"
        await one.store.write(
            lambda tx: tx.execute("UPDATE job SET state = 'succeeded' WHERE id = 'b1'")
        )
        await one.nodes.beat()
        await until_ended(one, {mine})
        assert one.ran[mine] == 1


async def test_a_node_that_others_lost_cannot_write(tmp_path: Path) -> None:
    async with peer(tmp_path / "s.db") as one:

        def shut_out(tx: Transaction) -> None:
            module._shut_out(tx, "a")

        await one.store.write(shut_out)
        with pytest.raises(Unavailable) as caught:
            await one.submit("vm:1")
        assert caught.value.code == "node.fenced"
        assert one.store.fenced.is_set()


async def test_who_stops_leaves_at_once(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    async with peer(path):
        pass
    async with peer(path, "b") as second:
        assert second.nodes.others == frozenset()
        rows = await second.store.read(lambda: {row.id: row.status for row in NodeRow.select()})
        assert rows == {"a": "down", "b": "up"}
