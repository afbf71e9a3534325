"""Clean-up work that waits: a quiet bar on the page of jobs, a flag, and a try by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from appliance.protocol import resources as r
from appliance.protocol.errors import Unavailable, to_body
from desktop import texts
from desktop.main_window.window import MainWindow
from desktop.net.cache import Cache
from desktop.net.feeder import Changed
from desktop.pages.jobs import JobPage
from desktop.widgets.cleanups import CleanupBar, next_try
from desktop.widgets.confirm import ConfirmForGood
from desktop.widgets.notice import Toast
from tests.gui.operations.conftest import Operations
from tests.gui.samples import NOW, make_id
from tests.gui.screens import clipped, is_blank, take


def make_cleanup(number: int, **changes: Any) -> r.Cleanup:
    """A disk that could not be removed."""
    values: dict[str, Any] = {
        "id": make_id(500_000 + number),
        "job_id": make_id(600_000 + number),
        "operation": "vm.create",
        "resource_id": make_id(number),
        "resource_name": f"web-{number}",
        "step": "create_disk",
        "attempts": 3,
        "error": to_body(Unavailable("host.not_connected", name="node-a")),
        "created_at": NOW + timedelta(seconds=number),
        "next_at": NOW + timedelta(minutes=4),
    }
    return r.Cleanup(**{**values, **changes})


def bar_of(window: MainWindow) -> CleanupBar:
    """The bar on the page of jobs."""
    window.go("job")
    page = window.page("job")
    assert isinstance(page, JobPage)
    return page.cleanups


def words(bar: CleanupBar) -> str:
    """All that it says."""
    return "\n".join(one.text() for one in bar.findChildren(QLabel) if not one.isHidden())


def test_nothing_is_said_while_nothing_waits(window: MainWindow, cache: Cache) -> None:
    bar = bar_of(window)
    assert not bar.isVisible()
    cache.put("cleanup", [make_cleanup(1)])
    assert bar.isVisible()
    cache.take([Changed("cleanup", make_cleanup(1).id, None)])
    assert not bar.isVisible()


def test_the_list_says_what_why_and_when(window: MainWindow, cache: Cache) -> None:
    bar = bar_of(window)
    cache.put("cleanup", [make_cleanup(number) for number in range(7)])
    assert bar.words.text().startswith("7 pieces")
    assert "node-a" not in words(bar)
    bar.button.click()
    said = words(bar)
    assert "web-0" in said
    assert texts.error_text(Unavailable("host.not_connected", name="node-a")).message in said
    assert "Tried 3 times" in said
    assert "and 2 more" in said
    assert len(bar.lines) == 5


def test_the_next_try_counts_down() -> None:
    one = make_cleanup(1)
    assert next_try(one, NOW).endswith("next try in 4 min")
    assert next_try(one, NOW + timedelta(hours=1)).endswith("next try: now")


def test_try_now_asks_the_service(
    window: MainWindow, service: Operations, cache: Cache, qtbot: QtBot
) -> None:
    one = make_cleanup(1)
    bar = bar_of(window)
    cache.put("cleanup", [one])
    bar.button.click()
    line = bar.lines[one.id]
    line.button.click()
    assert not line.button.isEnabled()
    qtbot.waitUntil(lambda: service.changes() == [("cleanup.retry", {"id": one.id})])
    qtbot.waitUntil(line.button.isEnabled)
    assert line.error.text() == ""


def test_a_failed_try_is_told_in_place(
    window: MainWindow, service: Operations, cache: Cache, qtbot: QtBot
) -> None:
    service.refusals["cleanup.retry"] = Unavailable("host.not_connected", name="node-a")
    one = make_cleanup(1)
    bar = bar_of(window)
    cache.put("cleanup", [one])
    bar.button.click()
    bar.lines[one.id].button.click()
    qtbot.waitUntil(lambda: "node-a" in bar.lines[one.id].error.text())
    assert bar.lines[one.id].button.isEnabled()


def test_what_can_never_be_done_is_forgotten_after_asking(
    window: MainWindow, service: Operations, cache: Cache, qtbot: QtBot
) -> None:
    one = make_cleanup(1)
    bar = bar_of(window)
    cache.put("cleanup", [one])
    bar.button.click()
    bar.lines[one.id].forget.click()
    (dialog,) = bar.findChildren(ConfirmForGood)
    assert not dialog.button.isEnabled()
    dialog.field.setText("web-1")
    dialog.button.click()
    qtbot.waitUntil(lambda: service.changes() == [("cleanup.dismiss", {"id": one.id})])


def test_it_raises_the_flag_and_gives_one_notice(window: MainWindow, cache: Cache) -> None:
    flagged = int(window.top.warnings.text())
    cache.put("cleanup", [make_cleanup(1), make_cleanup(2)])
    assert int(window.top.warnings.text()) == flagged + 2
    cache.put("cleanup", [make_cleanup(1, attempts=4)])
    toasts = [one for one in window.findChildren(Toast) if one.isVisible()]
    assert len(toasts) == 1
    window.go("overview")
    window.top.warnings.click()
    assert window.current_page() is window.page("job")
    assert len(bar_of(window).lines) == 2


def test_pictures(told: tuple[MainWindow, str], cache: Cache) -> None:
    window, language = told
    cache.put("cleanup", [make_cleanup(1), make_cleanup(2)])
    window.show()
    bar_of(window).button.click()
    image = take(window, f"cleanups-{language}")
    assert not is_blank(image)
    assert clipped(window) == []
