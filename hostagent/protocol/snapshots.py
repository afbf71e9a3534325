"""Snapshots of volumes: parameters and results.

On storages with files a volume is a chain of them. Each is a *node*, named as in `VolumeRef.head`
("" is the first one). The head is written to; the others are frozen: what a snapshot keeps.
"""

import msgspec

from hostagent.protocol.storage import VolumeRef


class TakeParams(msgspec.Struct, kw_only=True, frozen=True):
    """Freeze the heads of `volumes`, all at one instant, and go on writing to new ones.

    Each volume's `head` is its new node, its `fallback` the one that is frozen. `vm_id` is the
    machine that has them, "" if none has; `is_paused` says that it shall stay paused. With
    `quiesce`, the guest's file systems are frozen meanwhile if its agent answers.
    """

    volumes: list[VolumeRef]
    vm_id: str = ""
    is_paused: bool = False
    quiesce: bool = True


class Frozen(msgspec.Struct, kw_only=True, frozen=True):
    """A node that was frozen: what its volume shows to guests, and what it takes itself."""

    volume_id: str
    size_bytes: int
    used_bytes: int


class TakeResult(msgspec.Struct, kw_only=True, frozen=True):
    """`is_quiesced`: the guest's file systems were frozen."""

    frozen: list[Frozen]
    is_quiesced: bool = False


class RevertParams(msgspec.Struct, kw_only=True, frozen=True):
    """Make an empty head (`volume.head`) on `node`, for a volume that no machine has open."""

    volume: VolumeRef
    node: str


class DropParams(msgspec.Struct, kw_only=True, frozen=True):
    """Delete a node on which none stands, of a volume with this head; it may be gone."""

    volume: VolumeRef
    node: str


class MergeParams(msgspec.Struct, kw_only=True, frozen=True):
    """Bring the content of the node `upper` into `lower`, which then takes its place.

    `upper` alone stands on `lower`; what stands on `upper` (`above`) stands on `lower` then. If
    `upper` is the volume's head, `lower` is its `fallback`. `vm_id` is the machine that has the
    volume, "" if none has; `is_paused` says that it shall stay paused.
    """

    volume: VolumeRef
    lower: str
    upper: str
    above: list[str]
    vm_id: str = ""
    is_paused: bool = False


class MergeResult(msgspec.Struct, kw_only=True, frozen=True):
    """What `lower` takes now."""

    used_bytes: int


class SettleParams(msgspec.Struct, kw_only=True, frozen=True):
    """Stop merging, and say which nodes of a volume are left: its `head` is the `fallback` if
    there is none of that name.
    """

    volume: VolumeRef
    vm_id: str = ""
    is_paused: bool = False


class SettleResult(msgspec.Struct, kw_only=True, frozen=True):
    """The nodes of the volume."""

    nodes: list[str]


class CopyParams(msgspec.Struct, kw_only=True, frozen=True):
    """Make the volume `target` of a frozen node: `source.head`. It shares nothing with it."""

    source: VolumeRef
    target: VolumeRef
    size_bytes: int


class NodeSpec(msgspec.Struct, kw_only=True, frozen=True):
    """A node as it should be: it stands on `parent`, or on no node of its volume (None)."""

    node: str
    parent: str | None = None


class ChainParams(msgspec.Struct, kw_only=True, frozen=True):
    """Compare a volume's files with what they should be."""

    volume: VolumeRef
    nodes: list[NodeSpec]


class NodeReport(msgspec.Struct, kw_only=True, frozen=True):
    """A node as it is. `problem`: missing, damaged, wrong_link, base_missing, or empty; `reason`
    says more.
    """

    node: str
    path: str
    size_bytes: int = 0
    used_bytes: int = 0
    problem: str = ""
    reason: str = ""


class ChainReport(msgspec.Struct, kw_only=True, frozen=True):
    """All nodes of a volume, and files beside them that nobody knows."""

    nodes: list[NodeReport]
    strangers: list[str]
