"""What is chosen or typed in the set-up stays, is checked while typing, and is sent."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from appliance.protocol.errors import ErrorBody, InvalidInput, Unavailable
from appliance.services.setup.proposals import STEPS
from desktop.wizard.page import choose
from desktop.wizard.window import FINISH, START
from tests.gui.wizard.conftest import Opened, Until
from tests.gui.wizard.hands import click, refreshed, write
from tests.gui.wizard.plan import STEP_OF, PlanService, candidate


def test_a_size_that_was_chosen_survives_a_refresh(opened: Opened, until: Until) -> None:
    wizard = opened(PlanService(*STEPS[:5]))
    page: Any = wizard.current_page
    QTest.keyClick(page.cpus, Qt.Key.Key_Up)
    refreshed(wizard, until)
    assert page.cpus.value() == 2


def test_another_machine_can_be_chosen(opened: Opened, until: Until) -> None:
    service = PlanService("zone", "cluster")
    service.machines.append(candidate(4))
    wizard = opened(service)
    page: Any = wizard.current_page
    page._shown[service.machines[1].id].click()
    assert page.chosen == service.machines[1].id
    refreshed(wizard, until)
    assert page.chosen == service.machines[1].id


def test_another_nic_survives_a_refresh(opened: Opened, until: Until) -> None:
    service = PlanService(*STEPS[:-1])
    service.done.discard("host")
    service.requests["network"] |= {"kind": "physical", "physical_interface": "eno1"}
    wizard = opened(service)
    wizard.go(7)
    page: Any = wizard.current_page
    page.nic.setFocus()
    QTest.keyClick(page.nic, Qt.Key.Key_Down)
    refreshed(wizard, until)
    assert page.nic.currentData() == "eno2"


def test_nics_are_offered_once_the_host_is_taken(opened: Opened) -> None:
    wizard = opened(PlanService(*STEPS[:-1]))
    page: Any = wizard.current_page
    assert page.nic.count() > 0


def test_a_host_that_was_taken_is_still_shown_on_its_page(opened: Opened) -> None:
    wizard = opened(PlanService("zone", "cluster", "host"))
    wizard.go(3)
    page: Any = wizard.current_page
    assert page._taken.isVisible()
    assert not page.waiting.isVisible()


def test_a_range_that_the_service_refuses_is_told_at_the_range(
    opened: Opened, until: Until
) -> None:
    service = PlanService(*STEPS[:-1])
    service.found["host.check_network"] = ErrorBody(code="network.range_too_small", field="ranges")
    wizard = opened(service)
    click(wizard.next)
    until("the refusal", wizard.error.text)
    page: Any = wizard.current_page
    assert page.first.accessibleDescription() or page.last.accessibleDescription()


def test_ranges_between_the_first_and_the_last_are_not_lost(opened: Opened, until: Until) -> None:
    service = PlanService(*STEPS[:-1])
    ranges = [
        {"first": "192.168.100.10", "last": "192.168.100.20"},
        {"first": "192.168.100.200", "last": "192.168.100.210"},
    ]
    service.requests["network"]["ranges"] = [dict(item) for item in ranges]
    wizard = opened(service)
    click(wizard.next)
    until("all is made", lambda: wizard.stack.currentIndex() == FINISH)
    assert service.requests["network"]["ranges"] == ranges


def test_what_was_typed_is_kept_when_the_wizard_is_left(opened: Opened, until: Until) -> None:
    service = PlanService("zone")
    wizard = opened(service)
    page: Any = wizard.current_page
    write(page.name, "typed")
    wizard.close()
    again = opened(service)
    later: Any = again.current_page
    assert later.name.text() == "typed"


def test_removing_asks_first(opened: Opened, until: Until) -> None:
    service = PlanService("zone", "cluster")
    wizard = opened(service)
    click(wizard.remove)
    until("the busy time", lambda: not wizard._busy)
    assert service.removed == 0


def test_a_lost_connection_is_forgotten_when_it_is_back(opened: Opened, until: Until) -> None:
    service = PlanService("zone")
    wizard = opened(service)
    service.refusals["setup.get"] = Unavailable("client.unreachable", url="x", reason="y")
    refreshed_by = wizard._bridge.spawn(wizard._refresh())
    until("the error", wizard.error.text)
    assert refreshed_by.done()
    service.refusals.clear()
    refreshed(wizard, until)
    assert not wizard.error.text()


def test_a_machine_that_comes_after_an_edit_is_taken(opened: Opened, until: Until) -> None:
    service = PlanService(has_machine=False)
    wizard = opened(service)
    service.machines = [candidate()]
    refreshed(wizard, until)
    assert wizard.start.all_button.isEnabled()


def test_names_of_servers_and_domains_are_checked_while_typing(opened: Opened) -> None:
    wizard = opened(PlanService(*STEPS[:-1]))
    page: Any = wizard.current_page
    for field, wrong, right in (
        (page.dns, "1.1.1.1, 127.0.0.1", "1.1.1.1, 9.9.9.9"),
        (page.dns, "one.one", ""),
        (page.domain, "not_a.domain", "cloud.example"),
    ):
        write(field, wrong)
        assert not wizard.next.isEnabled()
        assert field.accessibleDescription()
        write(field, right)
        assert wizard.next.isEnabled()
    assert page.values("network")["domain"] == "cloud.example"


def test_the_start_makes_what_was_typed_in_the_steps(opened: Opened, until: Until) -> None:
    service = PlanService()
    wizard = opened(service)
    wizard.go(6)
    page: Any = wizard.current_page
    page.sources.button(1).click()
    write(page.url, "https://images.example/small.qcow2")
    wizard.go(START)
    until("it is kept", lambda: service.requests["image"]["source"] == "url")
    shown = [label.text() for label in wizard.start.findChildren(QLabel)]
    assert any("https://images.example/small.qcow2" in text for text in shown)
    click(wizard.start.all_button)
    until("all is made", lambda: wizard.stack.currentIndex() == FINISH)
    made = next(fields for name, fields in service.asked if name == "image.create")
    assert (made["source"], made["url"]) == ("url", "https://images.example/small.qcow2")


def test_what_every_step_says_is_sent_and_kept(opened: Opened, until: Until) -> None:
    service = PlanService()
    service.requests["image"] |= {"source": "url", "url": "http://a/b", "platform": "linux"}
    wizard = opened(service)
    said: dict[str, dict[str, Any]] = {}
    for place in range(1, 8):
        wizard.go(place)
        page: Any = wizard.current_page
        for name in page.names:
            form = getattr(page, name, page)
            write(form.description, f"about {name}")
            if name == "image":
                choose(form.platform, "windows")
            if name == "offering":
                form.cpus.setValue(2)
            if name == "network":
                write(form.domain, "cloud.example")
            said[name] = page.values(name)
        until("the next step", wizard.next.isEnabled)
        click(wizard.next)
        until("it is made", lambda names=page.names: service.done >= set(names))
    chosen = {
        "cluster": {"hypervisor": "kvm"},
        "image_store": {"kind": "directory"},
        "primary_storage": {"kind": "local"},
        "offering": {"cpu_count": 2},
        "image": {"kind": "auto", "platform": "windows"},
        "network": {"kind": "nat", "domain": "cloud.example"},
    }
    sent = {STEP_OF[name]: fields for name, fields in service.asked if name in STEP_OF}
    for name in STEPS:
        wanted = said[name] | chosen.get(name, {}) | {"description": f"about {name}"}
        assert said[name] == wanted
        assert sent[name] == sent[name] | wanted
        assert service.requests[name] == service.requests[name] | wanted


CEPH = {
    "source": "vms",
    "monitors": ["192.0.2.1", "192.0.2.2:6789"],
    "user": "anyun",
    "key": "QUFBQQ==",
}


def test_primary_storage_may_be_a_server_instead_of_a_directory(
    opened: Opened, until: Until
) -> None:
    service = PlanService(*STEPS[:4])
    wizard = opened(service)
    page: Any = wizard.current_page
    assert page.kind.currentData() == "local"
    choose(page.kind, "nfs")
    assert not wizard.next.isEnabled()
    write(page.export, "nas:/export/vms")
    write(page.options, "vers=4.2")
    refreshed(wizard, until)
    click(wizard.next)
    until("it is made", lambda: "primary_storage" in service.done)
    sent = next(fields for name, fields in service.asked if name == "primary_storage.create")
    assert (sent["kind"], sent["source"], sent["options"]) == ("nfs", "nas:/export/vms", "vers=4.2")
    assert not {"path", "monitors", "user", "key"} & sent.keys()
    assert service.requests["primary_storage"]["path"]  # for somebody who turns back


def test_the_key_of_a_ceph_user_is_sent_and_never_kept(opened: Opened, until: Until) -> None:
    service = PlanService(*STEPS[:4])
    wizard = opened(service)
    page: Any = wizard.current_page
    choose(page.kind, "ceph")
    write(page.pool, "vms")
    write(page.monitors, "192.0.2.1, 192.0.2.2:6789")
    write(page.user, "anyun")
    assert not wizard.next.isEnabled()  # a user has a key
    write(page.key, "QUFBQQ==")
    wizard.go(START)
    until("it is kept", lambda: service.requests["primary_storage"]["kind"] == "ceph")
    shown = [label.text() for label in wizard.start.findChildren(QLabel)]
    assert any("vms" in text for text in shown)
    wizard.go(5)
    refreshed(wizard, until)
    assert page.key.text() == "QUFBQQ=="
    click(wizard.next)
    until("it is made", lambda: "primary_storage" in service.done)
    sent = next(fields for name, fields in service.asked if name == "primary_storage.create")
    assert {name: sent[name] for name in CEPH} == CEPH
    kept = [fields for name, fields in service.asked if name == "setup.update"]
    assert "QUFBQQ==" not in str([*kept, service.requests])


def test_a_refused_server_is_told_at_its_field(opened: Opened, until: Until) -> None:
    service = PlanService(*STEPS[:4])
    service.refusals["primary_storage.create"] = InvalidInput(
        "storage.bad_export", field="source", value="nas:/a b"
    )
    wizard = opened(service)
    page: Any = wizard.current_page
    choose(page.kind, "nfs")
    write(page.export, "nas:/a b")
    click(wizard.next)
    until("the refusal", wizard.error.text)
    assert page.export.accessibleDescription()
