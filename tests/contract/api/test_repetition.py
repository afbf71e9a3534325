"""Repeated requests take effect once; changes of what somebody else changed are refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from appliance.protocol.ids import new_id
from tests.contract.api.appliance import Answer, Appliance, set_up


def make_zone(appliance: Appliance, name: str, **headers: str) -> Answer:
    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    return appliance.request("POST", "/v1/zones", {"name": name}, headers=sent)


def zones(appliance: Appliance, name: str) -> list[Any]:
    return appliance.request("GET", f"/v1/zones?name={name}").json["items"]


def test_a_key_makes_a_request_take_effect_once(appliance: Appliance) -> None:
    key = new_id()
    answers = [make_zone(appliance, "once", Idempotency_Key=key) for _ in range(3)]
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert len(zones(appliance, "once")) == 1
    other = make_zone(appliance, "another", Idempotency_Key=key)
    assert (other.status, other.code) == (409, "request.key_reused")
    assert zones(appliance, "another") == []
    bad = make_zone(appliance, "bad", Idempotency_Key="with blank")
    assert (bad.status, bad.code) == (400, "request.bad_value")


def test_a_key_is_kept_over_a_crash(tmp_path: Path) -> None:
    appliance = Appliance(tmp_path)
    try:
        appliance.start()
        set_up(appliance)
        first = make_zone(appliance, "kept", Idempotency_Key="k1")
        assert appliance.process is not None
        appliance.process.kill()
        appliance.process.wait()
        (appliance.state / "service" / "ready.json").unlink()
        appliance.hang_up()
        appliance.start()
        again = make_zone(appliance, "kept", Idempotency_Key="k1")
        assert (again.status, again.json) == (201, first.json)
        assert len(zones(appliance, "kept")) == 1
    finally:
        appliance.stop()


def test_the_same_key_at_the_same_time(appliance: Appliance) -> None:
    key = new_id()

    def send(_: int) -> Answer:
        other = Appliance(appliance.folder)
        other.ready, other.token = appliance.ready, appliance.token
        try:
            return make_zone(other, "racing", Idempotency_Key=key)
        finally:
            other.hang_up()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert len(zones(appliance, "racing")) == 1


def test_tags_guard_changes(appliance: Appliance) -> None:
    ref = make_zone(appliance, "tagged").json["id"]
    path = f"/v1/zones/{ref}"
    seen = appliance.request("GET", path)
    tag = seen.headers["etag"]
    assert appliance.request("GET", path, headers={"If-None-Match": tag}).status == 304

    def rename(name: str, tag: str) -> Answer:
        return appliance.request("PATCH", path, {"name": name}, headers={"If-Match": tag})

    assert rename("mine", tag).status == 200
    late = rename("theirs", tag)
    assert (late.status, late.code) == (412, "request.changed_meanwhile")
    assert "mine" in late.json["error"]["message"]
    newer = appliance.request("GET", path)
    assert newer.json["name"] == "mine"
    assert newer.headers["etag"] != tag
    assert rename("again", f'"other", {newer.headers["etag"]}').status == 200
    assert rename("any", "*").status == 200
    assert appliance.request("GET", path, headers={"If-None-Match": tag}).status == 200


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Anyun-Priority", "high"),
        ("Anyun-Priority", "11"),
        ("Anyun-After", "x"),
        ("Anyun-Deadline", "0"),
        ("Anyun-Deadline", "-1"),
        ("Anyun-Reason", "x" * 300),
    ],
)
def test_odd_wishes_are_named(appliance: Appliance, header: str, value: str) -> None:
    answer = make_zone(appliance, "odd", **{header.replace("-", "_"): value})
    assert (answer.status, answer.code) == (400, "request.bad_value")
    assert answer.json["error"]["field"] == header
    assert zones(appliance, "odd") == []


def test_the_audit_tells_why_and_which_request(appliance: Appliance) -> None:
    answer = make_zone(appliance, "why", Anyun_Reason="moving house")
    entries = appliance.request("GET", f"/v1/audit?resource_id={answer.json['id']}").json["items"]
    assert [(entry["outcome"], entry["reason"]) for entry in entries] == [("done", "moving house")]
    assert entries[0]["request_id"] == answer.headers["x-request-id"]
