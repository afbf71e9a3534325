"""Sheets of volumes: make one, attach it to a machine, make it larger, limit it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QSpinBox

from appliance.protocol import resources as r
from appliance.protocol.errors import ErrorBody
from appliance.protocol.ids import new_id
from desktop import texts
from desktop.net.cache import Cache
from desktop.operation_titles import operation_title
from desktop.pages.accounts import open_sheet
from desktop.pages.base import Shell
from desktop.pages.creating_vm.disks import (
    bus_choices,
    copy_words,
    data_images,
    storages_in,
)
from desktop.pages.sheets.creating import free_name
from desktop.pages.sheets.form_sheet import SheetSpec
from desktop.texts import translate
from desktop.wizard.fields import FormField
from desktop.wizard.page import Request, StepPage

KIND = "volume"
MiB, GiB = 1024**2, 1024**3
LARGEST_GIB = 64 * 1024
ATTACHES = (r.VmState.RUNNING, r.VmState.PAUSED, r.VmState.STOPPED)


def home_of(vm: r.Vm) -> str | None:
    """The host that a machine's disks are on."""
    return next((volume.host_id for volume in vm.volumes if volume.kind == "root"), None)


def machines_for(cache: Cache, volume: r.Volume) -> list[r.Vm]:
    """The machines that a volume could be attached to: on local storage those of its host."""
    found = [
        vm
        for vm in cache.all("vm")
        if vm.owner_id == volume.owner_id
        and vm.state in ATTACHES
        and volume.host_id in (None, home_of(vm))
    ]
    return sorted(found, key=lambda vm: vm.name)


