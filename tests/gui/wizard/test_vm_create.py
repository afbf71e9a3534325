"""The dialog that makes machines: what it asks for, what it refuses, what it remembers not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from appliance.protocol import resources as r
from appliance.protocol.errors import ApiError, Conflict, NoResources
from appliance.protocol.operations import Accepted
from appliance.protocol.requests import VmCreate
from desktop.net.bridge import Bridge
from desktop.net.cache import Cache
from desktop.net.client_ref import ClientRef
from desktop.pages.creating_vm.essentials import CUSTOM
from desktop.pages.vm_create import CreateVmDialog
from tests.gui.samples import infrastructure, make_id, make_job, small_cloud
from tests.gui.screens import clipped, take
from tests.gui.wizard.conftest import Until

Opened = Callable[..., CreateVmDialog]
MiB = 1024**2


class Clerk:
    """Takes requests; refuses with `refusal` if there is one."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.refusal: ApiError | OSError | None = None

    async def call(self, operation: str, /, **fields: Any) -> Accepted:
        """Accept or refuse."""
        assert operation == "vm.create"
        self.requests.append(fields)
        if self.refusal is not None:
            raise self.refusal
        return Accepted(jobs=[make_job(1, r.JobState.RUNNING)], resource_ids=[make_id(1)])


@pytest.fixture
def clerk(ref: ClientRef) -> Clerk:
    made = Clerk()
    ref.set(made)  # type: ignore[arg-type]
    return made


@pytest.fixture
def opened(
    bridge: Bridge,
    ref: ClientRef,
    cache: Cache,
    fill: Callable[..., None],
    until: Until,
    errors: list[BaseException],
) -> Iterator[Opened]:
    """Opens the dialog on a cloud."""
    made: list[CreateVmDialog] = []

    def show(cloud: dict[str, list[Any]] | None = None) -> CreateVmDialog:
        fill(small_cloud() if cloud is None else cloud)
        dialog = CreateVmDialog(bridge, ref, cache, None)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)  # looked at afterwards
        made.append(dialog)
        dialog.show()
        dialog.activateWindow()
        until("the window is active", dialog.isActiveWindow)
        return dialog

    yield show
    assert errors == []
    for dialog in made:
        dialog.close()


def test_what_is_offered_is_a_whole_request(opened: Opened) -> None:
    request = VmCreate(**opened().request())
    assert (request.name, request.count, request.start) == ("vm-1", 1, True)
    assert request.image_id == make_id(900_010)
    assert request.network_id == make_id(900_030)
    assert request.offering_id in (make_id(900_020), make_id(900_021))


def test_return_creates_once_and_the_dialog_closes(
    opened: Opened, clerk: Clerk, until: Until
) -> None:
    dialog = opened()
    QTest.keyClick(dialog.essentials.name, Qt.Key.Key_Return)
    QTest.keyClick(dialog.essentials.name, Qt.Key.Key_Return)
    until("the dialog closes", lambda: not dialog.isVisible())
    assert [request["name"] for request in clerk.requests] == ["vm-1"]


