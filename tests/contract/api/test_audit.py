"""What the real service notes of logins and uploads."""

from __future__ import annotations

import json

from tests.contract.api.appliance import PASSWORD, Appliance


def notes(appliance: Appliance, operation: str) -> list[tuple[str, str]]:
    answer = appliance.request("GET", f"/v1/audit?operation={operation}&sort=at")
    return [(line["account_name"], line["outcome"]) for line in answer.json["items"]]


def test_logins_are_noted_under_the_account_that_was_tried(appliance: Appliance) -> None:
    for account, password in (("admin", "wrong"), ("nobody", "x"), ("admin", PASSWORD)):
        body = {"account": account, "password": password}
        appliance.request("POST", "/v1/sessions", body, token="")
    assert notes(appliance, "session.create") == [
        ("admin", "session.wrong_password"),
        ("nobody", "session.wrong_password"),
        ("admin", "done"),
    ]
    assert notes(appliance, "session.set_first_password") == [("admin", "done")]
    whoever = appliance.request("GET", "/v1/audit?account_name=anyone").json
    assert whoever["total"] == 0
    own = appliance.request("GET", "/v1/sessions/current").json
    assert appliance.request("GET", f"/v1/audit?account_id={own['id']}").json["total"] >= 2


def test_uploads_are_noted_even_when_nobody_waits_for_them(appliance: Appliance) -> None:
    image = "01890a5d-ac96-774b-bcce-b302099a8057"
    answer = appliance.request("PUT", f"/v1/images/{image}/content", b"content")
    assert (answer.status, answer.code) == (404, "resource.not_found")
    found = appliance.request("GET", f"/v1/audit?resource_id={image}").json["items"]
    assert [(line["operation"], line["outcome"]) for line in found] == [
        ("image.upload", "resource.not_found")
    ]
    events = [json.loads(line).get("event") for line in appliance.log().splitlines()]
    assert "upload_ended" in events
