"""Files on their way to the appliance or from it: how far, how fast, how long; pause and go on."""

from __future__ import annotations

import concurrent.futures
import time
from collections import deque
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QVBoxLayout

from appliance.client.downloads import download_image
from appliance.client.setup import send_content
from appliance.protocol import resources as r
from desktop import texts
from desktop.pages.base import Shell
from desktop.texts import translate
from desktop.widgets.bars import ThinProgress
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label
from desktop.widgets.notice import ErrorLabel
from desktop.widgets.sheet import show_sheet

Seen = Callable[[int, int], None]
Work = Callable[[Seen], Coroutine[Any, Any, Any]]

SPEED_OVER_S = 8.0


class Pace:
    """How fast bytes move, over the last few seconds."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def clear(self) -> None:
        """Begin anew, after a pause."""
        self._seen.clear()

    def add(self, now_s: float, done_bytes: int) -> None:
        """So much is done at this moment."""
        self._seen.append((now_s, done_bytes))
        while len(self._seen) > 2 and now_s - self._seen[0][0] > SPEED_OVER_S:
            self._seen.popleft()

    @property
    def bytes_s(self) -> float:
        """Bytes a second; 0 while nobody knows."""
        (first_s, first), (last_s, last) = self._seen[0], self._seen[-1]
        return (last - first) / (last_s - first_s) if last_s > first_s else 0.0


def duration_words(seconds: float) -> str:
    """A time to come, as exactly as anybody wants to know it."""
    if seconds < 60:
        return translate("Transfer", "{n} s left").format(n=texts.number(int(seconds) + 1))
    minutes = round(seconds / 60)
    if minutes < 90:
        return translate("Transfer", "{n} min left").format(n=texts.number(minutes))
    return translate("Transfer", "{n} h left").format(n=texts.number(round(minutes / 60)))


class TransferSheet(QDialog):
    """One file. `work` sends or gets it from wherever it is; cancelling is a pause."""

    finished_work = Signal()
    _seen = Signal(object, object)

    def __init__(self, shell: Shell, title: str, name: str, work: Work) -> None:
        super().__init__(shell.window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.resize(520, 0)
        self._shell, self._work = shell, work
        self._future: concurrent.futures.Future[Any] | None = None
        self._pace = Pace()
        self._is_done = False
        self.bar, self.words = ThinProgress(), Label("", "muted")
        self.error = ErrorLabel()
        self.pause = FlatButton("")
        self.hide_button = FlatButton(translate("Sheets", "Hide"))
        for button in (self.pause, self.hide_button):
            button.setAutoDefault(False)
        self.pause.clicked.connect(self._toggle)
        self.hide_button.clicked.connect(self.close)
        self._seen.connect(self._show, Qt.ConnectionType.QueuedConnection)
        self._build(title, name)
        self.go_on()

    @property
    def is_moving(self) -> bool:
        """Whether bytes are on their way."""
        return self._future is not None

    def go_on(self) -> None:
        """Begin, or go on after a pause."""
        if self._future is not None or self._is_done:
            return
        self.error.clear()
        self._pace.clear()
        self.bar.setRange(0, 0)
        self.words.setText(translate("Transfer", "Asking how far it is …"))
        self.pause.setText(translate("Transfer", "Pause"))
        work = self._work(self._seen.emit)
        self._future = self._shell.bridge.fetch(work, lambda _: self._done(), self._failed)

    def stop(self) -> None:
        """A pause: what has been done is kept."""
        future, self._future = self._future, None
        if future is not None:
            future.cancel()
        self.bar.setRange(0, 100)
        self.words.setText(translate("Transfer", "Paused. What has been moved is kept."))
        self.pause.setText(translate("Transfer", "Go on"))

    def closeEvent(self, event: QCloseEvent) -> None:
        """What moves goes on behind the scenes; the sheet comes back if it fails."""
        if self.is_moving:
            event.ignore()
            self.hide()
            return
        super().closeEvent(event)

    def reject(self) -> None:
        """Escape hides it, too."""
        self.close()

    def _toggle(self) -> None:
        if self.is_moving:
            self.stop()
        else:
            self.go_on()

    def _show(self, done: int, total: int) -> None:
        if not self.is_moving:
            return
        self._pace.add(time.monotonic(), done)
        self.bar.setRange(0, 100)
        self.bar.setValue(100 * done // max(1, total))
        speed = self._pace.bytes_s
        parts = [
            translate("Transfer", "{done} of {total}").format(
                done=texts.size(done), total=texts.size(total)
            )
        ]
        if speed:
            parts += [f"{texts.size(int(speed))}/s", duration_words((total - done) / speed)]
        self.words.setText(" · ".join(parts))

    def _done(self) -> None:
        self._future, self._is_done = None, True
        self.finished_work.emit()
        self.close()
        self.deleteLater()

    def _failed(self, error: BaseException) -> None:
        self._future = None
        self.bar.setRange(0, 100)
        self.words.setText("")
        self.pause.setText(translate("Transfer", "Go on"))
        self.error.show_error(error)
        self.show()

    def _build(self, title: str, name: str) -> None:
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(self.pause)
        buttons.addWidget(self.hide_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 16)
        layout.setSpacing(12)
        layout.addWidget(Label(title, "title"))
        layout.addWidget(Label(name, "muted"))
        layout.addWidget(self.bar)
        layout.addWidget(self.words)
        layout.addWidget(self.error)
        layout.addStretch()
        layout.addLayout(buttons)


def remembered_file(shell: Shell, image_id: str) -> Path | None:
    """The file that an upload was begun with on this computer, if it is still there."""
    found = shell.settings.texts(_key(image_id))
    return Path(found[0]) if found and Path(found[0]).is_file() else None


def remember_file(shell: Shell, image_id: str, file: Path | None) -> None:
    """Know the file after a restart of the client; None once it has been sent."""
    shell.settings.set_texts(_key(image_id), [str(file)] if file is not None else [])


def upload(shell: Shell, image_id: str, name: str, file: Path) -> TransferSheet:
    """Send a file as the content of an image, or what is missing of it."""
    client = shell.ref.client
    remember_file(shell, image_id, file)  # the client may be closed before it is sent

    def make() -> TransferSheet:
        title = translate("Transfer", "Upload of {name}").format(name=name)
        sheet = TransferSheet(
            shell, title, str(file), lambda seen: send_content(client, image_id, file, seen)
        )
        sheet.finished_work.connect(lambda: remember_file(shell, image_id, None))
        return sheet

    sheet = show_sheet(shell.window, f"upload-{image_id}", make)
    assert isinstance(sheet, TransferSheet)
    return sheet


async def go_on_with_upload(shell: Shell, images: list[Any]) -> None:
    """Go on with the upload of an image; asks for the file if this computer did not begin it."""
    image: r.Image = images[0]
    file = remembered_file(shell, image.id)
    if file is None:
        title = translate("Transfer", "Choose the file that was being sent")
        path, _ = QFileDialog.getOpenFileName(shell.window, title)
        file = Path(path) if path else None
    if file is not None:
        upload(shell, image.id, image.name, file)


async def download(shell: Shell, images: list[Any]) -> None:
    """Save the file of an image on this computer."""
    image: r.Image = images[0]
    ending = "iso" if image.kind == "iso" else "qcow2"
    title = translate("Transfer", "Save the image as")
    proposed = str(Path.home() / f"{image.name.replace('/', '_')}.{ending}")
    path, _ = QFileDialog.getSaveFileName(shell.window, title, proposed)
    if not path:
        return
    client, target = shell.ref.client, Path(path)

    def make() -> TransferSheet:
        return TransferSheet(
            shell,
            translate("Transfer", "Download of {name}").format(name=image.name),
            path,
            lambda seen: download_image(client, image.id, target, seen),
        )

    show_sheet(shell.window, f"download-{image.id}", make)


def _key(image_id: str) -> str:
    return f"upload-{image_id}"
