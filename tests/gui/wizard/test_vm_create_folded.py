"""The folded sections of the dialog for new machines: what they ask for, refuse, and tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from appliance.protocol.errors import InvalidInput
from appliance.protocol.requests import VmCreate
from desktop.net.bridge import Bridge
from desktop.net.cache import Cache
from desktop.net.client_ref import ClientRef
from desktop.pages.vm_create import CreateVmDialog
from tests.gui.samples import make_id, small_cloud
from tests.gui.screens import clipped, take

Opened = Callable[..., CreateVmDialog]
GiB = 1024**3


@pytest.fixture
def opened(
    bridge: Bridge,
    ref: ClientRef,
    cache: Cache,
    fill: Callable[..., None],
    errors: list[BaseException],
) -> Iterator[Opened]:
    """Opens the dialog on the small cloud, or another one."""
    made: list[CreateVmDialog] = []

    def show(cloud: dict[str, list[Any]] | None = None) -> CreateVmDialog:
        fill(cloud or small_cloud())
        dialog = CreateVmDialog(bridge, ref, cache, None)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
        made.append(dialog)
        dialog.show()
        QApplication.processEvents()
        return dialog

    yield show
    assert errors == []
    for dialog in made:
        dialog.close()


def cloud_with_ipv6(mode: str) -> dict[str, list[Any]]:
    """The small cloud, whose network has IPv6."""
    cloud = small_cloud()
    change = {"ipv6_mode": mode, "ipv6_cidr": "fd00:7::/64"}
    return cloud | {"network": [msgspec.structs.replace(one, **change) for one in cloud["network"]]}


def test_only_the_common_fields_are_seen_at_first(opened: Opened) -> None:
    dialog = opened()
    seen = {
        key
        for section in dialog.sections
        for key, form in section.fields.items()
        if form.isVisible()
    }
    assert seen == {"name", "count", "image_id", "offering_id", "network_id"}
    assert all(not fold.summary() for fold in dialog.folds.values()), "all is as usual"


def test_data_disks_are_asked_for_and_told_while_folded(opened: Opened) -> None:
    dialog = opened()
    fold = dialog.folds[dialog.disks]
    fold.open()
    dialog.disks.add_disk.click()
    dialog.disks.add_disk.click()
    QTest.keyClicks(dialog.disks.rows[1].name, "logs")
    dialog.disks.rows[1].size_field.setValue(5)
    request = msgspec.convert(dialog.request(), VmCreate)
    assert [(disk.name, disk.size_bytes) for disk in request.data_disks] == [
        ("", 20 * GiB),
        ("logs", 5 * GiB),
    ]
    assert f"--data-disk logs={5 * GiB}" in dialog.footer.equivalent.text()
    assert not clipped(dialog)
    take(dialog, "vm-create-disks")
    fold.button.click()
    assert fold.summary() == "+ 20 GiB + 5 GiB"
    dialog.disks.remove(dialog.disks.rows[0])
    assert [disk["size_bytes"] for disk in dialog.request()["data_disks"]] == [5 * GiB]
    for _ in range(7):
        dialog.disks.add_disk.click()
    assert not dialog.disks.add_disk.isEnabled(), "a machine has at most eight"
    assert dialog.disks.add_disk.toolTip()


def test_a_refused_data_disk_is_shown_where_it_stands(opened: Opened) -> None:
    dialog = opened()
    dialog.disks.add_disk.click()
    dialog._show_error(InvalidInput("name.blank", field="data_disks[0].name"))
    assert dialog.folds[dialog.disks].is_open
    assert dialog.disks._problem.isVisible()
    dialog.disks.rows[0].size_field.setValue(3)
    assert not dialog.disks._problem.isVisible(), "it was of another request"


def test_a_root_disk_smaller_than_its_image_is_refused_while_typing(opened: Opened) -> None:
    cloud = small_cloud()
    large = {"virtual_size_bytes": 8 * GiB}
    cloud["image"] = [msgspec.structs.replace(one, **large) for one in cloud["image"]]
    dialog = opened(cloud)
    dialog.disks.root.setValue(7)
    assert not dialog.create_button.isEnabled()
    assert "8 GiB" in dialog.disks.root.accessibleDescription()
    dialog.disks.root.setValue(8)
    assert dialog.create_button.isEnabled()


def test_an_ipv6_address_is_asked_for_where_the_network_gives_them_out(opened: Opened) -> None:
    dialog = opened(cloud_with_ipv6("dhcp"))
    dialog.folds[dialog.networks].open()
    QTest.keyClicks(dialog.networks.ipv6_address, "fd00:8::9")
    assert not dialog.create_button.isEnabled(), "it is outside the network"
    dialog.networks.ipv6_address.clear()
    QTest.keyClicks(dialog.networks.ipv6_address, "fd00:7::9")
    assert dialog.create_button.isEnabled()
    assert dialog.request()["ipv6_address"] == "fd00:7::9"
    dialog.essentials.count.setValue(2)
    assert not dialog.create_button.isEnabled(), "a fixed address is one machine's"


@pytest.mark.parametrize("mode", ["none", "slaac"])
def test_elsewhere_no_ipv6_address_can_be_chosen(opened: Opened, mode: str) -> None:
    dialog = opened(cloud_with_ipv6(mode))
    assert not dialog.networks.ipv6_address.isEnabled()
    assert dialog.networks.ipv6_address.placeholderText()


def test_limits_of_the_nic_are_read_as_people_write_them(opened: Opened) -> None:
    dialog = opened()
    dialog.folds[dialog.networks].open()
    QTest.keyClicks(dialog.networks.inbound, "10M")
    QTest.keyClicks(dialog.networks.outbound, "fast")
    assert not dialog.create_button.isEnabled()
    dialog.networks.outbound.clear()
    QTest.keyClicks(dialog.networks.outbound, "1.5G")
    request = msgspec.convert(dialog.request(), VmCreate)
    assert (request.inbound_bits_per_s, request.outbound_bits_per_s) == (10**7, 15 * 10**8)


def test_hardware_is_asked_for_only_as_far_as_it_is_not_as_usual(opened: Opened) -> None:
    dialog = opened()
    for fold in (dialog.folds[dialog.boot], dialog.folds[dialog.cpu]):
        fold.open()
    assert "hardware" not in dialog.request()
    dialog.boot.firmware.setCurrentIndex(dialog.boot.firmware.findData("uefi_secure"))
    dialog.boot.order.setCurrentIndex(1)
    dialog.boot.tpm.setChecked(True)
    dialog.cpu.nested.setChecked(True)
    dialog.cpu.most_cpus.setValue(8)
    dialog.disks.bus.setCurrentIndex(1)
    request = msgspec.convert(dialog.request(), VmCreate)
    assert request.hardware is not None
    assert (request.hardware.firmware, request.hardware.tpm) == ("uefi_secure", True)
    assert request.hardware.boot_order == ["cdrom", "disk", "network"]
    assert (request.hardware.nested, request.hardware.max_cpu_count) == (True, 8)
    assert request.root_bus == "virtio_scsi"
    assert "--hardware firmware=uefi_secure" in dialog.footer.equivalent.text()
    assert dialog.cpu.cost.isVisible(), "nesting tells what it costs"
    dialog.resize(600, 1400)
    QApplication.processEvents()
    assert not clipped(dialog)
    take(dialog, "vm-create-hardware")
    dialog._show_error(InvalidInput("hardware.topology", field="hardware.topology", product=1))
    assert dialog.cpu.topology.accessibleDescription()
    dialog.cpu.mode.setCurrentIndex(dialog.cpu.mode.findData("none"))
    assert not dialog.create_button.isEnabled(), "the plain processor cannot nest"


def cloud_with_storages() -> dict[str, list[Any]]:
    """The small cloud with a second storage, and an image of data."""
    cloud = small_cloud()
    (local,), (root, *_) = cloud["primary_storage"], cloud["image"]
    change = {"id": make_id(900_990), "name": "nas", "kind": "nfs", "is_shared": True}
    nas = msgspec.structs.replace(local, **change)
    data = {"id": make_id(900_991), "name": "records", "kind": "data"}
    records = msgspec.structs.replace(root, **data, virtual_size_bytes=30 * GiB)
    return cloud | {"primary_storage": [local, nas], "image": [*cloud["image"], records]}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_disks_have_the_storages_and_the_content_that_are_chosen(
    opened: Opened, look: Callable[..., None], language: str
) -> None:
    look(language, "light")
    dialog = opened(cloud_with_storages())
    fold = dialog.folds[dialog.disks]
    assert fold.summary() == ""
    assert "primary_storage_id" not in dialog.request()
    fold.open()
    dialog.disks.storage.setCurrentIndex(dialog.disks.storage.findText("Local-1"))
    dialog.disks.add_disk.click()
    (row,) = dialog.disks.rows
    row.image.setCurrentIndex(1)
    row.storage.setCurrentIndex(row.storage.findText("nas"))
    dialog.resize(dialog.width(), 800)
    take(dialog, f"vm-create-storages-{language}")
    assert not clipped(dialog)
    request = msgspec.convert(dialog.request(), VmCreate)
    assert request.primary_storage_id == make_id(900_040)
    (disk,) = request.data_disks
    assert (disk.image_id, disk.primary_storage_id) == (make_id(900_991), make_id(900_990))
    assert disk.size_bytes == 30 * GiB, "no smaller than its image"
    asked = f"storage={make_id(900_990)},image={make_id(900_991)}"
    assert asked in dialog.footer.equivalent.text()
    assert "Local-1" in fold.summary()


def test_a_machine_may_be_left_off_after_a_reboot_of_its_host(opened: Opened) -> None:
    dialog = opened()
    assert "on_host_boot" not in dialog.request()
    dialog.placement.again.setChecked(False)
    assert dialog.request()["on_host_boot"] == "leave_off"
    assert "--on-host-boot leave_off" in dialog.footer.equivalent.text()
    assert dialog.folds[dialog.placement].summary()
