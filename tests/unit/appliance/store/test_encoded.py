"""The cache of encoded resources never shows what is older than the newest commit."""

from __future__ import annotations

import msgspec

from appliance.protocol.events import Change
from appliance.store.encoded import EncodedCache


def change(seq: int, ref: str, body: bytes | None) -> Change:
    if body is None:
        return Change(seq=seq, kind="vm", id=ref, action="delete")
    return Change(seq=seq, kind="vm", id=ref, action="put", data=msgspec.Raw(body))


def test_a_commit_replaces_and_deletes() -> None:
    cache = EncodedCache()
    cache.note([change(1, "a", b"1"), change(2, "b", b"1"), change(3, "a", b"2")])
    assert cache.get("vm", "a") == b"2"
    cache.note([change(4, "a", None)])
    assert cache.get("vm", "a") is None
    assert cache.get("vm", "b") == b"1"


def test_a_read_that_a_commit_overtook_is_not_kept() -> None:
    cache = EncodedCache()
    before = cache.version
    cache.note([change(1, "a", b"new")])
    cache.offer("vm", "a", b"old", before)
    cache.offer("vm", "b", b"old", before)
    assert cache.get("vm", "a") == b"new"
    assert cache.get("vm", "b") is None
    cache.offer("vm", "b", b"read now", cache.version)
    assert cache.get("vm", "b") == b"read now"


def test_what_was_not_used_longest_makes_room() -> None:
    cache = EncodedCache(limit_bytes=30)
    cache.note([change(seq, ref, b"x" * 10) for seq, ref in enumerate("abc", 1)])
    assert cache.get("vm", "a") is not None
    cache.note([change(4, "d", b"x" * 10)])
    assert cache.get("vm", "b") is None
    assert all(cache.get("vm", ref) for ref in "acd")


def test_figures_that_change_untouched_are_never_kept() -> None:
    cache = EncodedCache(is_live=lambda kind: kind == "vm")
    cache.note([change(1, "a", b"1")])
    cache.offer("vm", "b", b"1", cache.version)
    cache.offer("job", "b", b"1", cache.version)
    assert [cache.get("vm", "a"), cache.get("vm", "b"), cache.get("job", "b")] == [None, None, b"1"]
