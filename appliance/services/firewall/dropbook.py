"""The last dropped packets that hosts told of, in this node's memory.

They are for looking at now: nothing depends on them, so they are no rows of the database, which
would be written for every packet that somebody outside chooses to send. Each node hears each
host, so every node has them.
"""

from __future__ import annotations

import itertools
from collections import Counter, deque
from collections.abc import Collection
from dataclasses import dataclass, field

from hostagent.protocol.drops import DroppedPacket

NIC_MAX, ACCOUNT_MAX, NODE_MAX = 200, 1_000, 20_000  # packets that are kept


@dataclass(frozen=True, slots=True)
class Note:
    """One packet, and its place among all."""

    number: int
    packet: DroppedPacket


@dataclass
class _Nic:
    owner_id: str
    notes: deque[Note] = field(default_factory=deque)
    missed: int = 0


class DropBook:
    """Keeps the newest packets of each NIC; nobody's NICs push out those of others."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._nics: dict[str, _Nic] = {}
        self._by_account: Counter[str] = Counter()

    def add(self, owner_id: str, packet: DroppedPacket) -> None:
        """Keep a packet of a NIC, which belongs to an account."""
        nic = self._nic(packet.nic_id, owner_id)
        nic.notes.append(Note(next(self._numbers), packet))
        self._by_account[owner_id] += 1
        if len(nic.notes) > NIC_MAX:
            self._drop_oldest(nic)
        elif self._by_account[owner_id] > ACCOUNT_MAX:
            self._drop_oldest(self._fullest_of(owner_id))
        elif self._by_account.total() > NODE_MAX:
            (account_id, _), *_ = self._by_account.most_common(1)
            self._drop_oldest(self._fullest_of(account_id))

    def miss(self, owner_id: str, nic_id: str, count: int) -> None:
        """A host had no room for so many more packets of a NIC."""
        self._nic(nic_id, owner_id).missed += count

    def of(self, nic_ids: Collection[str], owner_id: str) -> list[Note]:
        """The packets of an account's NICs, newest first."""
        found = [note for nic in self._own(nic_ids, owner_id) for note in nic.notes]
        return sorted(found, key=lambda note: -note.number)

    def missed(self, nic_ids: Collection[str], owner_id: str) -> int:
        """How many packets of these NICs hosts had no room for."""
        return sum(nic.missed for nic in self._own(nic_ids, owner_id))

    def _own(self, nic_ids: Collection[str], owner_id: str) -> list[_Nic]:
        found = (self._nics.get(nic_id) for nic_id in nic_ids)
        return [nic for nic in found if nic is not None and nic.owner_id == owner_id]

    def _nic(self, nic_id: str, owner_id: str) -> _Nic:
        nic = self._nics.get(nic_id)
        if nic is not None and nic.owner_id != owner_id:  # what it lost before is not his to see
            self._by_account[nic.owner_id] -= len(nic.notes)
            nic = None
        if nic is None:
            nic = self._nics[nic_id] = _Nic(owner_id)
        return nic

    def _fullest_of(self, account_id: str) -> _Nic:
        own = (nic for nic in self._nics.values() if nic.owner_id == account_id)
        return max(own, key=lambda nic: len(nic.notes))

    def _drop_oldest(self, nic: _Nic) -> None:
        number_of_nic = nic.notes.popleft().packet.nic_id
        self._by_account[nic.owner_id] -= 1
        if not nic.notes and not nic.missed:
            del self._nics[number_of_nic]
