"""Lists of any kind of resource: search, filters, order, pages by cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from appliance.api.query.find import Found, check, find
from appliance.api.query.selection import chosen, selection_of
from appliance.protocol.errors import NotFound
from appliance.protocol.operations import Page
from appliance.store.database import Store
from appliance.store.kinds import ResourceKind, Scope

Bodies = dict[str, bytes]


class Lists:
    """Answers questions about lists of all kinds.

    `scope` says what the caller may see of a kind, and of every kind that a join leads to.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(
        self, kind: ResourceKind, query: Mapping[str, str], scope: Scope | None = None
    ) -> Page[msgspec.Raw]:
        """One page of `kind` as the query string asks.

        Raises InvalidInput for unknown fields and bad values.
        """
        check(query)
        wanted = selection_of(kind.name, query["fields"]) if query.get("fields") else None
        kinds, version = self._store.kinds, self._store.encoded.version

        def read() -> tuple[Found, Bodies]:
            found = find(kinds, kind, query, scope)
            return found, self._render(kind, found.ids) if kind.live else {}

        found, bodies = await self._store.read(read)
        # What is kept encoded may be older than the read, by commits that nobody was told of yet.
        seq = min(found.seq, self._store.feed.published)
        if not kind.live:
            bodies = await self._bodies(kind, found.ids, version, keep=not query.get("cursor"))
        items = [bodies[ref] for ref in found.ids if ref in bodies]
        if wanted is not None:
            items = [chosen(body, wanted) for body in items]
        return Page(
            items=[msgspec.Raw(body) for body in items],
            next=found.next,
            total=found.total,
            seq=seq,
        )

    async def one(self, kind: ResourceKind, ref: str, scope: Scope | None = None) -> msgspec.Raw:
        """A resource as it was encoded when it was last changed; raises NotFound."""
        if scope is not None:
            await self._store.read(lambda: must_be_there(kind, ref, scope))
        bodies = await self._bodies(kind, [ref], self._store.encoded.version, keep=True)
        if ref not in bodies:
            raise _missing(kind, ref)
        return msgspec.Raw(bodies[ref])

    async def _bodies(
        self, kind: ResourceKind, refs: Sequence[str], version: int, *, keep: bool
    ) -> Bodies:
        """The JSON of resources by id; those that have gone meanwhile are left out.

        What was read first is kept for later. Not so further pages: somebody who walks through
        everything would drive out what is in use.
        """
        cache = self._store.encoded
        if kind.live:
            return await self._store.read(lambda: self._render(kind, refs))
        kept = {ref: cache.get(kind.name, ref) for ref in refs}
        missing = [ref for ref, body in kept.items() if body is None]
        found = {ref: body for ref, body in kept.items() if body is not None}
        if not missing:
            return found
        read = await self._store.read(lambda: self._render(kind, missing))
        if keep:
            for ref, body in read.items():
                cache.offer(kind.name, ref, body, version)
        return found | read

    def _render(self, kind: ResourceKind, refs: Sequence[str]) -> Bodies:
        shown = self._store.kinds.render_many(kind.name, refs)
        return {ref: msgspec.json.encode(content) for ref, content in shown.items()}


def must_be_there(kind: ResourceKind, ref: str, scope: Scope) -> None:
    """Raises NotFound for what is not there or hidden; within a read."""
    conditions: list[Any] = [kind.key == ref]
    if (limit := scope(kind)) is not None:
        conditions.append(limit)
    if not kind.model.select(kind.key).where(*conditions).exists():
        raise _missing(kind, ref)


def _missing(kind: ResourceKind, ref: str) -> NotFound:
    return NotFound("resource.not_found", kind=kind.name, id=ref)
