"""The section of what a machine boots by, and from what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QCheckBox, QComboBox

from appliance.protocol.hardware import Hardware
from desktop.pages.creating_vm.section import HardwareSection
from desktop.texts import translate


class BootDetails(HardwareSection):
    """Firmware, TPM, and the order in which things are tried."""

    def __init__(self) -> None:
        super().__init__()
        self.title = translate("CreateVm", "Advanced: boot and firmware")
        self.firmware, self.order = QComboBox(), QComboBox()
        self.firmware.addItem(translate("Hardware", "as the image is for"), None)
        for words, value in firmware_choices():
            self.firmware.addItem(words, value)
        for order in ORDERS:
            self.order.addItem(order_words(order), ",".join(order))
        self.tpm = QCheckBox(translate("Hardware", "TPM 2.0, which Windows 11 asks for"))
        self.watch(self.tpm)
        self.row(
            (self.add("firmware", translate("Hardware", "Firmware"), self.firmware), 1),
            (self.add("boot_order", translate("Hardware", "Boots from"), self.order), 1),
        )
        self.body.addWidget(self.tpm)

    def load(self, hardware: Hardware) -> None:
        """Show what a machine has."""
        order = ",".join(hardware.boot_order)
        if self.order.findData(order) < 0:
            self.order.addItem(order_words(hardware.boot_order), order)
        self.order.setCurrentIndex(self.order.findData(order))
        if self.firmware.itemData(0) is None:
            self.firmware.removeItem(0)
        self.firmware.setCurrentIndex(self.firmware.findData(hardware.firmware))
        self.tpm.setChecked(hardware.tpm)

    def values(self) -> dict[str, Any]:
        """What is chosen."""
        firmware = self.firmware.currentData()
        return ({"firmware": firmware} if firmware else {}) | {
            "tpm": self.tpm.isChecked(),
            "boot_order": self.order.currentData().split(","),
        }

    def summary(self) -> str:
        """Firmware and TPM, if they are not as usual."""
        words = [self.firmware.currentText()] if self.firmware.currentIndex() else []
        words += ["TPM"] if self.tpm.isChecked() else []
        words += [self.order.currentText()] if self.order.currentIndex() else []
        return ", ".join(words)


def firmware_choices() -> list[tuple[str, str]]:
    """The kinds of firmware, in words."""
    return [
        (translate("Hardware", "BIOS"), "bios"),
        (translate("Hardware", "UEFI"), "uefi"),
        (translate("Hardware", "UEFI with secure boot"), "uefi_secure"),
    ]


ORDERS = (
    ("disk", "cdrom", "network"),
    ("cdrom", "disk", "network"),
    ("network", "disk", "cdrom"),
    ("disk",),
    ("cdrom",),
    ("network",),
)


def order_words(order: Sequence[str]) -> str:
    """A boot order in words."""
    names = {
        "disk": translate("Hardware", "disk"),
        "cdrom": translate("Hardware", "CD"),
        "network": translate("Hardware", "network"),
    }
    return " → ".join(names[device] for device in order)
