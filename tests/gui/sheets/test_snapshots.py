"""Snapshots in the client: the tree with its branches, and what can be done with its nodes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from pytestqt.qtbot import QtBot

from appliance.protocol import resources as r
from appliance.protocol.snapshots import Snapshot, SnapshotStatus
from desktop.main_window.window import MainWindow
from desktop.models.snapshot_rows import tree_rows
from desktop.net.feeder import Changed
from desktop.pages.sheets.form_sheet import FormSheet
from desktop.pages.snapshots import SnapshotsTab
from desktop.pages.vm_create import CreateVmDialog, create_vm
from tests.gui.samples import NOW, make_id
from tests.gui.screens import clipped, is_blank, take
from tests.gui.sheets.conftest import Registrar
from tests.gui.sheets.test_changing import sheet_of
from tests.gui.sheets.test_creating import press
from tests.gui.sheets.test_volumes import DATA, changed, running, sample

MiB = 1024**2


def snapshot(number: int, name: str, parent: int | None = None, **fields: Any) -> Snapshot:
    return Snapshot(
        id=make_id(950_000 + number),
        name=name,
        created_at=NOW + timedelta(minutes=number),
        parent_id=None if parent is None else make_id(950_000 + parent),
        status=fields.pop("status", SnapshotStatus.READY),
        size_bytes=20 * 1024 * MiB,
        used_bytes=(number + 1) * 37 * MiB,
        owner_id=make_id(1),
        **{"volume_id": DATA, "volume_name": "data-1", **fields},
    )


def grown() -> list[Snapshot]:
    """A tree with a branch, one node of which was deleted; the volume stands on the last one."""
    return [
        snapshot(0, "installed", is_quiesced=True),
        snapshot(1, "before the update", 0),
        snapshot(2, "with the update", 1, status=SnapshotStatus.HIDDEN),
        snapshot(3, "an experiment", 2),
        snapshot(4, "and another one", 2),
        snapshot(5, "nightly", 1, group_id=make_id(960_000), is_current=True),
        snapshot(6, "just now", 5, status=SnapshotStatus.CREATING),
    ]


def shown_tab(window: MainWindow, snapshots: list[Snapshot], **volume: Any) -> SnapshotsTab:
    """The tab of the sample's volume."""
    window.cache.put("snapshot", snapshots)
    changed(window, **volume)
    window.go("volume", DATA)
    page: Any = window.page("volume")
    tab = page.detail.snapshots
    page.detail.pages.setCurrentWidget(tab)
    page.detail.tabs.choose(1)
    return tab


def reasons(tab: SnapshotsTab, one: Snapshot) -> dict[str, str]:
    return {action.name: action.reason(one) for action in tab.actions_declared}


def test_the_way_to_the_present_stays_in_its_lane(window: MainWindow) -> None:
    volume = msgspec.structs.replace(sample(window), snapshot_id=make_id(950_005))
    rows = tree_rows([volume], grown(), with_heads=False)
    drawn = [(row.snapshot.name if row.snapshot else "here", row.lane) for row in rows]
    assert drawn == [
        ("installed", 0),
        ("before the update", 0),
        ("with the update", 1),
        ("an experiment", 2),
        ("and another one", 1),
        ("nightly", 0),
        ("just now", 1),
        ("here", 0),
    ]
    by_name = {name: row for (name, _), row in zip(drawn, rows, strict=True)}
    assert by_name["with the update"].branch_from == 0
    assert by_name["an experiment"].through == {0, 1}
    assert by_name["here"].comes_from_above
    assert [row.id for row in tree_rows([volume], [], with_heads=True)] == [
        f"head:{DATA}",
        f"here:{DATA}",
    ]


def test_the_tree_is_drawn_and_follows_what_happens(window: MainWindow) -> None:
    tab = shown_tab(window, grown(), snapshot_id=make_id(950_005), vm_id=None)
    window.resize(1200, 900)
    assert not is_blank(take(window, "volume-snapshots"))
    assert len(tab.tree.rows()) == 8
    tab.tree.select(make_id(950_003))
    assert [one.name for one in tab.tree.selected()] == ["an experiment"]
    window.cache.put("snapshot", [snapshot(7, "one more", 5)])
    assert len(tab.tree.rows()) == 9
    assert [one.name for one in tab.tree.selected()] == ["an experiment"]
    window.cache.take([Changed("snapshot", make_id(950_003), None)])
    assert tab.tree.selected() == []
    assert not tab.qactions["revert"].isEnabled()


