"""The console window on a real QEMU, and on a server that keeps what it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QGuiApplication, QImage, QKeyEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from desktop.console.demo import DemoMachine, NetworkThread, SocketClient
from desktop.console.keys.codes import CODES
from desktop.console.link import Phase
from desktop.console.paste_dialog import PasteDialog
from desktop.console.window import ConsoleWindow
from tests.gui.console.servers import PictureServer, wait_for
from tests.integration.console.guest import KEY_ECHO, running

OUTPUT = Path(__file__).parents[2] / "output" / "screens"
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def network(look: Callable[..., None]) -> Iterator[NetworkThread]:
    made = NetworkThread()
    yield made
    made.stop()


@pytest.fixture
def server(network: NetworkThread, tmp_path: Path) -> Iterator[PictureServer]:
    pixels = (np.arange(320 * 200).reshape(200, 320) * 37 & 0xFFFFFF).astype(np.uint32)
    made = PictureServer(network, tmp_path / "vnc.sock", pixels)
    yield made
    made.stop()


def opened(network: NetworkThread, path: Path, serial: str = "") -> ConsoleWindow:
    """A window that shows its first picture."""
    window = ConsoleWindow(network, SocketClient(str(path), serial), DemoMachine("x", "web-1"))
    window.show()
    window.activateWindow()
    wait_for(lambda: window.screen_link.state.phase is Phase.CONNECTED, "the connection")
    wait_for(lambda: window.view.overlay.text() == "", "the notice to go")
    window.console.setFocus()
    return window


@pytest.fixture
def window(
    network: NetworkThread, server: PictureServer, tmp_path: Path
) -> Iterator[ConsoleWindow]:
    made = opened(network, tmp_path / "vnc.sock")
    yield made
    made.close()


def key_event(
    target: QWidget,
    kind: QEvent.Type,
    key: Qt.Key,
    scan: int,
    text: str = "",
    *,
    repeats: bool = False,
) -> None:
    """A key as X11 and Wayland tell it: with an evdev code plus eight."""
    event = QKeyEvent(kind, key.value, NONE, scan, 0, 0, text, repeats)
    QApplication.sendEvent(target, event)


def pixels_of(image: QImage) -> np.ndarray:
    """0xRRGGBB."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    data = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)
    return data[:, : image.width()] & 0xFFFFFF


def test_a_real_screen_keys_and_coming_back(network: NetworkThread, tmp_path: Path) -> None:
    serial = str(tmp_path / "serial.sock")
    with running(tmp_path, KEY_ECHO) as guest:
        window = opened(network, guest.vnc, serial)

        def is_same() -> bool:
            ours = pixels_of(window.console.screenshot())
            theirs = guest.screendump()
            return ours.shape == theirs.shape and bool((ours == theirs).all())

        wait_for(is_same, "QEMU's own picture")
        OUTPUT.mkdir(parents=True, exist_ok=True)
        assert window.grab().save(str(OUTPUT / "console_window.png"))
        before = window.console.picture_bytes(0, 0, 9, 16)
        key_event(window.console, QEvent.Type.KeyPress, Qt.Key.Key_A, 38, "a")
        wait_for(lambda: window.console.picture_bytes(0, 0, 9, 16) != before, "the key's echo")
        key_event(window.console, QEvent.Type.KeyRelease, Qt.Key.Key_A, 38, "a")
        wait_for(is_same, "QEMU's picture after the key")
    wait_for(lambda: window.screen_link.state.phase is Phase.WAITING, "the end to be noticed")
    wait_for(lambda: "trying again" in window.view.overlay.text(), "the notice")
    (tmp_path / "vnc.sock").unlink(missing_ok=True)
    (tmp_path / "qmp.sock").unlink(missing_ok=True)
    with running(tmp_path, KEY_ECHO):
        wait_for(lambda: window.screen_link.state.phase is Phase.CONNECTED, "the new connection")
        window.close()


