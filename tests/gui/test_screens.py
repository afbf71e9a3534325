"""Key screens in both languages and both schemes: they are drawn, and no text is cut."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from appliance.protocol import resources as r
from desktop.login.window import LoginWindow, Place
from desktop.main_window.window import MainWindow
from desktop.net.bridge import Bridge
from desktop.net.cache import Cache
from desktop.net.client_ref import ClientRef
from desktop.net.feeder import Offline
from desktop.settings import Settings
from desktop.widgets.confirm import ConfirmForGood
from tests.gui.answers import Answers
from tests.gui.samples import NOW, make_id, small_cloud
from tests.gui.screens import clipped, is_blank, take

Look = Callable[[str, str], None]
Fill = Callable[[dict[str, list[Any]]], None]
LOOKS = [(language, scheme) for language in ("en", "zh") for scheme in ("light", "dark")]
PAGES = ["overview", "vm", "image", "instance_offering", "affinity_group"]
PAGES += ["topology", "elastic_ip", "security_group", "security_rule"]
PAGES += ["usage", "account", "user", "role", "group", "share", "token"]
PAGES += ["primary_storage", "image_store"]
PAGES += ["network", "host", "cluster", "zone", "job", "audit", "recycle_bin", "settings"]
PAGES += ["image_bin", "volume", "volume_bin"]
WITHOUT_DETAIL = ("overview", "topology", "audit", "settings", "usage")
# Pages that ask the service for what they show, and when they show it.
ASKING: dict[str, Callable[[Any], object]] = {
    "settings": lambda page: page.rows,
    "usage": lambda page: page.list.bars,
    "audit": lambda page: page.model.rowCount(),
    "recycle_bin": lambda page: page._policy,
    "image_bin": lambda page: page._policy,
    "volume_bin": lambda page: page._policy,
}


@pytest.fixture(params=LOOKS, ids=["-".join(one) for one in LOOKS])
def chosen(request: pytest.FixtureRequest, look: Look) -> str:
    """One look after the other; its name."""
    look(*request.param)
    return "-".join(request.param)


@pytest.fixture
def window(
    qtbot: QtBot, chosen: str, bridge: Bridge, ref: ClientRef, cache: Cache, settings: Settings
) -> MainWindow:
    """A main window at the size of the pictures."""
    made = MainWindow(bridge, ref, cache, settings, "admin")
    qtbot.addWidget(made)
    made.resize(1280, 800)
    return made


def check(widget: Any, name: str) -> None:
    """Take the picture; it must show something, and cut nothing."""
    image = take(widget, name)
    assert not is_blank(image)
    assert clipped(widget) == []


@pytest.mark.parametrize("page", PAGES)
def test_pages(
    window: MainWindow, ref: ClientRef, fill: Fill, chosen: str, page: str, qtbot: QtBot
) -> None:
    fill(small_cloud())
    if page in ASKING:
        answers: Any = Answers()
        ref.set(answers)
    window.show()
    window.go(page)
    if page in ASKING:
        qtbot.waitUntil(lambda: bool(ASKING[page](window.page(page))))
    if page == "recycle_bin":
        window.go(page, make_id(14))
    elif page == "image_bin":
        (image,) = window.cache.all("image")
        deleted = {"id": make_id(900_011), "status": r.ImageStatus.DELETED, "deleted_at": NOW}
        window.cache.put("image", [msgspec.structs.replace(image, **deleted)])
        window.go(page, make_id(900_011))
    elif page == "volume_bin":
        (volume,) = window.cache.all("volume")
        deleted = {"id": make_id(900_071), "status": r.VolumeStatus.DELETED, "deleted_at": NOW}
        window.cache.put("volume", [msgspec.structs.replace(volume, **deleted)])
        window.go(page, make_id(900_071))
    elif page not in WITHOUT_DETAIL:
        one = window.cache.all(page)[0]
        window.go(page, make_id(3) if page == "vm" else one.id)
    check(window, f"{page}-{chosen}")


@pytest.mark.parametrize("page", ["overview", "vm", "image", "host"])
def test_empty_pages(window: MainWindow, fill: Fill, chosen: str, page: str) -> None:
    window.go(page)
    cloud = small_cloud()
    fill({"zone": cloud["zone"]})
    check(window, f"{page}-empty-{chosen}")


def test_small_window_with_everything_open(window: MainWindow, fill: Fill, chosen: str) -> None:
    window.resize(1024, 640)
    fill(small_cloud())
    window.go("vm", make_id(13))
    window.jobs.open()
    window.notices.show("web-9 is moved to the recycle bin.", action="Undo", on_action=print)
    window.cache.take([Offline(OSError(111, "Connection refused"), 1.0)])
    check(window, f"small-{chosen}")


def test_search(window: MainWindow, fill: Fill, chosen: str, qtbot: QtBot) -> None:
    fill(small_cloud())
    window.show()
    window.top.search.setFocus()
    qtbot.keyClicks(window.top.search, "web")
    check(window, f"search-{chosen}")
    assert window.palette_list.isVisible()


@pytest.mark.parametrize("place", list(Place), ids=[one.name.lower() for one in Place])
def test_login(qtbot: QtBot, chosen: str, bridge: Bridge, settings: Settings, place: Place) -> None:
    window = LoginWindow(bridge, settings, "https://10.0.0.5:8443")
    qtbot.addWidget(window)
    if place is Place.CERTIFICATE:
        window.ask_about_certificate("10.0.0.5:8443", "0123456789abcdef" * 4, known="fe" * 32)
    else:
        window.show_step(place)
        window.error.show_error(OSError(111, "Connection refused"))
    check(window, f"login-{place.name.lower()}-{chosen}")


def test_consent(qtbot: QtBot, chosen: str) -> None:
    lines = ["The virtual machine and its disks (8 GiB) are deleted.", "Nobody can bring it back."]
    dialog = ConfirmForGood("Delete web-1 for good", lines, "web-1", "Delete for good")
    qtbot.addWidget(dialog)
    check(dialog, f"consent-{chosen}")
