"""The ranges of a network in the wizard: seen, added, changed, removed, checked in place."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from appliance.protocol.errors import ErrorBody, InvalidInput
from appliance.protocol.requests import RangeSpec
from appliance.services.networks.addresses import check_plan
from appliance.services.setup.proposals import STEPS
from desktop.wizard.validation import plan_findings
from desktop.wizard.window import FINISH
from tests.gui.wizard.conftest import Opened, Until
from tests.gui.wizard.hands import click, refreshed, write
from tests.gui.wizard.plan import PlanService

LOW = {"first": "192.168.100.10", "last": "192.168.100.20"}
MIDDLE = {"first": "192.168.100.30", "last": "192.168.100.40"}
HIGH = {"first": "192.168.100.200", "last": "192.168.100.210"}


def on_network(opened: Opened, *ranges: dict[str, str]) -> tuple[PlanService, Any, Any]:
    """A service, a wizard on its last step, and that page."""
    service = PlanService(*STEPS[:-1])
    service.requests["network"]["ranges"] = [dict(item) for item in ranges]
    wizard = opened(service)
    return service, wizard, wizard.current_page


def test_all_ranges_are_seen(opened: Opened) -> None:
    _, _, page = on_network(opened, LOW, MIDDLE, HIGH)
    assert [row.ends() for row in page.ranges.rows] == [
        tuple(item.values()) for item in (LOW, MIDDLE, HIGH)
    ]
    assert all(row.first.isVisible() and row.remove.isVisible() for row in page.ranges.rows)
    assert page.count.text() == "33 addresses for virtual machines."


def test_one_range_cannot_be_removed(opened: Opened) -> None:
    _, _, page = on_network(opened, LOW)
    assert not page.ranges.rows[0].remove.isVisible()


def test_a_range_in_the_middle_is_removed_and_the_rest_is_sent(
    opened: Opened, until: Until
) -> None:
    service, wizard, page = on_network(opened, LOW, MIDDLE, HIGH)
    click(page.ranges.rows[1].remove)
    assert page.ranges.ranges() == [LOW, HIGH]
    refreshed(wizard, until)
    assert page.ranges.ranges() == [LOW, HIGH]
    click(wizard.next)
    until("all is made", lambda: wizard.stack.currentIndex() == FINISH)
    assert service.requests["network"]["ranges"] == [LOW, HIGH]


def test_a_range_is_added_with_the_keyboard(opened: Opened, until: Until) -> None:
    service, wizard, page = on_network(opened, LOW)
    click(page.ranges.add)
    row = page.ranges.rows[1]
    assert row.first.text() == "192.168.100.21"
    assert row.last.hasFocus()
    assert not wizard.next.isEnabled()  # its end is not typed yet
    write(row.last, "192.168.100.29")
    assert wizard.next.isEnabled()
    assert page.count.text() == "20 addresses for virtual machines."
    click(wizard.next)
    until("all is made", lambda: wizard.stack.currentIndex() == FINISH)
    added = {"first": "192.168.100.21", "last": "192.168.100.29"}
    assert service.requests["network"]["ranges"] == [LOW, added]


def test_ranges_that_overlap_are_told_at_the_second(opened: Opened) -> None:
    _, wizard, page = on_network(opened, LOW, HIGH)
    write(page.ranges.rows[1].first, "192.168.100.15")
    assert not wizard.next.isEnabled()
    words = page.ranges.rows[1].first.accessibleDescription()
    assert "192.168.100.10" in words
    assert "192.168.100.15" in words
    assert page.ranges.rows[0].first.accessibleDescription() == ""
    write(page.ranges.rows[1].first, "192.168.100.21")
    assert wizard.next.isEnabled()


def test_the_gateway_may_be_in_no_range(opened: Opened) -> None:
    _, wizard, page = on_network(opened, LOW, HIGH)
    write(page.gateway, "192.168.100.205")
    assert not wizard.next.isEnabled()
    assert "192.168.100.200" in page.gateway.accessibleDescription()


def test_a_refusal_of_one_range_is_told_at_it(opened: Opened, until: Until) -> None:
    service, wizard, page = on_network(opened, LOW, HIGH)
    service.found["host.check_network"] = ErrorBody(
        code="network.range_reversed", field="ranges", params=HIGH
    )
    click(wizard.next)
    until("the refusal", wizard.error.text)
    assert page.ranges.rows[1].first.accessibleDescription()
    assert not page.ranges.rows[0].first.accessibleDescription()


def test_the_tab_key_goes_through_ranges_that_were_added(opened: Opened) -> None:
    _, _, page = on_network(opened, LOW)
    click(page.ranges.add)
    row = page.ranges.rows[1]
    page.ranges.rows[0].last.setFocus()
    seen = []
    for _ in range(5):
        widget: Any = page.window().focusWidget()
        seen.append(widget)
        QTest.keyClick(widget, Qt.Key.Key_Tab)
    first = page.ranges.rows[0]
    assert seen == [first.last, first.remove, row.first, row.last, row.remove]


def test_ranges_of_a_network_that_is_made_cannot_be_changed(opened: Opened) -> None:
    wizard = opened(PlanService(*STEPS))
    wizard.go(7)
    page: Any = wizard.current_page
    assert not page.ranges.rows[0].first.isEnabled()
    assert not page.ranges.add.isEnabled()


def test_overlap_is_found_whatever_the_order() -> None:
    spans = [("10.0.0.50", "10.0.0.60"), ("10.0.0.2", "10.0.0.9"), ("10.0.0.55", "10.0.0.56")]
    found = plan_findings("10.0.0.0/24", "10.0.0.1", spans)
    assert [sorted(item) for item in found.ranges] == [[], [], ["first"]]
    assert not found.is_good
    assert plan_findings("10.0.0.0/24", "10.0.0.1", spans[:2]).addresses == 19


@pytest.mark.parametrize("cidr", ["0.1.0.0/16", "127.0.0.0/8", "240.0.0.0/24", "10.0.0.0/7"])
def test_networks_that_the_service_refuses_are_told_while_typing(cidr: str) -> None:
    network = IPv4Network(cidr, strict=False)
    spans = [(str(network.network_address + 10), str(network.network_address + 20))]
    gateway = str(network.network_address + 1)
    ranges = [RangeSpec(first=first, last=last) for first, last in spans]
    with pytest.raises(InvalidInput) as refused:
        check_plan(str(network), gateway, ranges)
    found = plan_findings(str(network), gateway, spans)
    assert found.problems["cidr"].code == refused.value.code
