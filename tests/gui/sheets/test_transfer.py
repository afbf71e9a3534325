"""Files on their way: pace, pause, going on, failure, and what is known after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from appliance.protocol.errors import Unavailable
from appliance.protocol.resources import ImageStatus
from desktop.main_window.window import MainWindow
from desktop.pages.images import transfer_actions
from desktop.pages.sheets import transfer
from desktop.pages.sheets.form_sheet import FormSheet
from desktop.pages.sheets.images import make_image
from tests.gui.samples import infrastructure
from tests.gui.screens import clipped, take
from tests.gui.sheets.conftest import Registrar
from tests.gui.sheets.test_changing import sheet_of
from tests.gui.sheets.test_creating import press
from tests.gui.sheets.test_volumes import DATA

MiB = 1024**2


class Slow:
    """Work that ends when it is told to."""

    def __init__(self) -> None:
        self.begun = 0
        self.is_let = False
        self.problem: Exception | None = None

    async def work(self, seen: transfer.Seen) -> None:
        """Half of it, then the rest."""
        self.begun += 1
        seen(50 * MiB, 100 * MiB)
        while not self.is_let:
            await asyncio.sleep(0.01)
        if self.problem is not None:
            raise self.problem


def test_it_moves_pauses_goes_on_and_ends(window: MainWindow, qtbot: QtBot) -> None:
    slow = Slow()
    sheet = transfer.TransferSheet(window.shell, "Upload of x", "/tmp/x", slow.work)
    ended: list[bool] = []
    sheet.finished_work.connect(lambda: ended.append(True))
    sheet.show()
    qtbot.waitUntil(lambda: sheet.bar.value() == 50)
    assert "50 MiB of 100 MiB" in sheet.words.text()
    sheet.close()  # hides: it moves all the same
    assert (sheet.isVisible(), sheet.is_moving) == (False, True)
    sheet.show()
    sheet.pause.click()
    assert (sheet.is_moving, sheet.pause.text()) == (False, "Go on")
    assert "Paused" in sheet.words.text()
    sheet.pause.click()
    qtbot.waitUntil(lambda: slow.begun == 2)
    slow.problem, slow.is_let = Unavailable("client.unreachable", url="x", reason="gone"), True
    qtbot.waitUntil(lambda: bool(sheet.error.text()))
    assert not sheet.is_moving
    slow.problem = None
    sheet.pause.click()
    qtbot.waitUntil(lambda: bool(ended))


def test_the_pace_is_that_of_the_last_seconds() -> None:
    pace = transfer.Pace()
    pace.add(0, 0)
    assert pace.bytes_s == 0
    for second in range(1, 30):
        pace.add(second, second * MiB if second < 20 else 20 * MiB)
    assert pace.bytes_s == 0
    pace.clear()
    pace.add(40, 0)
    pace.add(42, 4 * MiB)
    assert pace.bytes_s == 2 * MiB


@pytest.mark.parametrize(
    ("seconds", "words"), [(3.2, "4 s left"), (100, "2 min left"), (4 * 3600, "4 h left")]
)
def test_times_are_rough(look: object, seconds: float, words: str) -> None:
    assert transfer.duration_words(seconds) == words


def test_the_file_of_an_upload_is_known_after_a_restart(window: MainWindow, tmp_path: Path) -> None:
    file = tmp_path / "disk.raw"
    file.write_bytes(b"x")
    assert transfer.remembered_file(window.shell, "i") is None
    transfer.remember_file(window.shell, "i", file)
    assert transfer.remembered_file(window.shell, "i") == file
    transfer.remember_file(window.shell, "i", None)
    assert transfer.remembered_file(window.shell, "i") is None


def test_actions_say_why_they_cannot_be_done(look: object) -> None:
    image = infrastructure()["image"][0]
    assert image.status == ImageStatus.READY
    go_on, download = transfer_actions()
    assert go_on.reason is not None
    assert download.reason is not None
    assert go_on.reason(image) == "It does not wait for a file."
    assert download.reason(image) == ""


def test_an_image_is_made_of_a_volume(
    window: MainWindow, registrar: Registrar, qtbot: QtBot
) -> None:
    volume = window.cache.get("volume", DATA)
    assert volume is not None
    make_image(window.shell, volume)
    sheet = sheet_of(window, FormSheet, qtbot)
    take(sheet, "image-of-volume")
    assert not clipped(sheet)
    press(sheet)
    qtbot.waitUntil(lambda: any(name == "volume.create_image" for name, _ in registrar.asked))
    operation, body = next(one for one in registrar.asked if one[0] == "volume.create_image")
    assert (operation, body["id"], body["platform"]) == ("volume.create_image", DATA, "auto")
    assert body["image_store_id"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_sheet_has_no_clipped_text(
    window: MainWindow, qtbot: QtBot, look: Callable[[str, str], None], language: str
) -> None:
    look(language, "light" if language == "en" else "dark")
    slow = Slow()
    sheet = transfer.TransferSheet(window.shell, "debian-12", "/home/me/debian-12.qcow2", slow.work)
    sheet.show()
    qtbot.waitUntil(lambda: sheet.bar.value() == 50)
    take(sheet, f"transfer-{language}")
    assert not clipped(sheet)
    sheet.stop()
