"""Security rules in words, and how they are typed: ports, ICMP types, peers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from appliance.protocol import security as s
from desktop import texts
from desktop.texts import translate

NameOf = Callable[[str], str]  # of a security group by its id

_NUMBERS = re.compile(r"\s*(\d{1,5})\s*(?:[-/–]\s*(\d{1,5})\s*)?")


def parse_numbers(text: str) -> tuple[int | None, int | None] | None:
    """One number or two, as in `80`, `80-90` or `8/0`; None for anything else.

    An empty text is (None, None).
    """
    if not text.strip():
        return None, None
    found = _NUMBERS.fullmatch(text)
    if found is None:
        return None
    first, second = found.groups()
    return int(first), None if second is None else int(second)


def ports_words(rule: s.SecurityRule) -> str:
    """Ports, or ICMP type and code, as they are typed."""
    if rule.port_first is not None:
        is_one = rule.port_last in (None, rule.port_first)
        return str(rule.port_first) if is_one else f"{rule.port_first}-{rule.port_last}"
    if rule.icmp_type is not None:
        code = "" if rule.icmp_code is None else f"/{rule.icmp_code}"
        return f"{rule.icmp_type}{code}"
    return ""


def direction_words(direction: str) -> str:
    """Incoming or outgoing."""
    if direction == "in":
        return translate("Security", "Incoming")
    return translate("Security", "Outgoing")


def peer_words(rule: s.SecurityRule, name_of: NameOf) -> str:
    """Who is at the other end."""
    if rule.peer_group_id:
        words = translate("Security", "members of {name}")
        return words.format(name=name_of(rule.peer_group_id) or rule.peer_group_id)
    return rule.cidr or translate("Security", "anybody")


def protocol_words(protocol: str) -> str:
    """A protocol as people write it."""
    return translate("Security", "Any protocol") if protocol == "any" else protocol.upper()


def rule_words(rule: s.SecurityRule, name_of: NameOf) -> str:
    """A rule on one line."""
    what = " ".join(part for part in (protocol_words(rule.protocol), ports_words(rule)) if part)
    patterns = {
        "in": translate("Security", "{action}: {what} from {peer}"),
        "out": translate("Security", "{action}: {what} to {peer}"),
    }
    words = patterns[rule.direction].format(
        action=texts.word(f"rule.{rule.action}"), what=what, peer=peer_words(rule, name_of)
    )
    return words if rule.is_enabled else translate("Security", "{rule} (off)").format(rule=words)


def order_of(rule: s.SecurityRule) -> tuple[Any, ...]:
    """Where a rule stands among those of a direction, as hosts ask them."""
    return rule.priority, rule.action == "allow", rule.id
