"""Any sequence of operations on one volume: each snapshot keeps what it had, whatever is done.

A model says what the volume and each of its snapshots hold; after every operation what can be
read from the real files is compared with it. The order of merging is the service's own.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from msgspec.structs import replace

from appliance.protocol.ids import new_id
from appliance.services.snapshots.tree import Drop, Merge, Node, Tree
from hostagent.libvirt.snapshots import Snapshots
from hostagent.protocol import snapshots as s
from hostagent.protocol.storage import VolumeRef
from hostagent.storage import layers, nodes
from hostagent.storage.drivers import driver_for
from tests.unit.hostagent.snapshots.disks import (
    BLOCK_BYTES,
    BLOCKS,
    SIZE_BYTES,
    Content,
    context,
    read,
    taken,
    write,
)

OPERATIONS = 30
GROWTH_BLOCKS = 4


@dataclass
class Model:
    """What should be there. `kept` is by snapshot: its content and its number of blocks."""

    snapshots: Snapshots
    volume: VolumeRef
    folder: Path
    dice: random.Random
    head: Content = field(default_factory=dict)
    blocks: int = BLOCKS
    nodes: dict[str, Node] = field(default_factory=dict)
    kept: dict[str, tuple[Content, int]] = field(default_factory=dict)
    current_id: str | None = None

    @property
    def tree(self) -> Tree:
        return Tree(self.nodes.values(), self.current_id)

    def chosen(self) -> str | None:
        """One of the snapshots that people see."""
        seen = [node.id for node in self.nodes.values() if not node.is_hidden]
        return self.dice.choice(seen) if seen else None

    # What a user does

    async def write(self) -> None:
        content = {self.dice.randrange(self.blocks): self.dice.randrange(1, 256) for _ in range(4)}
        await write(self.volume, content)
        self.head |= content

    async def take(self) -> None:
        ref = new_id()
        await self.snapshots.take(taken(self.volume, ref))
        self._freeze(ref)
        self.volume = replace(self.volume, head=ref)

    async def take_back(self) -> None:
        """It was taken, the guest wrote, and then it came to nothing."""
        params = taken(self.volume, new_id())
        await self.snapshots.take(params)
        content = {self.dice.randrange(self.blocks): self.dice.randrange(1, 256)}
        await write(params.volumes[0], content)
        await self.snapshots.take_back(params)
        self.head |= content

    async def revert(self) -> None:
        ref = self.chosen()
        if ref is None:
            return
        old, head = self.volume.head, new_id()
        is_kept = self.dice.random() < 0.4
        if is_kept:
            self._freeze(new_id())
        self.volume = replace(self.volume, head=head)
        await self.snapshots.revert(s.RevertParams(volume=self.volume, node=self.nodes[ref].node))
        if not is_kept:
            await self.snapshots.drop(s.DropParams(volume=self.volume, node=old))
        content, self.blocks = self.kept[ref]
        self.head, self.current_id = dict(content), ref

    async def delete(self) -> None:
        ref = self.chosen()
        if ref is None:
            return
        node = self.nodes[ref]
        self.nodes[ref] = Node(node.id, node.parent_id, node.node, is_hidden=True)
        del self.kept[ref]
        while (work := self.tree.next_work()) is not None:
            if isinstance(work, Drop):
                params = s.DropParams(volume=self.volume, node=work.lower.node)
                await self.snapshots.drop(params)
                del self.nodes[work.lower.id]
            else:
                await self._merge(work)

    async def grow(self) -> None:
        self.blocks += GROWTH_BLOCKS
        size_bytes = self.blocks * BLOCK_BYTES
        await driver_for(self.volume.storage).resize(self.volume, size_bytes)

    async def copy(self) -> None:
        """A copy holds the same, and goes again."""
        ref = self.chosen()
        if ref is None:
            return
        content, blocks = self.kept[ref]
        target = replace(self.volume, volume_id=new_id(), head="")
        source = replace(self.volume, head=self.nodes[ref].node)
        size_bytes = (blocks + 1) * BLOCK_BYTES
        params = s.CopyParams(source=source, target=target, size_bytes=size_bytes)
        made = await self.snapshots.copy(params, context())
        assert made.size_bytes == size_bytes
        assert await read(target, "", self.folder) == content
        await driver_for(target.storage).delete(target)

    # What the service makes of it

    def _freeze(self, ref: str) -> None:
        self.nodes[ref] = Node(ref, self.current_id, self.volume.head)
        self.kept[ref] = dict(self.head), self.blocks
        self.current_id = ref

    async def _merge(self, work: Merge) -> None:
        lower, head = work.lower, self.volume.head
        upper = head if work.upper is None else work.upper.node
        fallback = lower.node if work.upper is None else None
        params = s.MergeParams(
            volume=replace(self.volume, fallback=fallback),
            lower=lower.node,
            upper=upper,
            above=self.tree.files_above(work, head),
        )
        if self.dice.random() < 0.3:  # the host's power went in the middle
            await layers.commit(params, lambda *_: None)
            for node in params.above[: self.dice.randrange(2)]:
                paths = (layers.node_path(self.volume, name) for name in (node, lower.node))
                await layers._relink(*paths)
            await self.check()
        await self.snapshots.merge(params, context())
        del self.nodes[lower.id]
        if work.upper is None:
            self.volume = replace(self.volume, head=lower.node)
            self.current_id = lower.parent_id
        else:
            self.nodes[work.upper.id] = Node(
                work.upper.id, lower.parent_id, lower.node, is_hidden=work.upper.is_hidden
            )

    async def check(self) -> None:
        """The volume, and each of its snapshots, hold what they should."""
        assert await read(self.volume, self.volume.head, self.folder) == self.head
        for ref, (content, _) in self.kept.items():
            assert await read(self.volume, self.nodes[ref].node, self.folder) == content

    async def check_files(self) -> None:
        """Files are linked as the tree says, and there are no others."""

        def file_of(ref: str | None) -> str | None:
            return None if ref is None else self.nodes[ref].node

        specs = [s.NodeSpec(node=self.volume.head, parent=file_of(self.current_id))]
        specs += [
            s.NodeSpec(node=node.node, parent=file_of(node.parent_id))
            for node in self.nodes.values()
        ]
        report = nodes.check(s.ChainParams(volume=self.volume, nodes=specs))
        assert [one for one in report.nodes if one.problem] == []
        assert report.strangers == []


@pytest.mark.parametrize("seed", [1, 2, random.randrange(10**6)])
async def test_any_sequence(
    snapshots: Snapshots, volume: VolumeRef, tmp_path: Path, seed: int
) -> None:
    assert SIZE_BYTES == BLOCKS * BLOCK_BYTES
    model = Model(snapshots, volume, tmp_path, random.Random(seed))
    verbs = (
        *(model.write, model.write, model.write, model.take, model.take, model.take),
        *(model.revert, model.revert, model.delete, model.delete, model.delete),
        *(model.grow, model.take_back, model.copy),
    )
    for _ in range(OPERATIONS):
        await model.dice.choice(verbs)()
        await model.check()
        await model.check_files()
    while model.chosen() is not None:
        await model.delete()
        await model.check()
        await model.check_files()
    assert model.nodes == {}
    assert len(nodes.files_of(volume)) == 1
