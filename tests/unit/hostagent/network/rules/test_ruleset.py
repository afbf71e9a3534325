"""Names inside the rules, and what is told apart there."""

from __future__ import annotations

from hostagent.network.plan.host import HostPlan
from hostagent.network.rules.ruleset import counter_name, render_rules


def test_counter_names_differ_for_odd_link_names() -> None:
    names = {counter_name(tap) for tap in ("anyt.1", "anyt-1", "anyt1", "anyt_1")}
    assert len(names) == 4
    assert all(name.replace("_", "").isalnum() for name in names)


def test_tables_are_replaced_in_one_go() -> None:
    text = render_rules(HostPlan(), "abc", {})
    for family, table in (("bridge", "any_guard_abc"), ("inet", "any_route_abc")):
        declared = text.index(f"table {family} {table}\n")
        deleted = text.index(f"delete table {family} {table}\n")
        defined = text.index(f"table {family} {table} {{")
        assert declared < deleted < defined
