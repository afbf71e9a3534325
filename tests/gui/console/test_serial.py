"""The serial console against a real shell on a real pseudo terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.console.demo import NetworkThread
from desktop.console.serial import SerialWidget
from desktop.console.serial_link import SerialLink
from desktop.console.source import connector
from tests.gui.console.servers import Shell, wait_for


@pytest.fixture
def serial(look: Callable[..., None]) -> Iterator[SerialWidget]:
    network, shell = NetworkThread(), Shell()
    link = SerialLink(network, connector(shell, "x", "serial"))
    widget = SerialWidget(link)
    widget.resize(widget.sizeHint())
    widget.show()
    link.start()
    wait_for(lambda: shown(widget).endswith("$"), "the prompt")
    yield widget
    link.stop()
    network.stop()
    shell.stop()
    widget.deleteLater()


def shown(widget: SerialWidget) -> str:
    """All the text the terminal has."""
    terminal = widget.terminal
    rows = [terminal.text(index) for index in range(terminal.row_count())]
    return "\n".join(rows).rstrip()


def type_line(widget: SerialWidget, text: str) -> None:
    """Type it, and Enter."""
    QTest.keyClicks(widget, text)
    QTest.keyClick(widget, Qt.Key.Key_Return)


def test_a_command_and_its_answer(serial: SerialWidget) -> None:
    assert serial.overlay.text() == ""
    type_line(serial, "echo $((6*7))")
    wait_for(lambda: "\n42\n$" in shown(serial), "the answer")


def test_control_keys_arrows_and_backspace(serial: SerialWidget) -> None:
    type_line(serial, "cat")
    type_line(serial, "it runs")
    wait_for(lambda: "\nit runs\nit runs" in shown(serial), "cat")
    QTest.keyClick(serial, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    wait_for(lambda: "^C" in shown(serial) and shown(serial).endswith("$"), "the interrupt")
    QTest.keyClicks(serial, "echo wrongg")
    QTest.keyClick(serial, Qt.Key.Key_Backspace)
    QTest.keyClick(serial, Qt.Key.Key_Return)
    wait_for(lambda: "\nwrong\n" in shown(serial), "the corrected line")
    type_line(serial, "cat -v")
    for key in (Qt.Key.Key_Up, Qt.Key.Key_F5, Qt.Key.Key_Delete, Qt.Key.Key_Tab):
        QTest.keyClick(serial, key)
    QTest.keyClick(serial, Qt.Key.Key_Return)
    wait_for(lambda: "^[[A^[[15~^[[3~" in shown(serial), "the sequences")
    QTest.keyClick(serial, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)


def test_chinese_colours_and_the_size(serial: SerialWidget) -> None:
    serial._send(r"printf '\033[1;32m安云\033[0m ok\n'".encode() + b"\r")
    wait_for(lambda: "\n安云 ok" in shown(serial).replace("云 ", "云 "), "Chinese text")
    serial.resize(700, 300)
    screen = serial.terminal.screen
    wait_for(lambda: screen.lines < 24, "the new size")
    serial.tell_size()
    wait_for(lambda: "stty" in shown(serial) and shown(serial).endswith("$"), "the prompt")
    type_line(serial, "stty size")
    wait_for(lambda: f"\n{screen.lines} {screen.columns}\n" in shown(serial), "the size")
    assert not serial.grab().isNull()


def test_scrollback_selection_and_paste(serial: SerialWidget) -> None:
    type_line(serial, "seq 1 200")
    wait_for(lambda: "\n200\n$" in shown(serial), "the numbers")
    bar = serial.verticalScrollBar()
    assert bar.maximum() > 100
    assert bar.value() == bar.maximum()
    bar.setValue(2)
    mouse(serial, QEvent.Type.MouseButtonPress, 8, 8)
    mouse(serial, QEvent.Type.MouseMove, 8 + 4 * serial._cells.cell_width, 8 + 2.5 * 19)
    first = serial.selected_text().splitlines()
    assert len(first) >= 2
    assert int(first[1]) == int(first[0]) + 1
    serial.copy()
    assert QGuiApplication.clipboard().text() == "\n".join(first)
    QGuiApplication.clipboard().setText("echo pasted")
    QTest.keyClick(
        serial,
        Qt.Key.Key_V,
        Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
    )
    assert bar.value() == bar.maximum()
    assert serial.selected_text() == ""
    QTest.keyClick(serial, Qt.Key.Key_Return)
    wait_for(lambda: "\npasted\n$" in shown(serial), "what was pasted")


def test_view_only_sends_nothing(serial: SerialWidget) -> None:
    serial.set_view_only(True)
    type_line(serial, "echo never")
    serial.set_view_only(False)
    type_line(serial, "echo after")
    wait_for(lambda: "\nafter\n$" in shown(serial), "the answer")
    assert "never" not in shown(serial)


def mouse(widget: SerialWidget, kind: QEvent.Type, x: float, y: float) -> None:
    """Send one event of the left button."""
    place = QPointF(x, y)
    target = widget.viewport()
    left = Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(kind, place, target.mapToGlobal(place), left, left, none)
    QApplication.sendEvent(target, event)
