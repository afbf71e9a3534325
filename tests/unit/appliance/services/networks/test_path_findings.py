"""What many pairs of hosts have in common is told once, and names what to look at."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.protocol.messages import render
from appliance.services.networks.path_findings import Found, Pair, findings

HOSTS = ["a", "b", "c", "d"]


def found(
    sizes: dict[Pair, int] | None = None, hosts: list[str] | None = None, **more: Any
) -> Found:
    names = HOSTS if hosts is None else hosts
    good = {(x, y): 1500 for x in names for y in names if x != y}
    return Found(wire="eth0, VLAN 42", mtu=1500, hosts=names, sizes=good | (sizes or {}), **more)


def told(one: Found) -> list[tuple[str, str]]:
    """Code and the host or the pairs of each finding; its texts are complete."""
    bodies = findings(one)
    for body in bodies:
        for language in ("en", "zh"):
            text = render(body.code, body.params, language)
            assert "{" not in text.message + text.remedy
    return [
        (body.code.removeprefix("path."), body.params.get("name") or body.params.get("pairs", ""))
        for body in bodies
    ]


def of(name: str, size: int, *, out: bool = True, into: bool = True) -> dict[Pair, int]:
    pairs: dict[Pair, int] = {}
    for other in HOSTS:
        if other != name:
            pairs |= {(name, other): size} if out else {}
            pairs |= {(other, name): size} if into else {}
    return pairs


def test_nothing_is_told_of_what_works() -> None:
    assert told(found()) == []
    assert told(found(hosts=["a"])) == [("few_hosts", "")]
    assert told(found(hosts=[])) == [("few_hosts", "")]


def test_silence() -> None:
    assert told(found(of("b", 0))) == [("cut_off", "b")]
    assert told(found(of("b", 0) | of("c", 0))) == [("cut_off", "b"), ("cut_off", "c")]
    assert told(found(of("b", 0, into=False))) == [("mute", "b")]
    assert told(found(of("b", 0, out=False))) == [("deaf", "b")]
    assert told(found({("a", "b"): 0})) == [("silent", "a → b")]
    assert told(found(dict.fromkeys(found().sizes, 0))) == [("all_silent", "")]
    assert told(found({("a", "b"): 0, ("b", "a"): 0}, hosts=["a", "b"])) == [
        ("silent", "a → b, b → a")
    ]
    assert told(found(of("b", 0), unplugged=["b"])) == [("no_carrier", "b")]


def test_parts_of_a_wire() -> None:
    sides = {(x, y): 0 for x, y in found().sizes if (x in "ab") != (y in "ab")}
    (body,) = findings(found(sides))
    assert (body.code, body.params["parts"]) == ("path.islands", "a, b | c, d")
    both = sides | {("c", "d"): 0, ("d", "c"): 0}
    assert told(found(both)) == [("cut_off", "c"), ("cut_off", "d")]


def test_sizes() -> None:
    assert told(found(of("b", 1400))) == [("host_small", "b")]
    assert told(found(of("b", 1400), limits={"b": 1400})) == [("own_mtu", "b")]
    assert told(found(dict.fromkeys(found().sizes, 1400))) == [("all_small", "")]
    assert told(found({("a", "b"): 1400})) == [("small", "a → b")]
    pair = {("a", "b"): 1400, ("b", "a"): 1400}
    assert told(found(pair, hosts=["a", "b"])) == [("small", "a → b, b → a")]


def test_tags() -> None:
    retagged = found(of("b", 0, out=False), other_tags={("a", "b"): 7, ("c", "b"): 0})
    assert told(retagged) == [("other_tag", "b"), ("lost_tag", "b"), ("silent", "d → b")]


def test_many_pairs_are_counted_and_some_named() -> None:
    names = [f"h{number:02}" for number in range(50)]
    ring = {(names[n], names[(n + 1) % 50]): 0 for n in range(50)}
    (body,) = findings(found(ring, hosts=names))
    assert (body.code, body.params["count"]) == ("path.silent", 50)
    assert body.params["pairs"].endswith("h04 → h05 …")


@given(st.dictionaries(st.sampled_from(sorted(found().sizes)), st.sampled_from([0, 1400, 1500])))
def test_whatever_is_broken_is_told_of(sizes: dict[Pair, int]) -> None:
    one = found(sizes)
    assert bool(told(one)) == any(size < 1500 for size in one.sizes.values())


@pytest.mark.parametrize("count", [3, 20])
def test_one_bad_host_is_one_finding_however_many_there_are(count: int) -> None:
    names = [f"h{number}" for number in range(count)]
    bad = {(x, y): 0 for x in names for y in names if x != y and "h1" in (x, y)}
    assert told(found(bad, hosts=names)) == [("cut_off", "h1")]