def test_escape_leaves_without_asking_for_anything(opened: Opened, clerk: Clerk) -> None:
    dialog = opened()
    QTest.keyClick(dialog.essentials.name, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert clerk.requests == []


def test_everything_that_can_be_said_is_sent(opened: Opened) -> None:
    dialog = opened()
    dialog.essentials.offering.setCurrentIndex(dialog.essentials.offering.findData(CUSTOM))
    dialog.essentials.cpus.setValue(3)
    dialog.essentials.memory.setValue(768)
    dialog.guest.ssh_key.setPlainText("ssh-ed25519 AAAA me\n")
    dialog.guest.user_data.setPlainText("#!/bin/sh\n")
    dialog.guest.hostname.setText("web")
    dialog.guest.mode.setCurrentIndex(dialog.guest.mode.findData("seed"))
    dialog.networks.address.setText("10.0.0.77")
    dialog.placement.host.setCurrentIndex(1)
    dialog.disks.root.setValue(20)
    dialog.placement.start.setChecked(False)
    request = VmCreate(**dialog.request())
    assert (request.cpu_count, request.memory_bytes) == (3, 768 * MiB)
    assert request.offering_id is None
    assert request.ssh_public_key == "ssh-ed25519 AAAA me"
    assert (request.hostname, request.cloud_init) == ("web", "seed")
    assert (request.user_data, request.address) == ("#!/bin/sh\n", "10.0.0.77")
    assert request.host_id == make_id(900_003)
    assert (request.root_disk_bytes, request.start) == (20 * 1024**3, False)


def test_a_security_group_can_be_chosen(opened: Opened) -> None:
    dialog = opened()
    assert "security_group_ids" not in dialog.request(), "the settings say"
    chosen = []
    for place in range(dialog.networks.security.count()):
        dialog.networks.security.setCurrentIndex(place)
        chosen.append(VmCreate(**dialog.request()).security_group_ids)
    assert chosen == [None, [make_id(900_026)], []]


def with_networks(*names: str) -> dict[str, list[Any]]:
    """A cloud with further networks; one more is of another cluster."""
    cloud = small_cloud()
    (first,) = cloud["network"]
    more = [
        msgspec.structs.replace(first, id=make_id(900_100 + number), name=name)
        for number, name in enumerate(names)
    ]
    far = {"id": make_id(900_199), "name": "far", "cluster_id": make_id(900_198)}
    return cloud | {"network": [first, *more, msgspec.structs.replace(first, **far)]}


def test_one_network_is_enough_and_further_ones_fold_out(opened: Opened) -> None:
    dialog = opened(with_networks("backup", "storage"))
    dialog.essentials.network.setCurrentIndex(dialog.essentials.network.findData(make_id(900_030)))
    assert "more_nics" not in dialog.request()
    networks = dialog.networks.networks
    assert networks.rows == []
    networks.add.click()
    assert dialog.request()["more_nics"] == [{"network_id": make_id(900_100)}]
    networks.add.click()
    QTest.keyClicks(networks.rows[1].address, "10.0.0.9")
    assert not networks.add.isEnabled(), "there is no other network in the cluster"
    assert networks.add.toolTip()
    assert dialog.request()["more_nics"] == [
        {"network_id": make_id(900_100)},
        {"network_id": make_id(900_101), "address": "10.0.0.9"},
    ]
    msgspec.convert(dialog.request(), VmCreate)
    assert "private + backup + storage" in dialog.plan.text()
    assert "--nic" in dialog.footer.equivalent.text()
    assert not clipped(dialog)
    take(dialog, "vm-create-networks")
    dialog.essentials.count.setValue(2)
    assert not dialog.create_button.isEnabled(), "a fixed address is one machine's"
    dialog.essentials.count.setValue(1)
    # The default NIC's network is not offered again.
    dialog.essentials.network.setCurrentIndex(dialog.essentials.network.findData(make_id(900_100)))
    assert networks.rows[0].network.findData(make_id(900_100)) < 0
    chosen = {nic["network_id"] for nic in dialog.request()["more_nics"]}
    assert len(chosen | {dialog.request()["network_id"]}) == 3
    for _ in range(2):
        networks._remove(networks.rows[0])
    assert "more_nics" not in dialog.request()


def test_what_the_service_says_of_a_further_network_stands_there(
    opened: Opened, clerk: Clerk, until: Until
) -> None:
    dialog = opened(with_networks("backup"))
    dialog.networks.networks.add.click()
    clerk.refusal = Conflict(
        "network.address_taken", field="more_nics[0].address", address="10.0.0.9"
    )
    dialog.create_button.click()
    until("it is said", lambda: "10.0.0.9" in dialog.networks.networks._problem.text())


def test_own_size_shows_its_fields_only_when_chosen(opened: Opened) -> None:
    dialog = opened()
    assert not dialog.essentials.cpus.isVisible()
    dialog.essentials.offering.setCurrentIndex(dialog.essentials.offering.findData(CUSTOM))
    assert dialog.essentials.cpus.isVisible()


def test_a_blank_name_is_told_while_typing(opened: Opened) -> None:
    dialog = opened()
    dialog.essentials.name.selectAll()
    QTest.keyClick(dialog.essentials.name, Qt.Key.Key_Delete)
    assert not dialog.create_button.isEnabled()
    assert dialog.essentials.name.accessibleDescription() == "Give a name."
    QTest.keyClicks(dialog.essentials.name, "web")
    assert dialog.create_button.isEnabled()


def test_a_fixed_address_goes_with_one_machine(opened: Opened) -> None:
    dialog = opened()
    dialog.networks.address.setText("10.0.0.77")
    dialog.essentials.count.setValue(2)
    assert not dialog.create_button.isEnabled()
    assert dialog.networks.address.accessibleDescription()


def test_without_image_or_network_it_says_what_to_make_first(opened: Opened) -> None:
    cloud = infrastructure()
    cloud["image"], cloud["network"] = [], []
    dialog = opened(cloud)
    assert not dialog.create_button.isEnabled()
    assert "image" in dialog.essentials.image.accessibleDescription()
    assert "network" in dialog.essentials.network.accessibleDescription()


def test_names_that_exist_are_not_proposed_again(opened: Opened) -> None:
    cloud = small_cloud()
    cloud["vm"] = [
        msgspec.structs.replace(vm, name=f"vm-{n}") for n, vm in enumerate(cloud["vm"], 1)
    ]
    assert opened(cloud).essentials.name.text() == f"vm-{len(cloud['vm']) + 1}"


def test_what_will_happen_is_told(opened: Opened) -> None:
    dialog = opened()
    dialog.essentials.count.setValue(3)
    words = dialog.plan.text()
    assert words.startswith("3 × ")
    assert "Anyun starter" in words
    assert "in private." in words


def test_the_command_follows_what_is_typed(opened: Opened) -> None:
    dialog = opened()
    dialog.essentials.count.setValue(7)
    dialog.footer.api.setChecked(True)
    assert dialog.footer.equivalent.isVisible()
    assert "--count 7" in dialog.footer.equivalent._text.toPlainText()


@pytest.mark.parametrize(
    ("refusal", "field"),
    [
        (Conflict("network.address_taken", field="address", address="10.0.0.77"), "address"),
        (
            NoResources(
                "volume.too_small",
                field="root_disk_bytes",
                asked_bytes=1024**3,
                needed_bytes=2 * 1024**3,
            ),
            "root_disk_bytes",
        ),
    ],
)
def test_a_refusal_is_shown_at_its_field_even_if_that_is_folded(
    opened: Opened, clerk: Clerk, until: Until, refusal: ApiError, field: str
) -> None:
    clerk.refusal = refusal
    dialog = opened()
    QTest.mouseClick(dialog.create_button, Qt.MouseButton.LeftButton)
    until("the refusal", dialog.error.text)
    (form,) = [part.fields[field] for part in dialog.sections if field in part.fields]
    assert form.isVisible()
    assert form.field.accessibleDescription()
    assert dialog.isVisible()
    clerk.refusal = None
    QTest.mouseClick(dialog.create_button, Qt.MouseButton.LeftButton)
    until("the dialog closes", lambda: not dialog.isVisible())


def test_no_room_is_told_with_the_numbers(opened: Opened, clerk: Clerk, until: Until) -> None:
    clerk.refusal = NoResources(
        "placement.no_memory",
        host="node-a",
        needed_bytes=4 * 1024**3,
        free_bytes=1024**3,
        reserved_bytes=1024**3,
        ratio=1.0,
        count=1,
    )
    dialog = opened()
    QTest.keyClick(dialog.essentials.name, Qt.Key.Key_Return)
    until("the refusal", dialog.error.text)
    assert "4 GiB" in dialog.error.text()
    assert "{" not in dialog.error.text()


def test_a_lost_connection_is_told_and_it_can_be_tried_again(
    opened: Opened, clerk: Clerk, until: Until
) -> None:
    clerk.refusal = ConnectionResetError(104, "Connection reset by peer")
    dialog = opened()
    QTest.keyClick(dialog.essentials.name, Qt.Key.Key_Return)
    until("the error", dialog.error.text)
    assert dialog.create_button.isEnabled()


# Faults that are known; strict: the mark goes when the fault is mended.


def test_typing_replaces_the_proposed_name_at_once(opened: Opened) -> None:
    dialog = opened()
    assert dialog.essentials.name.hasFocus()
    assert dialog.essentials.name.selectedText() == "vm-1"


def test_the_plan_names_the_network_alone_in_chinese(
    opened: Opened, look: Callable[..., None]
) -> None:
    look("zh", "light")
    dialog = opened()
    assert "10.0.0.0/16" not in dialog.plan.text()


def test_an_image_that_gets_ready_meanwhile_is_offered(opened: Opened, cache: Cache) -> None:
    cloud = infrastructure()
    images, cloud["image"] = cloud["image"], []
    dialog = opened(cloud)
    cache.put("image", images)
    assert dialog.create_button.isEnabled()


def test_a_name_that_is_too_long_is_told_while_typing(opened: Opened) -> None:
    dialog = opened()
    dialog.essentials.name.setText("x" * 256)
    dialog._review()
    assert not dialog.create_button.isEnabled()


def test_an_address_outside_the_network_is_told_while_typing(opened: Opened) -> None:
    dialog = opened()
    dialog.networks.address.setText("192.168.77.300")
    dialog._review()
    assert not dialog.create_button.isEnabled()


def test_the_last_choices_are_proposed_again(opened: Opened, clerk: Clerk, until: Until) -> None:
    dialog = opened()
    dialog.essentials.offering.setCurrentIndex(
        dialog.essentials.offering.findData(make_id(900_020))
    )
    QTest.keyClick(dialog.essentials.name, Qt.Key.Key_Return)
    until("the dialog closes", lambda: not dialog.isVisible())
    assert opened().essentials.offering.currentData() == make_id(900_020)


def test_too_little_room_is_told_before_the_button(opened: Opened) -> None:
    dialog = opened()
    dialog.essentials.offering.setCurrentIndex(dialog.essentials.offering.findData(CUSTOM))
    before = dialog.plan.text()
    dialog.essentials.memory.setValue(900 * 1024)
    assert "10 GiB" in dialog.plan.text() + before


def test_a_machine_is_installed_from_a_disc(opened: Opened) -> None:
    cloud = small_cloud()
    (image,) = cloud["image"]
    disc = msgspec.structs.replace(image, id=make_id(900_012), name="debian-13", kind="iso")
    data = msgspec.structs.replace(image, id=make_id(900_013), name="just-data", kind="data")
    cloud["image"] = [image, disc, data]
    dialog = opened(cloud)
    choices = [dialog.essentials.image.itemData(n) for n in range(dialog.essentials.image.count())]
    assert sorted(choices) == sorted([image.id, disc.id])
    dialog.essentials.image.setCurrentIndex(dialog.essentials.image.findData(disc.id))
    request = VmCreate(**dialog.request())
    assert (request.image_id, request.iso_id) == (None, disc.id)
    assert request.root_disk_bytes == 20 * 1024**3
    dialog.disks.root.setValue(8)
    assert VmCreate(**dialog.request()).root_disk_bytes == 8 * 1024**3
    dialog.essentials.image.setCurrentIndex(dialog.essentials.image.findData(image.id))
    request = VmCreate(**dialog.request())
    assert (request.image_id, request.iso_id) == (image.id, None)
