"""How busy hosts are now: what their agents told last, in memory only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from appliance.hosts.links import HostLinks
from appliance.protocol.events import Change
from appliance.protocol.hosts import FileSystemLoad, HostLoad
from appliance.store.database import Store, Transaction
from appliance.store.fields import now_ms, when
from hostagent.protocol.load import LoadReport

TELL_EVERY_S = 1.0  # several hosts at once cost less
NOTABLE_SHARE = 0.01


class Loads:
    """The newest reports, by host; clients are told when one changed notably.

    Nothing of it is kept, so it is told as a passing change. It is made in the writer: what is
    told then is never older than what was told before.
    """

    def __init__(self, store: Store, links: HostLinks) -> None:
        self._store = store
        self._links = links
        self._loads: dict[str, HostLoad] = {}
        self._told: dict[str, HostLoad] = {}
        self._changed: set[str] = set()
        self._telling: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen."""
        self._links.on_event("host.load", self.note)
        self._links.on_disconnected(self._forget)

    async def stop(self) -> None:
        """Stop telling."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)

    def get(self, host_id: str) -> HostLoad | None:
        """How busy a host is; None while it does not tell (may be called from any thread)."""
        return self._loads.get(host_id)

    def note(self, host_id: str, report: LoadReport) -> None:
        """A host says how busy it is."""
        load = HostLoad(
            cpu_share=report.cpu_share,
            load_1=report.load_1,
            memory_total_bytes=report.memory_total_bytes,
            memory_used_bytes=report.memory_used_bytes,
            file_systems=[
                FileSystemLoad(
                    path=item.path,
                    total_bytes=item.total_bytes,
                    available_bytes=item.available_bytes,
                )
                for item in report.file_systems
            ],
            at=when(now_ms()),
        )
        self._loads[host_id] = load
        told = self._told.get(host_id)
        if told is None or is_notable(told, load):
            self._told[host_id] = load
            self._changed.add(host_id)
            if self._telling is None or self._telling.done():
                self._telling = asyncio.create_task(self._tell(), name="loads of hosts")

    def _forget(self, host_id: str) -> None:
        """What a host that is away told is not how busy it is now."""
        if not self._links.is_connected(host_id):
            self._loads.pop(host_id, None)
            self._told.pop(host_id, None)

    async def _tell(self) -> None:
        while self._changed:
            await asyncio.sleep(TELL_EVERY_S)
            hosts, self._changed = list(self._changed), set()
            await self._store.write(self._teller(hosts))

    def _teller(self, hosts: list[str]) -> Callable[[Transaction], None]:
        def tell(tx: Transaction) -> None:
            shown = self._store.kinds.render_many("host", hosts)
            changes = [
                Change(
                    seq=0,
                    kind="host",
                    id=ref,
                    action="put",
                    data=msgspec.Raw(msgspec.json.encode(one)),
                )
                for ref, one in shown.items()
            ]
            tx.on_commit(lambda: self._store.feed.publish(changes))

        return tell


def is_notable(told: HostLoad, load: HostLoad) -> bool:
    """Whether a load differs so much from what was told that somebody would see it."""
    if len(told.file_systems) != len(load.file_systems):
        return True
    shares = zip(_shares(told), _shares(load), strict=True)
    return any(abs(one - other) >= NOTABLE_SHARE for one, other in shares)


def _shares(load: HostLoad) -> list[float]:
    disks = [_share(item.available_bytes, item.total_bytes) for item in load.file_systems]
    memory = _share(load.memory_used_bytes, load.memory_total_bytes)
    return [load.cpu_share, memory, load.load_1 / 10, *disks]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
