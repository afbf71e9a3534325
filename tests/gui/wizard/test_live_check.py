"""What is typed is tested on the host before Next is pressed: late, once, and the newest only."""

from __future__ import annotations

import asyncio
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from appliance.protocol.errors import ErrorBody, Unavailable
from appliance.services.setup.proposals import STEPS
from tests.gui.samples import GIB
from tests.gui.wizard.conftest import Opened, Until
from tests.gui.wizard.hands import write
from tests.gui.wizard.plan import PlanService

READ_ONLY = ErrorBody(
    code="path.not_writable",
    field="path",
    params={"path": "/srv/images", "reason": "Read-only file system"},
)


def asked(service: PlanService, operation: str) -> list[dict[str, Any]]:
    """What was sent with an operation, each time."""
    return [fields for name, fields in service.asked if name == operation]


def on_path(opened: Opened) -> tuple[PlanService, Any, Any]:
    """A service, and a wizard on the page of the image server with its page."""
    service = PlanService("zone", "cluster", "host")
    service.facts["host.check_path"] = {"path": "/x", "available_bytes": 389 * GIB}
    wizard = opened(service)
    return service, wizard, wizard.current_page


def test_the_proposed_path_is_tested_when_its_page_is_shown(opened: Opened, until: Until) -> None:
    _, wizard, page = on_path(opened)
    assert page.fields["path"].note() == "Testing…"
    until("the answer", lambda: "389 GiB" in page.fields["path"].note())
    assert wizard.next.isEnabled()


def test_a_word_typed_in_one_go_is_tested_once(opened: Opened, until: Until) -> None:
    service, _, page = on_path(opened)
    until("the first answer", lambda: "389 GiB" in page.fields["path"].note())
    service.asked.clear()
    write(page.path, "/srv/images")
    assert asked(service, "host.check_path") == []
    assert page.fields["path"].note() == "Testing…"
    until("the answer", lambda: "389 GiB" in page.fields["path"].note())
    assert [fields["path"] for fields in asked(service, "host.check_path")] == ["/srv/images"]
    assert "setup.update" not in service.operations()


def test_what_does_not_fit_is_told_beside_the_field_before_next(
    opened: Opened, until: Until
) -> None:
    service, wizard, page = on_path(opened)
    service.found["host.check_path"] = READ_ONLY
    write(page.path, "/srv/images")
    until("the refusal", lambda: "Read-only" in page.path.accessibleDescription())
    assert wizard.error.text() == ""
    assert wizard.next.isEnabled()  # the service may have changed its mind: Next asks again
    QTest.mouseClick(wizard.next, Qt.MouseButton.LeftButton)
    until("the refusal of Next", wizard.error.text)
    assert "image_store.create" not in service.operations()


def test_a_late_answer_about_older_text_is_dropped(
    opened: Opened, until: Until, bridge: Any
) -> None:
    service, _, page = on_path(opened)
    until("the first answer", lambda: "389 GiB" in page.fields["path"].note())
    gate = service.gate = asyncio.Event()
    service.asked.clear()
    service.found["host.check_path"] = READ_ONLY
    write(page.path, "/old")
    until("the question", lambda: asked(service, "host.check_path"))
    service.found.clear()
    service.gate = None
    write(page.path, "/new")
    bridge.submit(set_now(gate)).result(timeout=5)
    until("the newer answer", lambda: "389 GiB" in page.fields["path"].note())
    assert [fields["path"] for fields in asked(service, "host.check_path")] == ["/old", "/new"]


async def set_now(gate: asyncio.Event) -> None:
    """Open the gate in the thread that waits at it."""
    gate.set()


def test_what_is_wrong_anyway_is_not_sent(opened: Opened, until: Until) -> None:
    service, wizard, page = on_path(opened)
    until("the first answer", lambda: "389 GiB" in page.fields["path"].note())
    service.asked.clear()
    write(page.path, "relative")
    until("the pause to be over", lambda: not wizard.live.is_waiting)
    assert asked(service, "host.check_path") == []
    assert "slash" in page.fields["path"].note()


def test_the_answer_stays_when_the_plan_is_read_again(opened: Opened, until: Until) -> None:
    service, wizard, page = on_path(opened)
    until("the answer", lambda: "389 GiB" in page.fields["path"].note())
    before = len(asked(service, "setup.get"))
    wizard._bridge.spawn(wizard._refresh())
    until("the plan", lambda: len(asked(service, "setup.get")) > before)
    until("shown", lambda: not getattr(wizard, "_in_flight__refresh", False))
    assert "389 GiB" in page.fields["path"].note()


def test_a_host_that_does_not_answer_is_no_mistake_in_the_field(
    opened: Opened, until: Until
) -> None:
    service, wizard, page = on_path(opened)
    service.refusals["host.check_path"] = Unavailable("host.not_connected", name="node-3")
    write(page.path, "/srv/images")
    until("the words", lambda: "could not be tested" in page.fields["path"].note())
    assert wizard.next.isEnabled()


def test_an_address_is_tested_only_when_there_is_one(opened: Opened, until: Until) -> None:
    service = PlanService(*STEPS[:5])
    service.facts["host.check_url"] = {"size_bytes": 3 * GIB}
    wizard = opened(service)
    page: Any = wizard.current_page
    page.sources.button(1).click()
    assert page.image.fields["url"].note() != "Testing…"
    write(page.url, "https://images.example/small.qcow2")
    until("the answer", lambda: "3 GiB" in page.image.fields["url"].note())
    service.found["host.check_url"] = ErrorBody(
        code="image.bad_url", field="url", params={"url": "https://images.example/none"}
    )
    write(page.url, "https://images.example/none")
    until("the refusal", lambda: "images.example/none" in page.url.accessibleDescription())


def test_a_card_that_the_host_does_not_have_is_told_at_the_card(
    opened: Opened, until: Until
) -> None:
    service = PlanService(*STEPS[:-1])
    wizard = opened(service)
    page: Any = wizard.current_page
    until("the first answer", lambda: "free" in page.fields["cidr"].note())
    service.found["host.check_network"] = ErrorBody(
        code="network.interface_missing",
        field="physical_interface",
        params={"host": "node-3", "name": "eno1"},
    )
    page.kinds.button(1).click()
    until("the refusal", lambda: "eno1" in page.nic.accessibleDescription())
    sent = asked(service, "host.check_network")[-1]
    assert (sent["kind"], sent["physical_interface"]) == ("physical", "eno1")


def test_a_warning_is_told_and_does_not_forbid(opened: Opened, until: Until) -> None:
    service = PlanService(*STEPS[:-1])
    service.warnings["host.check_network"] = ErrorBody(
        code="network.check_failed", field="gateway", params={"reason": "nobody answers"}
    )
    wizard = opened(service)
    page: Any = wizard.current_page
    until("the warning", lambda: "nobody answers" in page.gateway.accessibleDescription())
    assert wizard.next.isEnabled()
