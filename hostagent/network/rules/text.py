"""The few shapes of nft text that our rulesets are made of: sets, maps and chains."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


def identifier(link: str) -> str:
    """A name that nft takes, different for each link."""
    return "".join(c if c.isalnum() else f"_{ord(c):x}_" for c in link)


def indent(lines: Iterable[str]) -> Iterator[str]:
    """Lines one level deeper."""
    return (f"\t{line}" if line else line for line in lines)


def set_of(
    kind: str,
    name: str,
    type_: str,
    elements: Sequence[str],
    flags: str = "",
    typed_as: str = "type",
) -> Iterator[str]:
    """A named "set" or "map"; `typed_as` "typeof" takes expressions for types without a name."""
    yield f"{kind} {name} {{"
    yield f"\t{typed_as} {type_}"
    if flags:
        yield f"\tflags {flags}"
    if elements:
        yield "\telements = {"
        for element in elements:
            yield f"\t\t{element},"
        yield "\t}"
    yield "}"


def chain(name: str, rules: Sequence[str], hook: str = "") -> Iterator[str]:
    """A chain, called by a hook or by other chains."""
    yield f"chain {name} {{"
    if hook:
        yield f"\t{hook}"
    for rule in rules:
        yield f"\t{rule}"
    yield "}"
