"""The console window of a machine in the cloud: its power actions are the list's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import qasync
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from appliance.protocol import resources as r
from appliance.protocol.errors import ApiError, Conflict
from desktop.console import ConsoleWindow
from desktop.main_window.window import MainWindow
from desktop.net.bridge import Bridge
from desktop.net.cache import Cache
from desktop.net.client_ref import ClientRef
from desktop.pages.vm_console import close_all, show_console
from desktop.settings import Settings
from tests.gui.samples import make_id, make_vm, small_cloud


class Operator:
    """Notes what is asked for, refuses with `refusal`, and has no consoles."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.refusal: ApiError | None = None

    async def call(self, operation: str, /, **fields: Any) -> None:
        """Note a call."""
        self.calls.append((operation, fields))
        if self.refusal is not None:
            raise self.refusal

    async def open_console(self, vm_id: str, /, *, kind: str = "vnc") -> None:
        """Nobody is there."""
        raise ConnectionRefusedError(111, "Connection refused")

    async def screenshot(self, vm_id: str) -> bytes:
        """No picture."""
        return b""


@pytest.fixture
def operator(ref: ClientRef) -> Operator:
    made: Any = Operator()
    ref.set(made)
    return made


@pytest.fixture
def loop(qapp: QApplication) -> Iterator[object]:
    made = qasync.QEventLoop(qapp, already_running=True)
    asyncio.set_event_loop(made)
    yield made
    asyncio.set_event_loop(None)
    asyncio.events._set_running_loop(None)


@pytest.fixture
def console(
    qtbot: QtBot,
    look: object,
    bridge: Bridge,
    ref: ClientRef,
    cache: Cache,
    settings: Settings,
    operator: Operator,
    loop: object,
    fill: Callable[[dict[str, list[Any]]], None],
) -> Iterator[ConsoleWindow]:
    window = MainWindow(bridge, ref, cache, settings, "admin")
    qtbot.addWidget(window)
    fill(small_cloud())
    shown = show_console(window.shell, make_vm(1))
    assert isinstance(shown, ConsoleWindow)
    yield shown
    close_all()


def titles(window: ConsoleWindow) -> dict[str, Any]:
    """The power actions by title: buttons, and what is in the menu."""
    assert window.bar.power_menu is not None
    found: dict[str, Any] = {one.accessibleName(): one for one in window.bar.power_buttons}
    return found | {one.text(): one for one in window.bar.power_menu.actions()}


def test_the_console_has_the_power_actions(console: ConsoleWindow) -> None:
    assert list(titles(console)) == ["Start", "Stop", "Reboot", "Pause", "Resume", "Force stop"]


def test_they_do_what_they_say(console: ConsoleWindow, operator: Operator, qtbot: QtBot) -> None:
    titles(console)["Stop"].click()
    qtbot.waitUntil(lambda: operator.calls == [("vm.stop", {"id": make_id(1)})])
    titles(console)["Force stop"].trigger()
    qtbot.waitUntil(lambda: operator.calls[1:] == [("vm.stop", {"id": make_id(1), "force": True})])


def test_they_follow_the_state_and_say_why_not(
    console: ConsoleWindow, cache: Cache, operator: Operator, qtbot: QtBot
) -> None:
    actions = titles(console)
    assert actions["Stop"].isEnabled()
    assert not actions["Start"].isEnabled()
    assert "Running" in actions["Start"].toolTip()
    cache.put("vm", [make_vm(1, r.VmState.STOPPED)])
    assert actions["Start"].isEnabled()
    assert not actions["Stop"].isEnabled()
    assert not actions["Pause"].isEnabled()
    cache.put("vm", [make_vm(2, r.VmState.PAUSED)])  # another machine
    assert actions["Start"].isEnabled()
    actions["Start"].click()
    qtbot.waitUntil(lambda: operator.calls == [("vm.start", {"id": make_id(1)})])


def test_a_refusal_is_said_in_the_console(
    console: ConsoleWindow, operator: Operator, bridge: Bridge, qtbot: QtBot
) -> None:
    operator.refusal = Conflict("resource.in_use", name="web-1", count=1, users="volume")
    with qtbot.waitSignal(bridge.failed):
        titles(console)["Reboot"].click()
    assert "web-1" in console.status.hint()


def test_a_machine_that_is_gone_takes_its_console_along(
    console: ConsoleWindow, cache: Cache, qtbot: QtBot
) -> None:
    gone: list[bool] = []
    console.destroyed.connect(lambda *_: gone.append(True))
    from desktop.net.feeder import Changed

    cache.take([Changed("vm", make_id(1), None)])
    qtbot.waitUntil(lambda: bool(gone))


def test_the_bar_fits_the_smallest_window(console: ConsoleWindow) -> None:
    console.resize(console.minimumSize())
    QApplication.processEvents()
    for button in (console.bar.picture, *console.bar.power_buttons):
        assert button.geometry().right() <= console.bar.width()
        assert button.width() >= button.sizeHint().width()
