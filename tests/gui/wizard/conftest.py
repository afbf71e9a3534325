"""A wizard on a plan made of structs, with both of its loops running."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import qasync
import shiboken6
from PySide6.QtWidgets import QApplication, QWidget

from desktop.net.bridge import Bridge
from desktop.net.client_ref import ClientRef
from desktop.wizard import SetupWizard
from tests.gui.wizard.plan import PlanService

Until = Callable[[str, Callable[[], Any]], None]
Opened = Callable[[PlanService], SetupWizard]


@pytest.fixture
def loop(look: Callable[..., None], qapp: QApplication) -> Iterator[qasync.QEventLoop]:
    """Qt's own loop as asyncio's, as in the application."""
    qapp.setQuitOnLastWindowClosed(False)
    made = qasync.QEventLoop(qapp, already_running=False)
    asyncio.set_event_loop(made)
    yield made
    qapp.setQuitOnLastWindowClosed(True)
    made.close()
    asyncio.set_event_loop(None)


@pytest.fixture
def until(loop: qasync.QEventLoop) -> Until:
    """Let the application run until something holds; fails after 5 s."""

    async def wait(what: str, check: Callable[[], Any]) -> None:
        try:
            async with asyncio.timeout(5):
                while not check():
                    await asyncio.sleep(0.01)
        except TimeoutError:
            pytest.fail(f"did not happen: {what}")

    return lambda what, check: loop.run_until_complete(wait(what, check))


@pytest.fixture
def errors(bridge: Bridge) -> list[BaseException]:
    """What escaped from slots."""
    caught: list[BaseException] = []
    bridge.failed.connect(caught.append)
    return caught


@pytest.fixture
def opened(
    bridge: Bridge, ref: ClientRef, until: Until, errors: list[BaseException]
) -> Iterator[Opened]:
    """Opens a wizard on a plan, and closes it after the test; nothing may have escaped."""
    wizards: list[QWidget] = []

    def open_on(service: PlanService) -> SetupWizard:
        ref.set(service)  # type: ignore[arg-type]
        wizard = SetupWizard(bridge, ref, None)
        wizards.append(wizard)
        wizard.show()
        until("the plan is shown", wizard._timer.isActive)
        wizard.activateWindow()
        until("the window is active", wizard.isActiveWindow)
        return wizard

    yield open_on
    assert errors == []
    for wizard in wizards:
        if shiboken6.isValid(wizard):  # windows are deleted when they are closed
            wizard.close()
    wizards.clear()
    QApplication.processEvents()
    gc.collect()
