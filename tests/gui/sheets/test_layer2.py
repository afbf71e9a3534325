"""Networks of all kinds, the clusters that they are in, and VXLAN pools, in the client."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from appliance.protocol.errors import ErrorBody
from appliance.protocol.operations import OPERATIONS
from desktop.main_window.window import MainWindow
from desktop.pages.networks import kind_words
from desktop.pages.sheets.form_sheet import FormSheet
from tests.gui.samples import make_id
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar, Shown, trigger
from tests.gui.sheets.test_changing import sheet_of
from tests.gui.sheets.test_creating import is_gone, only_change, press

NETWORK, POOL, FAR = make_id(900_030), make_id(900_032), make_id(900_033)
KINDS = ("nat", "vxlan", "physical", "vlan")
FURTHER = ("physical_interface", "vxlan_pool_id", "vni", "vlan_id")


def choose(sheet: Any, kind: str) -> None:
    """Mark a kind as a click does."""
    sheet.form.kinds.button(KINDS.index(kind)).click()


def asked_for(sheet: Any) -> set[str]:
    """The fields of kinds that are shown."""
    return {key for key in FURTHER if not sheet.form.fields[key].isHidden()}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_kind_asks_for_what_it_needs(shown: Shown, look: Any, language: str) -> None:
    look(language, "light")
    sheet: Any = shown("network")
    needed = {
        "nat": set(),
        "vxlan": {"vxlan_pool_id", "vni"},
        "physical": {"physical_interface"},
        "vlan": {"physical_interface", "vlan_id"},
    }
    for kind in KINDS:
        choose(sheet, kind)
        assert asked_for(sheet) == needed[kind]
        take(sheet, f"sheet-network-{kind}-{language}")
        assert clipped(sheet) == []


def test_a_vxlan_network_takes_its_number_from_a_pool(
    shown: Shown, registrar: Registrar, qtbot: QtBot
) -> None:
    sheet: Any = shown("network")
    choose(sheet, "vxlan")
    sheet.form.vni.setText("0")
    sheet.form.touched()
    assert not sheet.footer.go.isEnabled()
    assert sheet.form.fields["vni"].note()
    sheet.form.vni.setText("")
    sheet.form.touched()
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    operation, body = only_change(registrar)
    assert (body["kind"], body["vxlan_pool_id"], body["physical_interface"]) == ("vxlan", POOL, "")
    assert {"vni", "vlan_id", "mtu"}.isdisjoint(body)
    msgspec.convert(body, OPERATIONS[operation].request)


def test_a_vlan_network_needs_its_tag(shown: Shown, registrar: Registrar, qtbot: QtBot) -> None:
    registrar.found["host.check_network"] = ErrorBody(
        code="network.vlan_unsupported",
        message="",
        field="kind",
        params={"host": "node-a", "module": "8021q"},
    )
    sheet: Any = shown("network")
    choose(sheet, "vlan")
    assert not sheet.footer.go.isEnabled()
    for wrong in ("0", "4095", "x"):
        sheet.form.tag.setText(wrong)
        sheet.form.touched()
        assert sheet.form.fields["vlan_id"].note()
    sheet.form.tag.setText("120")
    sheet.form.touched()
    qtbot.waitUntil(lambda: "8021q" in sheet.form.fields["vlan_id"].note())
    body = sheet.form.values("network")
    assert (body["kind"], body["vlan_id"]) == ("vlan", 120)


def test_a_network_comes_into_a_cluster_and_leaves_one(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    cache = window.cache
    (network,), (cluster,) = cache.all("network"), cache.all("cluster")
    cache.put("cluster", [cluster, msgspec.structs.replace(cluster, id=FAR, name="cluster-2")])
    trigger(window, "network", "attach_cluster", NETWORK)
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    assert "anyun network attach-cluster" in sheet.footer.equivalent.text()
    assert clipped(sheet) == []
    take(sheet, "sheet-attach-cluster")
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    assert registrar.changes() == [("network.attach_cluster", {"id": NETWORK, "cluster_id": FAR})]
    qtbot.waitUntil(lambda: is_gone(sheet))
    clusters = [cluster.id, FAR]
    cache.put("network", [msgspec.structs.replace(network, cluster_ids=clusters)])
    registrar.asked.clear()
    trigger(window, "network", "detach_cluster", NETWORK)
    other: Any = sheet_of(window, FormSheet, qtbot)
    press(other)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    assert registrar.changes()[0][0] == "network.detach_cluster"


def test_kinds_have_words(window: MainWindow) -> None:
    (network,) = window.cache.all("network")
    vlan = {"kind": "vlan", "vlan_id": 120, "physical_interface": "eno1"}
    assert kind_words(msgspec.structs.replace(network, **vlan)) == "VLAN 120 on eno1"
    vxlan = {"kind": "vxlan", "vni": 5000}
    assert "5000" in kind_words(msgspec.structs.replace(network, **vxlan))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_pool_is_made(
    window: MainWindow, shown: Shown, registrar: Registrar, qtbot: QtBot, look: Any, language: str
) -> None:
    look(language, "light")
    sheet: Any = shown("vxlan_pool")
    assert (sheet.form.first.text(), sheet.form.last.text()) == ("6000", "6999")
    assert not sheet.footer.go.isEnabled()
    sheet.form.underlay.setText("192.0.2.0/24")
    sheet.form.touched()
    assert clipped(sheet) == []
    take(sheet, f"sheet-vxlan-pool-{language}")
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    operation, body = only_change(registrar)
    assert operation == "vxlan_pool.create"
    assert (body["vni_first"], body["vni_last"]) == (6000, 6999)
    msgspec.convert(body, OPERATIONS[operation].request)


def test_a_pool_is_changed(window: MainWindow, registrar: Registrar, qtbot: QtBot) -> None:
    trigger(window, "vxlan_pool", "rename", POOL)
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    sheet.form.last.setText("7999")
    sheet.form.touched()
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    ((operation, body),) = registrar.changes()
    assert (operation, body["vni_last"], body["id"]) == ("vxlan_pool.update", 7999, POOL)
    msgspec.convert({k: v for k, v in body.items() if k != "id"}, OPERATIONS[operation].request)
