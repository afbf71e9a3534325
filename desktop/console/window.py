"""The console window of one virtual machine: screen and serial line, and what one does there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, QStandardPaths, Qt, QTimer
from PySide6.QtGui import QAction, QCloseEvent, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from desktop.console.fullscreen import FullScreenStrip
from desktop.console.keys.special import CTRL_ALT_DELETE, chord
from desktop.console.link import LinkState, Phase
from desktop.console.paste_dialog import PasteDialog
from desktop.console.screen_link import ScreenLink
from desktop.console.screen_view import ScreenView
from desktop.console.serial import SerialWidget
from desktop.console.serial_link import SerialLink
from desktop.console.source import HasClient, Machine, connector
from desktop.console.status import StatusLine
from desktop.console.toolbar import ConsoleBar
from desktop.console.transport import Submitter
from desktop.console.viewport import ScaleMode
from desktop.widgets.labels import Line

HINT_MS = 5000
SCREEN, SERIAL = 0, 1


class ConsoleWindow(QMainWindow):
    """Connects when shown, and again whenever the connection is lost.

    `submitter` runs coroutines in the networking thread, `ref` gives the client that opens
    consoles. Tell it about the machine with `set_machine_state`.
    """

    def __init__(
        self, submitter: Submitter, ref: HasClient, vm: Machine, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._name = vm.name
        self._is_running = True
        self._is_sized = False
        self._serial_is_wanted = False
        self.screen_link = ScreenLink(submitter, connector(ref, vm.id, "vnc"), parent=self)
        self.serial_link = SerialLink(submitter, connector(ref, vm.id, "serial"), parent=self)
        self.view = ScreenView(self.screen_link)
        self.console = self.view.console
        self.serial = SerialWidget(self.serial_link)
        self.bar = ConsoleBar()
        self.status = StatusLine()
        self._line = Line()
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.serial)
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget in (self.bar, self._line):
            layout.addWidget(widget)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self.status)
        self.setCentralWidget(content)
        self.strip = FullScreenStrip(vm.name, content)
        self._hint_timer = QTimer(self)
        self._hint_timer.setSingleShot(True)
        self._hint_timer.setInterval(HINT_MS)
        self._hint_timer.timeout.connect(lambda: self.status.set_hint(""))
        self.setMinimumSize(640, 420)
        self.resize(1024, 720)
        self._connect_signals()
        self.set_name(vm.name)
        self._link_changed()

    # What the caller says and asks

    def set_name(self, name: str) -> None:
        """The machine is called `name` now."""
        self._name = name
        self.setWindowTitle(self.tr("{name} – console").format(name=name))
        self.strip.set_name(name)

    def add_power_actions(self, actions: list[QAction]) -> None:
        """Show these actions as buttons; set their property "icon_name" to have an icon, and
        "is_folded" to have them in a menu.
        """
        self.bar.add_power_actions(actions)

    def tell(self, text: str) -> None:
        """Say something in the status line for a while."""
        self._hint(text)

    def set_machine_state(self, running: bool, text: str = "") -> None:
        """Whether the machine has a console now, and its state in words."""
        was_running, self._is_running = self._is_running, running
        for overlay in (self.view.overlay, self.serial.overlay):
            overlay.set_machine_state(is_running=running, text=text)
        if running and not was_running:
            self._start()
        elif not running:
            self.screen_link.stop()
            self.serial_link.stop()
        self._link_changed()

    # Inside

    def _connect_signals(self) -> None:
        bar = self.bar
        bar.tab_chosen.connect(self._show_tab)
        bar.keys_wanted.connect(self._send_keys)
        bar.paste_wanted.connect(self._paste)
        bar.mode_chosen.connect(self._set_mode)
        bar.full_screen_wanted.connect(self.toggle_full_screen)
        bar.view_only_toggled.connect(self._set_view_only)
        bar.copy_picture_wanted.connect(self.copy_screenshot)
        bar.save_picture_wanted.connect(self._ask_where_to_save)
        self.strip.leave_wanted.connect(self.toggle_full_screen)
        self.strip.keys_wanted.connect(lambda: self._send_keys(CTRL_ALT_DELETE))
        QShortcut(QKeySequence(Qt.Key.Key_F11), self).activated.connect(self.toggle_full_screen)
        for link in (self.screen_link, self.serial_link):
            link.state_changed.connect(self._link_changed)
        self.screen_link.leds_changed.connect(self.status.set_lamps)
        self.screen_link.bell_rang.connect(QApplication.beep)
        self.screen_link.text_cut.connect(self._guest_cut)
        self.console.guest_resized.connect(self._guest_resized)
        self.console.view_changed.connect(self._describe_picture)
        self.console.mouse_captured.connect(self._mouse_captured)
        self.console.top_touched.connect(self._top_touched)
        self.serial.size_changed.connect(self._describe_picture)

    def _start(self) -> None:
        self.screen_link.start()
        if self._serial_is_wanted:
            self.serial_link.start()

    def showEvent(self, event: QEvent) -> None:
        """Connect."""
        if self._is_running:
            self._start()
        self._focus()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Disconnect; the machine goes on."""
        self.console.release_all()
        self.screen_link.stop()
        self.serial_link.stop()
        super().closeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """A minimised window asks for no pictures."""
        if event.type() == QEvent.Type.WindowStateChange:
            self.screen_link.set_shown(not self.isMinimized() and self.console.isVisible())
        super().changeEvent(event)

    def _show_tab(self, index: int) -> None:
        self._stack.setCurrentIndex(index)
        self.bar.set_for_screen(is_screen=index == SCREEN)
        if index == SERIAL and not self._serial_is_wanted:
            self._serial_is_wanted = True
            if self._is_running:
                self.serial_link.start()
        self._focus()
        self._link_changed()

    def _link_changed(self, _state: LinkState | None = None) -> None:
        is_screen = self._stack.currentIndex() == SCREEN
        state = self.screen_link.state if is_screen else self.serial_link.state
        self.status.set_state(state, is_running=self._is_running)
        is_up = is_screen and state.phase is Phase.CONNECTED
        self.bar.keys.setEnabled(is_up and not self.bar.view_only.isChecked())
        self.bar.paste.setEnabled(is_up and not self.bar.view_only.isChecked())
        self.bar.picture.setEnabled(is_screen and not self.console.guest_size.isEmpty())
        self._describe_picture()

    def _describe_picture(self, *_: object) -> None:
        if self._stack.currentIndex() == SERIAL:
            screen = self.serial.terminal.screen
            self.status.set_picture(f"{screen.columns} × {screen.lines}")
            return
        view = self.console.viewport()
        if view is None:
            self.status.set_picture("")
            return
        size = f"{view.guest_width} × {view.guest_height}"
        self.status.set_picture(f"{size} · {100 * view.scale:.0f} %")

    def _hint(self, text: str) -> None:
        self.status.set_hint(text)
        self._hint_timer.start()

    def _guest_resized(self, width: int, height: int) -> None:
        self.bar.picture.setEnabled(True)
        if self._is_sized or self.isFullScreen() or self.isMaximized():
            return
        self._is_sized = True
        ratio = self.devicePixelRatioF()
        rest = self.height() - self._stack.height()
        wanted = QSize(round(width / ratio), round(height / ratio) + rest)
        room = self._room() * 0.9
        self.resize(wanted.boundedTo(room).expandedTo(self.minimumSize()))

    def _focus(self) -> None:
        (self.view if self._stack.currentIndex() == SCREEN else self.serial).setFocus()

    def _room(self) -> QSize:
        """The room on the user's screen, in logical pixels."""
        return self.screen().availableSize()

    # Actions

    def _send_keys(self, names: Sequence[str]) -> None:
        self.screen_link.send_events(chord(names))
        self._hint(self.tr("Sent {keys}").format(keys=" + ".join(_title(one) for one in names)))
        self.console.setFocus()

    def _paste(self) -> None:
        dialog = PasteDialog(self.screen_link, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(self.console.setFocus)
        dialog.open()

    def _guest_cut(self, text: str) -> None:
        """What is copied in the machine is put on our clipboard, while one works in here.

        A machine in the background must not take away what was copied elsewhere.
        """
        if text and self.isActiveWindow():
            QGuiApplication.clipboard().setText(text)
            self._hint(self.tr("Copied from the machine: {n} characters").format(n=len(text)))

    def _set_mode(self, mode: ScaleMode) -> None:
        self.bar.modes[mode].setChecked(True)
        self.view.set_mode(mode)

    def _set_view_only(self, view_only: bool) -> None:
        self.console.set_view_only(view_only)
        self.serial.set_view_only(view_only)
        self._link_changed()
        if view_only:
            self._hint(self.tr("View only: nothing is sent to the machine"))
        else:
            self.status.set_hint("")

    def toggle_full_screen(self) -> None:
        """Use the whole screen, or come back."""
        is_full = not self.isFullScreen()
        for widget in (self.bar, self._line, self.status):
            widget.setVisible(not is_full)
        if is_full:
            self.showFullScreen()
            self.strip.appear()
        else:
            self.strip.vanish()
            self.showNormal()
        self._focus()

    def resizeEvent(self, event: QEvent) -> None:
        """Keep the strip in the middle."""
        if self.isFullScreen() and self.strip.isVisible():
            self.strip.appear()

    def _top_touched(self) -> None:
        if self.isFullScreen():
            self.strip.appear()

    def _mouse_captured(self, is_captured: bool) -> None:
        if is_captured:
            self._hint_timer.stop()
            self.status.set_hint(self.tr("Mouse captured: right Ctrl lets it go"))
        else:
            self.status.set_hint("")

    def copy_screenshot(self) -> None:
        """Put the guest's picture on the clipboard."""
        QGuiApplication.clipboard().setImage(self.console.screenshot())
        self._hint(self.tr("Screenshot copied"))

    def save_screenshot(self, path: Path) -> bool:
        """Write the guest's picture as PNG; tells the user when that is not possible."""
        if self.console.screenshot().save(str(path)):
            self._hint(self.tr("Screenshot saved as {path}").format(path=path))
            return True
        self._hint(self.tr("{path} cannot be written: choose another folder").format(path=path))
        return False

    def _ask_where_to_save(self) -> None:
        pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        name = re.sub(r"[^\w.-]+", "-", self._name) or "console"
        stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
        first = Path(pictures or Path.home()) / f"{name}-{stamp}.png"
        chosen, _filter = QFileDialog.getSaveFileName(
            self, self.tr("Save screenshot"), str(first), self.tr("PNG picture (*.png)")
        )
        if chosen:
            path = Path(chosen)
            self.save_screenshot(path if path.suffix else path.with_suffix(".png"))


def _title(name: str) -> str:
    return name.replace("_", " ").title()