def test_keys_repeat_and_are_released_with_the_focus(
    window: ConsoleWindow, server: PictureServer
) -> None:
    press, release = QEvent.Type.KeyPress, QEvent.Type.KeyRelease
    key_event(window.console, press, Qt.Key.Key_Control, 105)  # right Ctrl
    key_event(window.console, press, Qt.Key.Key_Tab, 23, "\t")
    key_event(window.console, release, Qt.Key.Key_Tab, 23, "\t", repeats=True)
    key_event(window.console, press, Qt.Key.Key_Tab, 23, "\t", repeats=True)
    ctrl, tab = CODES["ctrl_right"], CODES["tab"]
    expected = [(ctrl, True), (tab, True), (tab, True)]
    wait_for(lambda: len(server.keys) >= 3, "the keys")
    assert server.keys == expected
    window.bar.tabs.setFocus()
    window.console.clearFocus()
    wait_for(lambda: len(server.keys) >= 5, "the releases")
    assert sorted(server.keys[3:]) == sorted([(ctrl, False), (tab, False)])


def test_shortcuts_belong_to_the_guest_but_f11(window: ConsoleWindow) -> None:
    def override(key: Qt.Key) -> bool:
        event = QKeyEvent(QEvent.Type.ShortcutOverride, key.value, NONE)
        event.ignore()
        QApplication.sendEvent(window.console, event)
        return event.isAccepted()

    assert override(Qt.Key.Key_F5)
    assert override(Qt.Key.Key_Escape)
    assert not override(Qt.Key.Key_F11)
    assert not window.console.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)


