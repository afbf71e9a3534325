"""Queries answer as a plain loop over the rows would, whatever is asked."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.api.query.columns import columns_of, locate
from appliance.api.query.find import Found, find
from appliance.protocol.errors import InvalidInput
from appliance.services.infrastructure.models import HostRow
from appliance.store.kinds import Kinds, ResourceKind
from tests.unit.appliance.api.cloud import Row, filled, kinds_of, make_rows
from tests.unit.appliance.api.naive import FILTERS, Asked

MANY = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SORTED = ("name", "state", "cpu_count", "memory_bytes", "created_at", "started_at", "host_id")


class Cloud:
    """Kinds and rows."""

    def __init__(self, kinds: Kinds, rows: dict[str, list[Row]]) -> None:
        self.kinds = kinds
        self.rows = rows
        self.vm = kinds.by_name["vm"]

    def find(self, scope: Any = None, kind: str = "vm", **query: str) -> Found:
        """What a query finds."""
        return find(self.kinds, self.kinds.by_name[kind], {"limit": "1000"} | query, scope)

    def ids(self, text: str, scope: Any = None, kind: str = "vm") -> set[str]:
        """Ids of what a filter finds."""
        return set(self.find(scope, kind, filter=text).ids)


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Kinds:
    return kinds_of(tmp_path_factory.mktemp("kinds"))


@pytest.fixture
def cloud(request: pytest.FixtureRequest, tmp_path: Path, kinds: Kinds) -> Iterator[Cloud]:
    rows = make_rows(getattr(request, "param", 1))
    with filled(tmp_path, rows):
        yield Cloud(kinds, rows)


@pytest.mark.parametrize("cloud", [1, 2, 3], indirect=True)
@MANY
@given(asked=FILTERS)
def test_filters_find_what_a_plain_loop_finds(cloud: Cloud, asked: Asked) -> None:
    expected = [row["id"] for row in cloud.rows["vm"] if asked.holds(cloud.rows, row)]
    found = cloud.find(filter=asked.text)
    assert sorted(found.ids) == sorted(expected), asked.text
    assert found.total == len(expected)


@MANY
@given(
    fields=st.lists(st.sampled_from(SORTED), min_size=1, max_size=4, unique=True),
    signs=st.lists(st.sampled_from(["", "-"]), min_size=4, max_size=4),
    limit=st.integers(1, 12),
)
def test_any_order_is_total_and_pages_follow_it(
    cloud: Cloud, fields: list[str], signs: list[str], limit: int
) -> None:
    steps = list(zip(fields, signs, strict=False))
    expected = list(cloud.rows["vm"])
    for field, sign in reversed([*steps, ("id", steps[-1][1])]):
        expected.sort(
            key=lambda row: (row[field] is not None, row[field] or type(row[field])()),
            reverse=sign == "-",
        )
    sort = ",".join(sign + field for field, sign in steps)
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = cloud.find(sort=sort, limit=str(limit), cursor=cursor, count="false")
        assert page.total == -1
        found += page.ids
        cursor = page.next
    assert found == [row["id"] for row in expected], sort


# Limits of a caller


def only(**columns: Any) -> Any:
    """A scope: of machines those with these columns, of hosts the enabled ones, no networks."""

    def scope(kind: ResourceKind) -> Any:
        model: Any = kind.model
        if kind.name == "vm":
            return model.owner_id == columns["owner_id"]
        if kind.name == "host":
            return HostRow.state == "enabled"
        return model.id == "nothing" if kind.name == "network" else None

    return scope


@MANY
@given(asked=FILTERS)
def test_no_filter_goes_past_a_callers_limits(cloud: Cloud, asked: Asked) -> None:
    seen = {
        **cloud.rows,
        "host": [row for row in cloud.rows["host"] if row["state"] == "enabled"],
        "network": [],
    }
    expected = {
        row["id"] for row in cloud.rows["vm"] if row["owner_id"] == "ann" and asked.holds(seen, row)
    }
    assert cloud.ids(asked.text, only(owner_id="ann")) == expected, asked.text


def test_parts_of_foreign_things_cannot_be_asked_for_from_elsewhere(cloud: Cloud) -> None:
    def scope(kind: ResourceKind) -> Any:
        model: Any = kind.model
        return model.owner_id == "ann" if kind.name == "vm" else None

    own = {row["id"] for row in cloud.rows["vm"] if row["owner_id"] == "ann"}
    expected = {nic["network_id"] for nic in cloud.rows["nic"] if nic["vm_id"] in own}
    assert cloud.ids("nics.address > 0.0.0.0", scope, "network") == expected
    everything = {nic["network_id"] for nic in cloud.rows["nic"]}
    assert cloud.ids("nics is not null", None, "network") == everything


# What may be asked for


def test_secrets_can_neither_be_asked_for_nor_sorted_by(cloud: Cloud) -> None:
    for kind, column in (
        ("vm", "user_data"),
        ("vm", "request_sha256"),
        ("job", "data"),
        ("job", "queue"),
        ("account", "password_hash"),
        ("host", "agent.certificate_sha256"),
        ("host", "agent.facts"),
        ("host_candidate", "certificate_sha256"),
    ):
        if kind not in cloud.kinds.by_name:
            continue
        with pytest.raises(InvalidInput) as caught:
            cloud.find(kind=kind, filter=f'{column} = "x"')
        assert caught.value.code == "query.unknown_field"
        with pytest.raises(InvalidInput):
            cloud.find(kind=kind, sort=column)
        with pytest.raises(InvalidInput):
            cloud.find(kind=kind, **{column: "x"})


def test_every_kinds_names_lead_somewhere(cloud: Cloud) -> None:
    for kind in cloud.kinds.by_name.values():
        assert columns_of(kind)
        for alias in kind.aliases:
            assert locate(cloud.kinds, kind, [alias]).column is not None
        for name, (relation, target) in cloud.kinds.relations(kind).items():
            own, other = relation.on
            assert own in kind.model._meta.columns, (kind.name, name)  # type: ignore[attr-defined]
            assert other in target.model._meta.columns, (kind.name, name)  # type: ignore[attr-defined]
            cloud.find(kind=kind.name, filter=f"{name} is not null")


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        ("name", "query.expected_operator", 5),
        ("name =", "query.expected_value", 7),
        ("name = and", "query.expected_value", 8),
        ("name = a b", "query.expected_joint", 10),
        ("(name = a", "query.expected_joint_or_bracket", 10),
        ("name = a)", "query.expected_joint", 9),
        ("= a", "query.expected_field", 1),
        ("not", "query.expected_field", 4),
        ("name in a", "query.expected_list", 9),
        ("name in (a", "query.expected_list_end", 11),
        ("name in ()", "query.expected_value", 10),
        ("name is a", "query.expected_null", 9),
        ('name = "a', "query.open_quote", 8),
        ("name ! a", "query.stray_character", 6),
        ("name = 'a' !", "query.stray_character", 12),
        ("colour = red", "query.unknown_field", 1),
        ("host.colour = red", "query.unknown_field", 1),
        ("a.b.c.d.e.f.g = 1", "query.unknown_field", 1),
        ("name = a and host = b", "query.no_column", 14),
        ("cpu_count = many", "query.bad_number", 13),
        ("cpu_count = 99999999999999999999", "query.bad_number", 13),
        ("memory_bytes > big", "query.bad_size", 16),
        ("created_at > 2030-13-01", "query.bad_time", 14),
        ("created_at > 0001-01-01T00:00:00+23:59", None, 0),
        ("host.connected = maybe", "query.bad_boolean", 18),
        ("host.connected > true", "query.bad_operator", 1),
        ("cpu_count like 1", "query.bad_operator", 1),
        ("nics.address = 10.0.0", "query.bad_address", 16),
        ("(" * 21 + "name = a" + ")" * 21, "query.too_deep", 21),
        (" and ".join(["cpu_count=1"] * 101), "query.too_many", 1601),
        ("name = " + "a" * 4000, "query.too_long", None),
    ],
)
def test_errors_name_place_and_expectation(
    cloud: Cloud, text: str, code: str | None, position: int | None
) -> None:
    if code is None:
        cloud.find(filter=text)
        return
    with pytest.raises(InvalidInput) as caught:
        cloud.find(filter=text)
    assert (caught.value.code, caught.value.field) == (code, "filter")
    assert caught.value.params.get("position") == position


@given(st.text(max_size=80))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_refused_or_answered(cloud: Cloud, text: str) -> None:
    with contextlib.suppress(InvalidInput):
        cloud.find(filter=text)


def test_a_cursor_belongs_to_its_question(cloud: Cloud) -> None:
    cursor = cloud.find(sort="name", filter="cpu_count > 0", limit="3").next
    assert cursor is not None
    cloud.find(sort="name", filter="cpu_count > 0", limit="7", cursor=cursor)
    for other in (
        {"sort": "-name", "filter": "cpu_count > 0"},
        {"sort": "name"},
        {"sort": "name", "filter": "cpu_count > 0", "state": "running"},
        {"sort": "name", "filter": "cpu_count > 0", "q": "web"},
    ):
        with pytest.raises(InvalidInput) as caught:
            cloud.find(cursor=cursor, **other)
        assert caught.value.code == "query.other_cursor"


def test_simple_equality_knows_types_and_relations(cloud: Cloud) -> None:
    vms = cloud.rows["vm"]
    assert set(cloud.find(memory_bytes="2GiB,4GiB").ids) == {
        row["id"] for row in vms if row["memory_bytes"] > 2**30
    }
    hosts = {row["id"] for row in cloud.rows["host"] if row["name"] == "web"}
    found = set(cloud.find(**{"host.name": "web"}).ids)
    assert found == {row["id"] for row in vms if row["host_id"] in hosts}
    zones = {row["id"]: row["zone_id"] for row in cloud.rows["cluster"]}
    expected = {row["id"] for row in vms if zones[row["cluster_id"]] == "zone-0"}
    assert set(cloud.find(zone_id="zone-0").ids) == expected


def test_a_search_finds_parts_of_addresses_and_macs(cloud: Cloud) -> None:
    def found(text: str) -> set[str]:
        return set(cloud.find(q=text).ids)

    nic = cloud.rows["nic"][1]
    assert nic["vm_id"] in found("10.0.0.37")
    assert nic["vm_id"] in found(".0.37")
    assert nic["vm_id"] in found("0A:00:00:00:00:01")
    assert found("10.0.0.3") == {n["vm_id"] for n in cloud.rows["nic"][1:2]}
