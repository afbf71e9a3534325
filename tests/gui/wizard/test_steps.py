"""Going through the set-up: keyboard, resuming, repeating, errors where they belong."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from appliance.protocol.errors import Conflict, ErrorBody, Unavailable
from appliance.services.setup.proposals import STEPS
from desktop.wizard.window import FINISH, START
from tests.gui.wizard.conftest import Opened, Until
from tests.gui.wizard.hands import click, write
from tests.gui.wizard.plan import PlanService

CREATES = [
    "zone.create",
    "cluster.create",
    "host.create",
    "image_store.create",
    "primary_storage.create",
    "instance_offering.create",
    "image.create",
    "network.create",
]
NO_SPACE = ErrorBody(
    code="storage.no_space",
    params={"path": "/srv", "needed_bytes": 2 * 1024**3, "available_bytes": 1024**3},
)


def creates(service: PlanService) -> list[str]:
    """The operations that made something, in order."""
    return [name for name in service.operations() if name.endswith(".create")]


def test_everything_at_once_makes_everything_once(opened: Opened, until: Until) -> None:
    service = PlanService()
    wizard = opened(service)
    ended: list[bool] = []
    wizard.finished_setup.connect(lambda: ended.append(True))
    assert wizard.stack.currentIndex() == START
    QTest.mouseDClick(wizard.start.all_button, Qt.MouseButton.LeftButton)
    click(wizard.start.all_button)
    until("all is made", lambda: wizard.stack.currentIndex() == FINISH)
    assert creates(service) == CREATES
    assert ended == [True]


def test_seven_steps_with_the_return_key_alone(opened: Opened, until: Until) -> None:
    service = PlanService()
    wizard = opened(service)
    click(wizard.start.steps_button)
    for place in range(1, FINISH):
        assert wizard.stack.currentIndex() == place
        until("ready for input", wizard.next.isEnabled)
        page: Any = wizard.current_page
        field = next(form.field for form in page.fields.values() if form.isVisibleTo(page))
        QTest.keyClick(field, Qt.Key.Key_Return)
        until(f"step {place}", lambda place=place: wizard.stack.currentIndex() == place + 1)
    assert creates(service) == CREATES


def test_escape_leaves_and_what_was_made_is_there_next_time(opened: Opened, until: Until) -> None:
    service = PlanService()
    wizard = opened(service)
    click(wizard.start.steps_button)
    click(wizard.next)
    until("zone made", lambda: wizard.stack.currentIndex() == 2)
    QTest.keyClick(wizard, Qt.Key.Key_Escape)
    assert not wizard.isVisible()
    again = opened(service)
    assert again.stack.currentIndex() == 2
    assert creates(service) == ["zone.create"]


@pytest.mark.parametrize("count", range(1, len(STEPS)))
def test_it_opens_at_the_first_step_that_is_left(opened: Opened, count: int) -> None:
    wizard = opened(PlanService(*STEPS[:count]))
    page: Any = wizard.current_page
    assert set(page.names) - set(STEPS[:count])
    assert all(
        set(other.names) <= set(STEPS[:count])
        for other in wizard.pages[: wizard.stack.currentIndex() - 1]
    )


def test_it_opens_at_the_end_when_all_is_done(opened: Opened) -> None:
    wizard = opened(PlanService(*STEPS))
    assert wizard.stack.currentIndex() == FINISH
    assert wizard.finish.button.isVisible()


def test_a_step_that_is_done_can_be_seen_but_not_changed_nor_repeated(
    opened: Opened, until: Until
) -> None:
    service = PlanService("zone", "cluster")
    wizard = opened(service)
    wizard.go(1)
    page: Any = wizard.current_page
    assert not page.name.isEnabled()
    assert page.name.text() == "zone-1"
    click(wizard.next)
    until("following step", lambda: wizard.stack.currentIndex() == 2)
    assert creates(service) == []


def test_what_was_typed_is_kept_by_the_service_and_sent(opened: Opened, until: Until) -> None:
    service = PlanService()
    wizard = opened(service)
    click(wizard.start.steps_button)
    page: Any = wizard.current_page
    write(page.name, "Machine room 机房")
    click(wizard.next)
    until("zone made", lambda: wizard.stack.currentIndex() == 2)
    assert service.requests["zone"]["name"] == "Machine room 机房"
    sent = next(fields for name, fields in service.asked if name == "zone.create")
    assert sent["name"] == "Machine room 机房"


def test_a_blank_name_is_told_while_typing_and_holds_next_back(opened: Opened) -> None:
    wizard = opened(PlanService())
    click(wizard.start.steps_button)
    page: Any = wizard.current_page
    write(page.name, " ")
    assert not wizard.next.isEnabled()
    assert page.name.accessibleDescription() == "Give a name."
    write(page.name, "z")
    assert wizard.next.isEnabled()
    assert page.name.accessibleDescription() == ""


def test_a_relative_path_is_told_while_typing(opened: Opened) -> None:
    wizard = opened(PlanService("zone", "cluster", "host"))
    page: Any = wizard.current_page
    write(page.path, "srv/images")
    assert not wizard.next.isEnabled()
    assert "slash" in page.path.accessibleDescription()


def test_mistakes_in_a_network_are_told_at_their_field(opened: Opened) -> None:
    wizard = opened(PlanService(*STEPS[:-1]))
    page: Any = wizard.current_page
    assert page.count.text() == "241 addresses for virtual machines."
    assert page.fields["cidr"].aside() == "Netmask 255.255.255.0"
    write(page.gateway, "192.168.100.20")
    assert not wizard.next.isEnabled()
    assert "192.168.100.20" in page.gateway.accessibleDescription()
    write(page.gateway, "192.168.100.1")
    write(page.last, "192.168.100.19")
    assert wizard.next.isEnabled()
    assert page.count.text() == "10 addresses for virtual machines."


def test_another_network_brings_gateway_and_range_that_fit(opened: Opened) -> None:
    wizard = opened(PlanService(*STEPS[:-1]))
    page: Any = wizard.current_page
    page.cidr.setFocus()
    write(page.cidr, "10.20.0.0/16")
    QTest.keyClick(page.cidr, Qt.Key.Key_Tab)
    assert page.gateway.text() == "10.20.0.1"
    assert page.fields["cidr"].aside() == "Netmask 255.255.0.0"
    write(page.cidr, "10.20.0.0/4")
    assert page.fields["cidr"].aside() == ""
    write(page.cidr, "10.20.0.0/16")
    assert wizard.next.isEnabled()


def test_an_address_that_is_none_is_told_while_typing(opened: Opened) -> None:
    wizard = opened(PlanService(*STEPS[:5]))
    page: Any = wizard.current_page
    page.sources.button(1).click()
    assert not wizard.next.isEnabled()
    write(page.url, "https://images.example/small.qcow2")
    assert wizard.next.isEnabled()


def test_a_refused_test_is_shown_beside_its_field_and_nothing_is_made(
    opened: Opened, until: Until
) -> None:
    service = PlanService("zone", "cluster", "host")
    service.found["host.check_path"] = ErrorBody(
        code="path.not_writable",
        field="path",
        params={"path": "/var/lib/anyun/storage/image-store", "reason": "Read-only file system"},
    )
    wizard = opened(service)
    click(wizard.next)
    until("the refusal", wizard.error.text)
    page: Any = wizard.current_page
    assert "Read-only file system" in page.path.accessibleDescription()
    assert page.path.hasFocus()
    assert creates(service) == []
    service.found.clear()
    click(wizard.next)
    until("the step", lambda: wizard.stack.currentIndex() == 5)
    assert not wizard.error.isVisible()


def test_a_failed_job_is_shown_in_its_step_with_the_remedy(opened: Opened, until: Until) -> None:
    service = PlanService(*STEPS[:5])
    service.failures["image"] = NO_SPACE
    wizard = opened(service)
    click(wizard.next)
    until("the error", wizard.error.text)
    assert wizard.stack.currentIndex() == 6
    assert "2 GiB" in wizard.error.text()
    assert "1 GiB" in wizard.error.text()
    assert wizard.next.isEnabled()
    service.failures.clear()
    click(wizard.next)
    until("the next try", lambda: wizard.stack.currentIndex() == 7)


def test_when_everything_at_once_fails_the_step_at_fault_is_shown(
    opened: Opened, until: Until
) -> None:
    service = PlanService()
    service.failures["image"] = NO_SPACE
    wizard = opened(service)
    click(wizard.start.all_button)
    until("the error", wizard.error.text)
    assert wizard.stack.currentIndex() == 6
    assert "network" not in service.done


@pytest.mark.parametrize(
    "error",
    [
        Conflict("resource.in_use", name="zone-1", count=1, users="cluster"),
        Unavailable("host.not_connected", name="node-3"),
    ],
)
def test_a_refused_commitment_is_shown_and_can_be_repeated(
    opened: Opened, until: Until, error: Any
) -> None:
    service = PlanService()
    service.refusals["zone.create"] = error
    wizard = opened(service)
    click(wizard.start.steps_button)
    click(wizard.next)
    until("the error", wizard.error.text)
    assert wizard.stack.currentIndex() == 1
    service.refusals.clear()
    click(wizard.next)
    until("the step", lambda: wizard.stack.currentIndex() == 2)


def test_errors_are_in_the_language_of_the_client(opened: Opened, until: Until, look: Any) -> None:
    look("zh", "light")
    service = PlanService(*STEPS[:5])
    service.failures["image"] = NO_SPACE
    wizard = opened(service)
    click(wizard.next)
    until("the error", wizard.error.text)
    assert "磁盘" in wizard.error.text()


def test_without_a_machine_it_waits_and_goes_on_by_itself(opened: Opened, until: Until) -> None:
    service = PlanService(has_machine=False)
    wizard = opened(service)
    assert not wizard.start.all_button.isEnabled()
    assert wizard.start.all_button.toolTip()
    wizard.go(3)
    page: Any = wizard.current_page
    assert page.waiting.isVisible()
    assert not wizard.next.isEnabled()
    fresh = PlanService()
    service.machines, service.requests = fresh.machines, fresh.requests
    until("the machine", lambda: page.chosen)
    assert not page.waiting.isVisible()
    assert wizard.next.isEnabled()
    wizard.go(START)
    assert wizard.start.all_button.isEnabled()


def test_machines_say_what_they_are_and_how_they_run(opened: Opened) -> None:
    wizard = opened(PlanService("zone", "cluster"))
    page: Any = wizard.current_page
    words = " ".join(label.text() for label in page.findChildren(type(page.waiting)))
    assert page._shown[page.chosen].text() == "node-3 (this machine)"
    assert "emulated" in words
    assert "16 CPUs" in words


def test_going_back_keeps_what_was_typed(opened: Opened) -> None:
    wizard = opened(PlanService("zone"))
    page: Any = wizard.current_page
    write(page.name, "other")
    click(wizard.back)
    assert wizard.stack.currentIndex() == 1
    wizard.go(2)
    assert page.name.text() == "other"


def test_closing_while_work_goes_on_does_not_stop_it(
    opened: Opened, until: Until, errors: list[BaseException]
) -> None:
    service = PlanService()
    wizard = opened(service)
    click(wizard.start.all_button)
    until("work", lambda: "zone" in service.done)
    wizard.close()
    try:
        until("all is made", lambda: len(service.done) == len(STEPS))
    finally:
        escaped = errors.copy()
        errors.clear()
    assert escaped == []