def test_keys_without_native_codes(window: ConsoleWindow, server: PictureServer) -> None:
    QTest.keyClick(window.console, Qt.Key.Key_Exclam, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(window.console, Qt.Key.Key_PageUp)
    wait_for(lambda: len(server.keys) >= 6, "the keys")
    codes = [code for code, _ in server.keys]
    assert codes == [CODES["shift"], 2, 2, CODES["shift"], CODES["page_up"], CODES["page_up"]]


def test_send_keys_menu(window: ConsoleWindow, server: PictureServer) -> None:
    window.bar.keys_menu.actions()[0].trigger()
    wait_for(lambda: len(server.keys) >= 6, "the keys")
    codes = [CODES[name] for name in ("ctrl", "alt", "delete")]
    assert server.keys == [(one, True) for one in codes] + [(one, False) for one in codes[::-1]]


def test_wheel_and_throttled_moves(window: ConsoleWindow, server: PictureServer) -> None:
    for _ in range(2):
        place = QPointF(10, 10)
        wheel = QWheelEvent(
            place, window.console.mapToGlobal(place), QPoint(), QPoint(0, 60),
            Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(window.console, wheel)
    wait_for(lambda: len(server.pointers) >= 2, "the wheel")
    assert [buttons for buttons, _, _ in server.pointers] == [8, 0]
    server.pointers.clear()
    for step in range(300):
        QTest.mouseMove(window.console, QPoint(100 + step % 200, 100))
    QTest.mousePress(window.console, Qt.MouseButton.RightButton, NONE, QPoint(300, 200))
    QTest.mouseRelease(window.console, Qt.MouseButton.RightButton, NONE, QPoint(300, 200))
    wait_for(lambda: [one[0] for one in server.pointers[-2:]] == [4, 0], "the click")
    assert len(server.pointers) < 150


def test_view_only(window: ConsoleWindow, server: PictureServer) -> None:
    window.bar.view_only.setChecked(True)
    assert not window.bar.keys.isEnabled()
    key_event(window.console, QEvent.Type.KeyPress, Qt.Key.Key_A, 38, "a")
    QTest.mouseClick(window.console, Qt.MouseButton.LeftButton)
    window.bar.view_only.setChecked(False)
    key_event(window.console, QEvent.Type.KeyPress, Qt.Key.Key_B, 56, "b")
    wait_for(lambda: bool(server.keys), "the key after view-only")
    assert server.keys == [(CODES["b"], True)]
    assert server.pointers == []


def test_paste_tells_what_it_cannot_type(window: ConsoleWindow, server: PictureServer) -> None:
    QGuiApplication.clipboard().setText("Hi é\n")
    dialog = PasteDialog(window.screen_link, window)
    dialog.show()
    assert "é" in dialog.missing.text()
    assert dialog.type_button.isEnabled()
    dialog.type_button.click()
    wait_for(lambda: not dialog.isVisible(), "the typing to end")
    names = ["shift", "h", "h", "shift", "i", "i", "space", "space", "enter", "enter"]
    wait_for(lambda: len(server.keys) >= len(names), "the keys")
    assert [code for code, _ in server.keys] == [CODES[name] for name in names]
    dialog.deleteLater()


def test_stopped_machine_and_back(window: ConsoleWindow, server: PictureServer) -> None:
    window.set_machine_state(False, "Stopped at 10:32.")
    assert window.view.overlay.text() == "The machine is stopped"
    assert window.view.overlay.detail() == "Stopped at 10:32."
    window.set_machine_state(True, "")
    wait_for(lambda: window.view.overlay.text() == "", "the screen")


def test_a_lost_connection_comes_back(window: ConsoleWindow, server: PictureServer) -> None:
    states: list[Phase] = []
    window.screen_link.state_changed.connect(lambda state: states.append(state.phase))
    server.drop()
    wait_for(lambda: Phase.CONNECTED in states, "the new connection")
    assert states == [Phase.WAITING, Phase.CONNECTING, Phase.CONNECTED]
    wait_for(lambda: window.view.overlay.text() == "", "the notice to go")


def test_full_screen_and_back(window: ConsoleWindow) -> None:
    window.toggle_full_screen()
    assert window.isFullScreen()
    assert window.bar.isHidden()
    assert window.strip.isVisible()
    window.toggle_full_screen()
    assert not window.isFullScreen()
    assert window.bar.isVisible()
    assert window.strip.isHidden()


def test_screenshot_power_actions_and_title(window: ConsoleWindow, tmp_path: Path) -> None:
    assert "web-1" in window.windowTitle()
    assert window.save_screenshot(tmp_path / "shot.png")
    saved = pixels_of(QImage(str(tmp_path / "shot.png")))
    assert (saved == pixels_of(window.console.screenshot())).all()
    assert not window.save_screenshot(tmp_path / "missing" / "shot.png")
    window.copy_screenshot()
    assert QGuiApplication.clipboard().image().size() == window.console.guest_size
    fired: list[bool] = []
    action = QAction("Stop", window)
    action.setProperty("icon_name", "stop")
    action.triggered.connect(lambda: fired.append(True))
    window.add_power_actions([action])
    button = window.bar.power_buttons[-1]
    button.click()
    assert fired == [True]
    action.setEnabled(False)
    assert not button.isEnabled()


def test_what_is_copied_in_the_machine_is_on_our_clipboard(
    window: ConsoleWindow, server: PictureServer
) -> None:
    clipboard = QGuiApplication.clipboard()
    clipboard.setText("ours")
    wait_for(window.isActiveWindow, "the focus")
    server.cut("theirs, naïve")
    wait_for(lambda: clipboard.text() == "theirs, naïve", "the text")
    assert "13" in window.status.hint()


def test_a_machine_in_the_background_leaves_the_clipboard_alone(
    window: ConsoleWindow, server: PictureServer
) -> None:
    clipboard = QGuiApplication.clipboard()
    clipboard.setText("ours")
    told: list[str] = []
    window.screen_link.text_cut.connect(told.append)
    other = QWidget()
    other.show()
    other.activateWindow()
    wait_for(lambda: not window.isActiveWindow(), "another window's focus")
    server.cut("theirs")
    wait_for(lambda: told == ["theirs"], "the text")
    assert clipboard.text() == "ours"
    other.close()


def test_folded_actions_are_in_a_menu(window: ConsoleWindow) -> None:
    plain, folded = QAction("Stop", window), QAction("Pause", window)
    folded.setProperty("is_folded", True)
    window.add_power_actions([plain, folded])
    assert len(window.bar.power_buttons) == 1
    assert window.bar.power_menu is not None
    assert window.bar.power_menu.actions() == [folded]
