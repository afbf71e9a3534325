"""Elastic IPs in the client: taken, bound to a machine that may have one, and unbound."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from appliance.protocol.elastic import ElasticIp
from appliance.protocol.errors import Conflict
from appliance.protocol.operations import OPERATIONS
from desktop.main_window.window import MainWindow
from desktop.pages.elastic_ips import bindable
from desktop.pages.sheets.form_sheet import FormSheet
from tests.gui.samples import make_id
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar, trigger
from tests.gui.sheets.test_changing import sheet_of
from tests.gui.sheets.test_creating import only_change, press

SHOP, PRIVATE, PUBLIC = make_id(900_060), make_id(900_030), make_id(900_031)


@pytest.fixture
def elastic(window: MainWindow) -> ElasticIp:
    """The sample's elastic IP, of the account of the sample's machines, and a public network."""
    cache = window.cache
    (shop,) = cache.all("elastic_ip")
    vms = cache.all("vm")
    mine = [
        msgspec.structs.replace(
            vm,
            owner_id=shop.owner_id,
            nics=[msgspec.structs.replace(nic, network_id=PRIVATE) for nic in vm.nics],
        )
        for vm in vms
    ]
    cache.put("vm", mine)
    (private,) = cache.all("network")
    fields = {"kind": "physical", "name": "office", "cidr": "203.0.113.0/24"}
    cache.put("network", [private, msgspec.structs.replace(private, id=PUBLIC, **fields)])
    return shop


def test_only_machines_that_may_have_one_are_offered(
    window: MainWindow, elastic: ElasticIp
) -> None:
    cache = window.cache
    names = {vm.name for vm, _ in bindable(cache, elastic.owner_id)}
    in_bin = {vm.name for vm in cache.all("vm") if vm.state == "destroyed"}
    assert names == {vm.name for vm in cache.all("vm")} - in_bin
    assert in_bin
    assert bindable(cache, make_id(77)) == []
    first, _ = bindable(cache, elastic.owner_id)[0]
    nics = [msgspec.structs.replace(nic, elastic_address="203.0.113.9") for nic in first.nics]
    cache.put("vm", [msgspec.structs.replace(first, nics=nics)])
    assert first.name not in {vm.name for vm, _ in bindable(cache, elastic.owner_id)}


def test_it_is_bound_to_the_machine_that_is_chosen(
    window: MainWindow, elastic: ElasticIp, registrar: Registrar, qtbot: QtBot
) -> None:
    trigger(window, "elastic_ip", "bind", SHOP)
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    words = " ".join(label.text() for label in sheet.form.findChildren(QLabel))
    assert elastic.vm_name in words
    sheet.form.vm.setCurrentIndex(2)
    chosen = sheet.form.values("")["vm_id"]
    assert chosen
    assert "anyun elastic-ip bind" in sheet.footer.equivalent.text()
    assert not clipped(sheet)
    take(sheet, "elastic-bind")
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    assert registrar.changes() == [("elastic_ip.bind", {"id": SHOP, "vm_id": chosen})]


def test_of_several_nics_each_is_a_choice_of_its_own(
    window: MainWindow, elastic: ElasticIp, registrar: Registrar, qtbot: QtBot
) -> None:
    first, nic = bindable(window.cache, elastic.owner_id)[0]
    second = msgspec.structs.replace(nic, id=make_id(5), address="10.9.0.7", is_default=False)
    had = msgspec.structs.replace(nic, elastic_address="203.0.113.9")
    window.cache.put("vm", [msgspec.structs.replace(first, nics=[had, second])])
    trigger(window, "elastic_ip", "bind", SHOP)
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    assert "10.9.0.7" in sheet.form.vm.itemText(0)
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    body = {"id": SHOP, "vm_id": first.id, "nic_id": second.id}
    assert registrar.changes() == [("elastic_ip.bind", body)]


def test_a_refusal_is_shown_at_the_machine(
    window: MainWindow, elastic: ElasticIp, registrar: Registrar, qtbot: QtBot
) -> None:
    registrar.refusals["elastic_ip.bind"] = Conflict(
        "elastic_ip.vm_has_one", field="vm_id", name="web", address="203.0.113.21"
    )
    trigger(window, "elastic_ip", "bind", SHOP)
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    press(sheet)
    qtbot.waitUntil(lambda: "203.0.113.21" in sheet.form.fields["vm_id"].note())


def test_without_a_machine_for_it_the_sheet_says_so(
    window: MainWindow, elastic: ElasticIp, qtbot: QtBot
) -> None:
    window.cache.put("elastic_ip", [msgspec.structs.replace(elastic, owner_id=make_id(77))])
    trigger(window, "elastic_ip", "bind", SHOP)
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    assert not sheet.footer.go.isEnabled()
    assert sheet.form.fields["vm_id"].note()


def test_it_is_unbound_at_once(
    window: MainWindow, elastic: ElasticIp, registrar: Registrar, qtbot: QtBot
) -> None:
    trigger(window, "elastic_ip", "unbind", SHOP)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    assert registrar.changes() == [("elastic_ip.unbind", {"id": SHOP})]


def test_one_is_taken_with_the_address_that_is_typed(
    window: MainWindow, elastic: ElasticIp, registrar: Registrar, qtbot: QtBot
) -> None:
    page: Any = window.page("elastic_ip")
    page.start_creating()
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    assert sheet.form.network.count() == 1
    QTest.keyClicks(sheet.form.address, "203.0.113.30")
    assert not clipped(sheet)
    take(sheet, "elastic-create")
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    operation, body = only_change(registrar)
    assert operation == "elastic_ip.create"
    request = msgspec.convert(body, OPERATIONS[operation].request)
    assert (request.network_id, request.address) == (PUBLIC, "203.0.113.30")
    assert request.name