def test_what_does_not_fit_says_why(window: MainWindow) -> None:
    installed, _, hidden, *_, nightly, new = grown()
    tab = shown_tab(window, grown(), vm_id=None)
    assert reasons(tab, installed)["revert"] == ""
    assert "not taken of all disks" in reasons(tab, installed)["revert_all"]
    assert reasons(tab, new)["copy"] == "Being taken"
    assert reasons(tab, hidden)["delete"] == ""
    assert reasons(tab, hidden)["revert"] != ""
    vm = running(window)
    changed(window, vm_id=vm.id, vm_name=vm.name)
    assert vm.name in reasons(tab, nightly)["revert"]
    assert tab.take_button.isEnabled()
    changed(window, status=r.VolumeStatus.MERGING)
    assert "Merging a snapshot" in tab.take_button.toolTip()
    changed(window, status=r.VolumeStatus.NOT_MADE)
    assert not tab.take_button.isEnabled()


def test_one_is_taken(window: MainWindow, registrar: Registrar, qtbot: QtBot) -> None:
    tab = shown_tab(window, [], vm_id=None)
    tab.take_button.click()
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    sheet.form.name.setText("tuesday")
    assert "anyun snapshot create" in sheet.footer.equivalent.text()
    assert not clipped(sheet)
    take(sheet, "snapshot-create")
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    ((operation, fields),) = registrar.changes()
    assert (operation, fields["volume_id"], fields["name"]) == ("snapshot.create", DATA, "tuesday")


def test_going_back_keeps_what_is_there_unless_one_says_so(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    tab = shown_tab(window, grown(), vm_id=None)
    tab.tree.select(make_id(950_000))
    tab.qactions["revert"].trigger()
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    assert sheet.form.values("snapshot")["save_as"]
    take(sheet, "snapshot-revert")
    sheet.form.keep.setChecked(False)
    assert "lost for good" in sheet.form.fields["keep"].note()
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    assert registrar.changes() == [("snapshot.revert", {"id": make_id(950_000)})]


def test_all_disks_of_a_machine(window: MainWindow, registrar: Registrar, qtbot: QtBot) -> None:
    vm = next(one for one in window.cache.all("vm") if one.state is r.VmState.STOPPED)
    (root,) = vm.volumes
    mine = {"volume_id": root.id, "volume_name": root.name, "group_id": make_id(960_001)}
    window.cache.put("snapshot", [snapshot(20, "all", **mine)])
    window.go("vm", vm.id)
    page: Any = window.page("vm")
    tab = page.detail.snapshots
    page.detail.pages.setCurrentWidget(tab)
    window.resize(1200, 900)
    take(window, "vm-snapshots")
    assert [row.is_head for row in tab.tree.rows()] == [True, False, False]
    tab.tree.select(make_id(950_020))
    tab.qactions["revert_all"].trigger()
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    ((operation, fields),) = registrar.changes()
    assert operation == "vm.revert_snapshot"
    assert (fields["id"], fields["snapshot_id"]) == (vm.id, make_id(950_020))
    assert fields["save_as"]


def test_a_volume_is_made_of_one(window: MainWindow, registrar: Registrar, qtbot: QtBot) -> None:
    tab = shown_tab(window, grown(), vm_id=None)
    tab.tree.select(make_id(950_000))
    tab.qactions["copy"].trigger()
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    ((operation, fields),) = registrar.changes()
    assert (operation, fields["snapshot_id"]) == ("volume.create", make_id(950_000))


def test_an_image_is_made_of_one(window: MainWindow, registrar: Registrar, qtbot: QtBot) -> None:
    tab = shown_tab(window, grown(), vm_id=None)
    tab.tree.select(make_id(950_000))
    tab.qactions["image"].trigger()
    sheet: Any = sheet_of(window, FormSheet, qtbot)
    press(sheet)
    qtbot.waitUntil(lambda: bool(registrar.changes()))
    ((operation, fields),) = registrar.changes()
    assert (operation, fields["id"]) == ("volume.create_image", DATA)
    assert fields["snapshot_id"] == make_id(950_000)


def test_a_machine_is_made_of_one_of_a_root_disk(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    tab = shown_tab(window, grown(), vm_id=None)
    assert reasons(tab, grown()[0])["create"] == "No machine starts from a data disk."
    vm = running(window)
    root = snapshot(30, "clean", volume_id=vm.volumes[0].id, volume_name="web-1")
    window.cache.put("snapshot", [root])
    create_vm(tab._shell, root)
    dialog: Any = sheet_of(window, CreateVmDialog, qtbot)
    assert "clean" in dialog.plan.text()
    request = dialog.request()
    assert request["snapshot_id"] == root.id
    assert "image_id" not in request
    dialog.essentials.show_problem("snapshot_id", "It is being deleted.")
    assert not is_blank(take(dialog, "create_vm_of_snapshot"))
    assert clipped(dialog) == []