class VolumeForm(StepPage):
    """Name, size, and the machine that it is for."""

    names = (KIND,)

    def __init__(self, cache: Cache, vm: r.Vm | None) -> None:
        words = (
            translate("Volumes", "It is attached to {name} at once, also while that runs.")
            if vm
            else translate("Volumes", "It takes space on a host from when a machine gets it.")
        )
        super().__init__(
            translate("Volumes", "New volume"), words.format(name=vm.name if vm else "")
        )
        self.name = self.add_line("name", translate("Volumes", "Name"))
        self.name.setText(free_name(translate("Volumes", "data"), cache.all(KIND)))
        self.size_field = _gib_field(20, 1)
        self.add_field("size_bytes", FormField(translate("Volumes", "Size"), self.size_field))
        self.side_by_side("name", "size_bytes")
        self.size_field.valueChanged.connect(lambda _: self.chosen_by_hand())
        bus = translate("CreateVm", "How the guest reaches its disks")
        self.bus = self.add_choice("bus", bus, bus_choices())
        self._add_source(cache)
        self._add_place(cache, vm)
        self.description = self.add_line("description", translate("Volumes", "Description"))

    def _add_source(self, cache: Cache) -> None:
        """It is empty unless there is an image that it may be a copy of."""
        images = data_images(cache)
        self._smallest = {one.id: -(-one.virtual_size_bytes // GiB) for one in images}
        copies = [(copy_words(one), one.id) for one in images]
        empty = (translate("CreateVm", "empty"), "")
        title = translate("CreateVm", "What is on the data disk")
        self.image = self.add_choice("image_id", title, [empty, *copies])
        self.image.currentIndexChanged.connect(lambda _: self._follow_image())
        self.fields["image_id"].setVisible(bool(images))

    def _add_place(self, cache: Cache, vm: r.Vm | None) -> None:
        """For those who see storages: which one, or a host's first one."""
        self._has_vm = vm is not None
        if vm is not None:
            usual = translate("CreateVm", "with the root disk")
            storages = storages_in(cache, {vm.cluster_id})
            hosts: list[tuple[str, str]] = []
        else:
            usual = translate("Volumes", "chosen when a machine gets it")
            storages = [one for one in storages_in(cache) if one.is_shared]
            on = translate("Volumes", "on the host {name}")
            hosts = [(on.format(name=one.name), f"host_id={one.id}") for one in cache.all("host")]
        places = [(one.name, f"primary_storage_id={one.id}") for one in storages]
        title = translate("Volumes", "Where it lies")
        self.place = self.add_choice("place", title, [(usual, ""), *places, *sorted(hosts)])
        self.fields["place"].setVisible(len(places) + len(hosts) > (1 if vm else 0))

    def _follow_image(self) -> None:
        """A copy has at least the size of its image."""
        self.size_field.setMinimum(max(1, self._smallest.get(self.image.currentData(), 1)))

    def field_of(self, problem: ErrorBody) -> FormField | None:
        """A refused place is where it lies."""
        if problem.field in ("host_id", "primary_storage_id"):
            return self.fields["place"]
        return super().field_of(problem)

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        place, _, ref = self.place.currentData().partition("=")
        image_id = self.image.currentData()
        return (
            {
                "name": self.name.text().strip(),
                "description": self.description.text().strip(),
                "size_bytes": self.size_field.value() * GiB,
                "bus": self.bus.currentData(),
            }
            | ({"image_id": image_id} if image_id else {})
            | ({place: ref} if place else {})
        )

    def review(self) -> bool:
        """A name is needed; what is copied is so at once, and needs a place."""
        is_missing = bool(self.image.currentData() and not self.place.currentData())
        is_missing = is_missing and not self._has_vm
        words = translate(
            "Volumes", "Say where, as it is copied at once; or make it for a machine."
        )
        self.tell("image_id", words if is_missing else "")
        return self.review_names() and not is_missing


class AttachForm(StepPage):
    """The machine that gets the volume."""

    names = (KIND,)

    def __init__(self, volume: r.Volume, vms: list[r.Vm]) -> None:
        where = translate(
            "Volumes", "It lies on {host}: machines with their disks there are shown."
        )
        free = translate("Volumes", "It is made where that machine's disks are.")
        super().__init__(
            operation_title("volume.attach"),
            where.format(host=volume.host_name) if volume.host_id else free,
        )
        self.vm = self.add_choice(
            "vm_id",
            translate("Volumes", "Virtual machine"),
            [(f"{vm.name}  {texts.word(f'vm.state.{vm.state.value}')}", vm.id) for vm in vms],
        )

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """What is chosen."""
        return {"vm_id": self.vm.currentData() or ""}

    def review(self) -> bool:
        """There must be a machine."""
        is_there = self.vm.count() > 0
        words = translate("Volumes", "There is no machine that could get it.")
        self.tell("vm_id", "" if is_there else words)
        return is_there


class AddForm(StepPage):
    """The volume that a machine gets."""

    names = (KIND,)

    def __init__(self, volumes: list[r.Volume]) -> None:
        super().__init__(operation_title("volume.attach"), "")
        self.volume = self.add_choice(
            "id",
            translate("Volumes", "Volume"),
            [(f"{one.name}  {texts.size(one.size_bytes)}", one.id) for one in volumes],
        )

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """What is chosen."""
        return {"id": self.volume.currentData() or ""}

    def review(self) -> bool:
        """There must be a volume."""
        is_there = self.volume.count() > 0
        words = translate("Volumes", "There is no free volume that it could get.")
        self.tell("id", "" if is_there else words)
        return is_there


class GrowForm(StepPage):
    """The new size, larger than the old one."""

    names = (KIND,)

    def __init__(self, volume: r.Volume) -> None:
        words = translate("Volumes", "It has {size}. Volumes only grow; the guest sees it at once.")
        super().__init__(
            operation_title("volume.resize"), words.format(size=texts.size(volume.size_bytes))
        )
        lowest = volume.size_bytes // GiB + 1
        self.size_field = _gib_field(lowest, lowest)
        self.add_field("size_bytes", FormField(translate("Volumes", "New size"), self.size_field))
        self.size_field.valueChanged.connect(lambda _: self.chosen_by_hand())

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """The size."""
        return {"size_bytes": self.size_field.value() * GiB}

    def review(self) -> bool:
        """The field allows nothing else."""
        return True


class LimitsForm(StepPage):
    """How often and how much is read and written in a second."""

    names = (KIND,)

    def __init__(self, volume: r.Volume) -> None:
        super().__init__(
            operation_title("volume.set_limits"),
            translate("Volumes", "What the machine may do in a second; it holds at once."),
        )
        unlimited = translate("Volumes", "no limit")
        self.fields_by_name: dict[str, tuple[QSpinBox, int]] = {}
        for name, title, unit, suffix in (
            ("read_iops", translate("Volumes", "Reads"), 1, ""),
            ("write_iops", translate("Volumes", "Writes"), 1, ""),
            ("read_bytes_s", translate("Volumes", "Data read"), MiB, " MiB"),
            ("write_bytes_s", translate("Volumes", "Data written"), MiB, " MiB"),
        ):
            spin = QSpinBox()
            spin.setRange(0, 10_000_000 if unit == 1 else 1024**2)
            spin.setSingleStep(100 if unit == 1 else 10)
            spin.setSpecialValueText(unlimited)
            spin.setSuffix(suffix)
            value = getattr(volume, name)
            spin.setValue(-(-value // unit))
            spin.valueChanged.connect(lambda _: self.chosen_by_hand())
            self.fields_by_name[name] = spin, unit
            self.add_field(name, FormField(title, spin))
        self.side_by_side("read_iops", "write_iops")
        self.side_by_side("read_bytes_s", "write_bytes_s")

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """The limits; 0 is none."""
        return {key: spin.value() * unit for key, (spin, unit) in self.fields_by_name.items()}

    def review(self) -> bool:
        """Each value fits."""
        return True


def create(shell: Shell, vm: r.Vm | None = None) -> None:
    """Open the sheet that makes a volume, for a machine if one is given."""
    fixed: dict[str, Any] = {"id": new_id()}
    if vm is not None:
        fixed["vm_id"] = vm.id
    spec = SheetSpec(
        operation="volume.create", button=translate("Volumes", "Make volume"), fixed=fixed
    )
    open_sheet(shell, "create-volume", lambda: VolumeForm(shell.cache, vm), spec)


def attach(shell: Shell, volume: r.Volume) -> None:
    """Open the sheet that gives a volume to a machine."""
    vms = machines_for(shell.cache, volume)
    spec = SheetSpec(
        operation="volume.attach",
        button=translate("Volumes", "Attach"),
        fixed={"id": volume.id},
    )
    open_sheet(shell, f"attach-{volume.id}", lambda: AttachForm(volume, vms), spec)


def add_to(shell: Shell, vm: r.Vm) -> None:
    """Open the sheet that gives a machine a volume that is there."""
    free = [one for one in shell.cache.all(KIND) if is_free(one) and fits(vm, one)]
    free.sort(key=lambda one: one.name)
    spec = SheetSpec(
        operation="volume.attach",
        button=translate("Volumes", "Attach"),
        fixed={"vm_id": vm.id},
    )
    open_sheet(shell, f"attach-to-{vm.id}", lambda: AddForm(free), spec)


def grow(shell: Shell, volume: r.Volume) -> None:
    """Open the sheet that makes a volume larger."""
    spec = SheetSpec(
        operation="volume.resize", button=translate("Volumes", "Grow"), fixed={"id": volume.id}
    )
    open_sheet(shell, f"grow-{volume.id}", lambda: GrowForm(volume), spec)


def limit(shell: Shell, volume: r.Volume) -> None:
    """Open the sheet that limits a volume."""
    spec = SheetSpec(
        operation="volume.set_limits",
        button=translate("Sheets", "Save"),
        fixed={"id": volume.id},
    )
    open_sheet(shell, f"limit-{volume.id}", lambda: LimitsForm(volume), spec)


def is_free(volume: r.Volume) -> bool:
    """Whether a machine could get it."""
    resting = (r.VolumeStatus.NOT_MADE, r.VolumeStatus.READY)
    return volume.vm_id is None and volume.status in resting


def fits(vm: r.Vm, volume: r.Volume) -> bool:
    """Whether a volume is its machine's account's, and lies where its disks are."""
    return volume.owner_id == vm.owner_id and volume.host_id in (None, home_of(vm))


def _gib_field(value: int, lowest: int) -> QSpinBox:
    field = QSpinBox()
    field.setRange(lowest, LARGEST_GIB)
    field.setSuffix(" GiB")
    field.setValue(value)
    return field
