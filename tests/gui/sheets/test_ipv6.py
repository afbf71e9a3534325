"""IPv6 of networks: its sheet, and its part of the sheet that makes a network."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from desktop.main_window.window import MainWindow
from desktop.pages.sheets.form_sheet import FormSheet
from desktop.wizard.ipv6_part import parse_ranges
from desktop.wizard.page import choose
from desktop.wizard.page_network import NetworkPage
from tests.gui.samples import make_id
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar, trigger
from tests.gui.sheets.test_changing import sheet_of
from tests.gui.sheets.test_creating import press

NETWORK = make_id(900_030)


def open_sheet(window: MainWindow, qtbot: QtBot, **fields: Any) -> Any:
    (network,) = window.cache.all("network")
    window.cache.put("network", [msgspec.structs.replace(network, **{"kind": "nat"} | fields)])
    trigger(window, "network", "ipv6", NETWORK)
    return sheet_of(window, FormSheet, qtbot)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_ipv6_is_chosen_and_sent(
    window: MainWindow, registrar: Registrar, qtbot: QtBot, look: Any, language: str
) -> None:
    look(language, "light")
    sheet = open_sheet(window, qtbot)
    part = sheet.form.part
    assert not part.cidr.isVisible()
    choose(part.mode, "dhcp")
    assert part.cidr.isVisible()
    part.ranges.setPlainText("fd00:1::100 – fd00:1::1ff\nfd00:1::1:0/112")
    part.cidr.setText("fd00:1::/64")
    sheet.form.touched()
    assert "--ipv6-range fd00:1::100-fd00:1::1ff" in sheet.footer.equivalent.text()
    assert clipped(sheet) == []
    take(sheet, f"sheet-ipv6-{language}")
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    assert registrar.changes() == [
        (
            "network.set_ipv6",
            {
                "id": NETWORK,
                "ipv6_mode": "dhcp",
                "ipv6_cidr": "fd00:1::/64",
                "ipv6_gateway": "",
                "ipv6_ranges": [
                    {"first": "fd00:1::100", "last": "fd00:1::1ff"},
                    {"first": "fd00:1::1:0/112", "last": ""},
                ],
            },
        )
    ]


def test_ipv6_is_switched_off(window: MainWindow, registrar: Registrar, qtbot: QtBot) -> None:
    sheet = open_sheet(window, qtbot, ipv6_mode="slaac", ipv6_cidr="fd00:1::/64")
    part = sheet.form.part
    assert (part.chosen, part.cidr.text()) == ("slaac", "fd00:1::/64")
    choose(part.mode, "none")
    assert "--ipv6-mode none" in sheet.footer.equivalent.text()
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    ((_, sent),) = registrar.changes()
    assert sent["ipv6_mode"] == "none"


@pytest.mark.parametrize(
    ("mode", "key", "text"),
    [
        ("slaac", "ipv6_cidr", "fd00:1::/80"),
        ("slaac", "ipv6_cidr", "fe80::/64"),
        ("dhcp", "ipv6_cidr", "fd00:1::/120"),
        ("dhcp", "ipv6_cidr", "10.0.0.0/24"),
        ("dhcp", "ipv6_gateway", "10.0.0.1"),
        ("dhcp", "ipv6_gateway", "fd00:2::1"),
        ("dhcp", "ipv6_ranges", "fd00:1::z"),
    ],
)
def test_what_does_not_fit_is_said_beside_it(
    window: MainWindow, qtbot: QtBot, mode: str, key: str, text: str
) -> None:
    sheet = open_sheet(window, qtbot, ipv6_mode=mode, ipv6_cidr="fd00:1::/64")
    field = sheet.form.fields[key].field
    field.setPlainText(text) if key == "ipv6_ranges" else field.setText(text)
    assert not sheet.form.review()
    assert sheet.form.fields[key].note()


def test_a_physical_network_needs_a_prefix(window: MainWindow, qtbot: QtBot) -> None:
    sheet = open_sheet(window, qtbot, kind="physical")
    choose(sheet.form.part.mode, "slaac")
    assert not sheet.form.review()
    assert sheet.form.fields["ipv6_cidr"].note()


def test_a_new_network_has_ipv6_if_it_is_chosen(qtbot: QtBot) -> None:
    page = NetworkPage()
    qtbot.addWidget(page)
    request = {
        "kind": "nat", "name": "n", "cidr": "10.0.0.0/24", "gateway": "10.0.0.1",
        "ranges": [{"first": "10.0.0.10", "last": "10.0.0.20"}], "dns": ["1.1.1.1"],
    }  # fmt: skip
    page.show_requests({"network": request})
    assert not [key for key in page.values("network") if key.startswith("ipv6")]
    choose(page.ipv6.mode, "slaac")
    page.dns.setText("1.1.1.1, 2001:db8::53")
    assert page.review()
    assert page.values("network")["ipv6_mode"] == "slaac"
    page.show_requests({"network": page.values("network")})
    choose(page.ipv6.mode, "none")
    assert page.values("network")["ipv6_mode"] == "none", "the plan must forget it"


def test_lines_that_are_no_ranges() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.1"):
        parse_ranges("fd00::1\n10.0.0.1")
