"""The detail of a virtual machine: a live picture of its screen, facts, its disks and NICs."""

from __future__ import annotations

import concurrent.futures
from typing import Any

from PySide6.QtCore import QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from appliance.protocol import resources as r
from desktop import theme
from desktop.pages.base import Shell
from desktop.pages.detail import Detail
from desktop.pages.snapshots import SnapshotsTab
from desktop.pages.vm_disks import DisksTab
from desktop.pages.vm_guest import GuestFacts
from desktop.pages.vm_hardware import HardwareTab
from desktop.pages.vm_nics import NicsTab
from desktop.texts import translate

REFRESH_MS = 3000


class Thumbnail(QWidget):
    """A picture of a VM's screen, taken anew every few seconds while it is seen."""

    pressed = Signal()

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell = shell
        self._vm: r.Vm | None = None
        self._image: QImage | None = None
        self._pending: concurrent.futures.Future[bytes] | None = None
        self.setFixedSize(256, 160)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(translate("VmDetail", "Open the console"))
        self.setAccessibleName(translate("VmDetail", "Picture of the screen"))
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self._ask)

    def sizeHint(self) -> QSize:
        """Sixteen to ten."""
        return QSize(256, 160)

    def set_vm(self, vm: r.Vm | None) -> None:
        """Show another VM, or a new version of the same."""
        if vm is None or self._vm is None or vm.id != self._vm.id:
            self._image = None
            self._cancel()
        self._vm = vm
        if not self._is_live():
            self._image = None
        self._follow()
        self.update()

    def image(self) -> QImage | None:
        """The picture that is shown."""
        return self._image

    def set_image(self, image: QImage | None) -> None:
        """Show a picture."""
        self._image = image if image is not None and not image.isNull() else None
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click opens the console."""
        if event.button() == Qt.MouseButton.LeftButton and self._is_live():
            self.pressed.emit()

    def showEvent(self, _event: Any) -> None:
        """Seen: take pictures."""
        self._follow()

    def hideEvent(self, _event: Any) -> None:
        """Not seen: spend nothing."""
        self._timer.stop()
        self._cancel()

    def paintEvent(self, _event: Any) -> None:
        """Draw the picture, or why there is none."""
        c = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(theme.colour(c.line), 1))
        painter.setBrush(theme.colour("#0b0d10" if self._image else c.window))
        painter.drawRoundedRect(box, 4, 4)
        inner = box.adjusted(1, 1, -1, -1)
        if self._image is not None:
            size = QSize(self._image.size()).scaled(
                inner.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio
            )
            place = QRectF(
                inner.center().x() - size.width() / 2,
                inner.center().y() - size.height() / 2,
                size.width(),
                size.height(),
            )
            painter.drawImage(place, self._image)
            return
        theme.icon("monitor-off" if not self._is_live() else "monitor").paint(
            painter, QRect(self.width() // 2 - 16, self.height() // 2 - 28, 32, 32)
        )
        painter.setPen(theme.colour(c.muted))
        words = (
            translate("VmDetail", "The screen is loading …")
            if self._is_live()
            else translate("VmDetail", "The screen is off")
        )
        painter.drawText(
            self.rect().adjusted(8, 40, -8, 0), int(Qt.AlignmentFlag.AlignCenter), words
        )

    def _is_live(self) -> bool:
        return self._vm is not None and self._vm.state in (r.VmState.RUNNING, r.VmState.PAUSED)

    def _follow(self) -> None:
        if self.isVisible() and self._is_live():
            if not self._timer.isActive():
                self._timer.start()
                self._ask()
        else:
            self._timer.stop()

    def _ask(self) -> None:
        vm = self._vm
        if vm is None or self._pending is not None or not self._shell.ref.is_set:
            return
        client = self._shell.ref.client

        def arrived(content: bytes) -> None:
            self._pending = None
            if self._vm is not None and self._vm.id == vm.id and self._is_live():
                self.set_image(QImage.fromData(content))

        def failed(_error: BaseException) -> None:
            # The old picture stays; a lost connection has its own bar.
            self._pending = None

        self._pending = self._shell.bridge.fetch(client.screenshot(vm.id), arrived, failed)

    def _cancel(self) -> None:
        if self._pending is not None:
            self._pending.cancel()
            self._pending = None


class VmDetail(Detail):
    """Facts of a VM beside its screen."""

    def add_more_tabs(self) -> None:
        """The machine's hardware, disks with their snapshots, and NICs."""
        self.hardware = HardwareTab(self.shell)
        self.disks = DisksTab(self.shell)
        self.snapshots = SnapshotsTab(self.shell)
        self.nics = NicsTab(self.shell)
        self.add_tab(translate("VmDetail", "Hardware"), self.hardware)
        self.add_tab(translate("VmDetail", "Disks"), self.disks)
        self.add_tab(translate("VmDetail", "Snapshots"), self.snapshots)
        self.add_tab(translate("VmDetail", "Network"), self.nics)

    def make_overview(self) -> QWidget:
        """The picture at the left, facts at the right."""
        self.thumbnail = Thumbnail(self.shell)
        content = QWidget()
        layout = QHBoxLayout(content)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(24)
        layout.addWidget(self.thumbnail, 0, Qt.AlignmentFlag.AlignTop)
        right = QVBoxLayout()
        right.addWidget(self.facts)
        self.guest = GuestFacts(self.shell)
        right.addWidget(self.guest)
        right.addStretch()
        layout.addLayout(right, 1)
        self.thumbnail.pressed.connect(self._open_console)
        return content

    def resource_changed(self) -> None:
        """Follow the VM."""
        self.thumbnail.set_vm(self.resource)
        self.guest.set_vm(self.resource)
        self.hardware.show_vm(self.resource)
        self.disks.show_vm(self.resource)
        self.snapshots.show_vm(self.resource)
        self.nics.show_vm(self.resource)

    def _open_console(self) -> None:
        from desktop.pages.vm_console import show_console

        if self.resource is not None:
            show_console(self.shell, self.resource)
