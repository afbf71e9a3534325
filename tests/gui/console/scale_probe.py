"""Run with QT_SCALE_FACTOR set: pixels shown and mouse positions are exact at that factor."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtWidgets import QApplication

from desktop.console.demo import DemoMachine, NetworkThread, SocketClient
from desktop.console.viewport import ScaleMode
from desktop.console.window import ConsoleWindow
from tests.gui.console.servers import PictureServer, wait_for

WIDTH, HEIGHT = 320, 200


def main(factor: float) -> None:
    """Check every mode at this scale factor of the screen."""
    application = QApplication(sys.argv[:1])
    assert application.devicePixelRatio() == factor
    columns, rows = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    pixels = (columns << 12 | rows).astype(np.uint32)
    network = NetworkThread()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vnc.sock"
        server = PictureServer(network, path, pixels)
        window = ConsoleWindow(network, SocketClient(str(path)), DemoMachine("x", "probe"))
        window.show()
        wait_for(lambda: not window.console.guest_size.isEmpty(), "the picture")
        for mode in ScaleMode:
            window.bar.mode_chosen.emit(mode)
            for size in ((700, 500), (843, 611), (1011, 707)):
                window.resize(*size)
                application.processEvents()
                check_pixels(window, pixels)
                check_mouse(window, server)
        window.close()
        server.stop()
    network.stop()


def check_pixels(window: ConsoleWindow, pixels: np.ndarray) -> None:
    """What the window shows, where pixels are whole squares, is what the guest shows."""
    view = window.console.viewport()
    assert view is not None
    if view.is_smooth:
        return
    shown = window.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    stride = shown.bytesPerLine() // 4
    data = np.frombuffer(shown.constBits(), np.uint32).reshape(shown.height(), stride)
    data = data[:, : shown.width()] & 0xFFFFFF
    scale = view.width // view.guest_width
    origin = window.console.mapTo(window, window.console.rect().topLeft())
    left = round(origin.x() * view.pixel_ratio) + view.left
    top = round(origin.y() * view.pixel_ratio) + view.top
    expected = np.kron(pixels, np.ones((scale, scale), np.uint32))
    part = data[top : top + view.height, left : left + view.width]
    expected = expected[: part.shape[0], : part.shape[1]]
    wrong = np.argwhere(part != expected)
    assert part.size
    assert not len(wrong), (view, len(wrong), wrong[:3], left, top)


def check_mouse(window: ConsoleWindow, server: PictureServer) -> None:
    """A press in the middle of a guest pixel is a press on that guest pixel."""
    console = window.console
    view = console.viewport()
    assert view is not None
    server.pointers.clear()
    wanted = []
    for column, row in ((0, 0), (1, 0), (7, 3), (160, 100), (319, 0), (0, 199), (319, 199)):
        x = (view.left + (column + 0.5) * view.width / view.guest_width) / view.pixel_ratio
        y = (view.top + (row + 0.5) * view.height / view.guest_height) / view.pixel_ratio
        for kind, held in (
            (QEvent.Type.MouseButtonPress, Qt.MouseButton.LeftButton),
            (QEvent.Type.MouseButtonRelease, Qt.MouseButton.NoButton),
        ):
            place = QPointF(x, y)
            event = QMouseEvent(
                kind,
                place,
                console.mapToGlobal(place),
                Qt.MouseButton.LeftButton,
                held,
                Qt.KeyboardModifier.NoModifier,
            )
            QApplication.sendEvent(console, event)
        wanted += [(1, column, row), (0, column, row)]
    wait_for(lambda: len(server.pointers) >= len(wanted), "the clicks")
    assert server.pointers == wanted, (view, server.pointers, wanted)


if __name__ == "__main__":
    main(float(sys.argv[1]))
