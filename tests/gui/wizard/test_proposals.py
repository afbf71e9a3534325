"""A physical network starts with what the host knows of the chosen NIC; typed values stay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from appliance.services.networks.proposals import physical_proposals
from appliance.services.setup.proposals import STEPS
from desktop.wizard.page_network import NetworkPage
from desktop.wizard.window import SetupWizard
from hostagent.protocol.network import NicAddressing
from tests.gui.wizard.conftest import Opened, Until
from tests.gui.wizard.hands import click, write
from tests.gui.wizard.plan import PlanService
from tests.gui.wizard.test_looks import clipped, picture

NICS = [
    NicAddressing(name="eno1", addresses=["192.168.10.13/24"], gateway="192.168.10.254"),
    NicAddressing(name="eno2", addresses=["172.20.0.5/16"], gateway=""),
]
PROPOSALS = physical_proposals(NICS, ["192.168.10.1"])
ADDRESSING = ("cidr", "gateway", "ranges", "dns")


@pytest.fixture
def service() -> PlanService:
    """Everything but the network is there; the machine is not taken yet for its NICs' sake."""
    made = PlanService(*(step for step in STEPS if step not in ("host", "network")))
    made.facts["host.check_network"] = {"proposals": PROPOSALS}
    return made


def network_page(wizard: SetupWizard) -> Any:
    """Step 7."""
    wizard.go(7)
    return wizard.current_page


def shown(page: NetworkPage) -> dict[str, Any]:
    """What the page says of the wire."""
    return {key: value for key, value in page.values("network").items() if key in ADDRESSING}


def proposed(nic: str) -> dict[str, Any]:
    """What the service proposes for a NIC."""
    return {key: PROPOSALS[nic][key] for key in ADDRESSING}


def be_physical(page: Any, until: Until, nic: str = "eno1") -> None:
    """Choose a card, and wait for its proposal."""
    page.kinds.button(1).click()
    page.nic.setCurrentIndex(page.nic.findData(nic))
    until("an answer", lambda: page.fields["cidr"].note() not in ("", "Testing…"))


def test_choosing_a_card_fills_in_its_network(
    service: PlanService, opened: Opened, until: Until
) -> None:
    wizard = opened(service)
    page = network_page(wizard)
    be_physical(page, until)
    assert shown(page) == proposed("eno1")
    assert page.gateway.text() == "192.168.10.254"
    assert wizard.next.isEnabled()
    be_physical(page, until, "eno2")
    assert shown(page) == proposed("eno2")
    sent = [fields for name, fields in service.asked if name == "host.check_network"][-1]
    assert (sent["physical_interface"], sent["cidr"]) == ("eno2", "172.20.0.0/16")


def test_back_at_nat_its_proposal_is_there_again(
    service: PlanService, opened: Opened, until: Until
) -> None:
    page = network_page(opened(service))
    private = shown(page)
    be_physical(page, until)
    assert shown(page) != private
    page.kinds.button(0).click()
    assert shown(page) == private


@pytest.mark.parametrize(
    ("key", "type_", "typed"),
    [
        ("gateway", lambda page: write(page.gateway, "192.168.10.77"), "192.168.10.77"),
        ("dns", lambda page: write(page.dns, "9.9.9.9"), ["9.9.9.9"]),
        ("cidr", lambda page: write(page.cidr, "10.1.0.0/24"), "10.1.0.0/24"),
    ],
)
def test_what_was_typed_is_kept(
    service: PlanService,
    opened: Opened,
    until: Until,
    key: str,
    type_: Callable[[Any], None],
    typed: Any,
) -> None:
    page = network_page(opened(service))
    be_physical(page, until)
    type_(page)
    page.nic.setCurrentIndex(page.nic.findData("eno2"))
    until("an answer", lambda: page.fields["cidr"].note() != "Testing…")
    assert shown(page)[key] == typed
    follows_cidr = {"cidr", "gateway", "ranges"} if key == "cidr" else {key}
    for other in set(ADDRESSING) - follows_cidr:
        assert shown(page)[other] == proposed("eno2")[other]


def test_a_range_that_was_typed_is_kept(service: PlanService, opened: Opened, until: Until) -> None:
    page = network_page(opened(service))
    be_physical(page, until)
    write(page.first, "192.168.10.40")
    page.kinds.button(0).click()
    page.kinds.button(1).click()
    assert page.first.text() == "192.168.10.40"
    assert page.cidr.text() == proposed("eno1")["cidr"]


def test_a_physical_network_that_was_kept_is_not_replaced(
    service: PlanService, opened: Opened, until: Until
) -> None:
    service.requests["network"] |= proposed("eno1") | {
        "kind": "physical",
        "physical_interface": "eno1",
        "gateway": "192.168.10.77",
    }
    page = network_page(opened(service))
    until("an answer", lambda: page.fields["cidr"].note() not in ("", "Testing…"))
    assert page.gateway.text() == "192.168.10.77"
    page.nic.setCurrentIndex(page.nic.findData("eno2"))
    assert page.gateway.text() == "192.168.10.77"  # typed in an earlier session
    assert page.cidr.text() == proposed("eno2")["cidr"]
    page.kinds.button(0).click()
    assert page.cidr.text() == "192.168.100.0/24"


def test_a_card_without_addresses_leaves_what_is_there(
    service: PlanService, opened: Opened, until: Until
) -> None:
    service.facts["host.check_network"] = {"proposals": {"eno1": PROPOSALS["eno1"]}}
    page = network_page(opened(service))
    private = shown(page)
    be_physical(page, until, "eno2")
    assert shown(page)["cidr"] in (private["cidr"], proposed("eno1")["cidr"])


def test_the_proposal_is_what_is_made(service: PlanService, opened: Opened, until: Until) -> None:
    service.done.add("host")
    wizard = opened(service)
    page = network_page(wizard)
    page.show_nics(service.machines[0].nics, anew=True)
    be_physical(page, until)
    until("next", wizard.next.isEnabled)
    click(wizard.next)
    until("made", lambda: "network" in service.done)
    made = next(fields for name, fields in service.asked if name == "network.create")
    assert {key: made[key] for key in ADDRESSING} == proposed("eno1")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_looks_right(
    service: PlanService,
    opened: Opened,
    until: Until,
    look: Callable[..., None],
    language: str,
) -> None:
    look(language, "light")
    wizard = opened(service)
    page = network_page(wizard)
    be_physical(page, until)
    until("the answer", lambda: page.fields["cidr"].note() not in ("Testing…", "正在检测…"))
    picture(wizard, f"wizard_physical_{language}")
    if language == "en":
        assert clipped(wizard) == []
