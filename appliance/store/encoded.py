"""Resources as JSON, encoded once at the commit that changed them and served from memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable

from appliance.protocol.events import Change

LIMIT_BYTES = 32 * 1024**2


class EncodedCache:
    """The newest content of recently changed or read resources. Used in the event loop only.

    Nothing is kept of kinds that show figures which change without their being touched: `is_live`
    names them. What comes from a read is kept only if nothing was committed since the read
    began, so the cache never goes back in time.
    """

    def __init__(
        self,
        limit_bytes: int = LIMIT_BYTES,
        is_live: Callable[[str], bool] = lambda kind: False,
    ) -> None:
        self._is_live = is_live
        self._limit_bytes = limit_bytes
        self._size_bytes = 0
        self._bodies: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self.version = 0  # grows with each commit that changed something

    def get(self, kind: str, ref: str) -> bytes | None:
        """The JSON of a resource, if it is kept."""
        body = self._bodies.get((kind, ref))
        if body is not None:
            self._bodies.move_to_end((kind, ref))
        return body

    def note(self, changes: Iterable[Change]) -> None:
        """Take over what a commit changed."""
        for change in changes:
            self.version += 1
            self._drop(change.kind, change.id)
            if change.action == "put" and not self._is_live(change.kind):
                self._keep(change.kind, change.id, bytes(change.data))

    def offer(self, kind: str, ref: str, body: bytes, version: int) -> None:
        """Keep what was read, if `version` at the beginning of the read is still the newest."""
        if version == self.version and not self._is_live(kind):
            self._drop(kind, ref)
            self._keep(kind, ref, body)

    def _keep(self, kind: str, ref: str, body: bytes) -> None:
        self._bodies[kind, ref] = body
        self._size_bytes += len(body)
        while self._size_bytes > self._limit_bytes:
            _, oldest = self._bodies.popitem(last=False)
            self._size_bytes -= len(oldest)

    def _drop(self, kind: str, ref: str) -> None:
        old = self._bodies.pop((kind, ref), None)
        if old is not None:
            self._size_bytes -= len(old)
