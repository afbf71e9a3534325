"""A main window on a small cloud, and a service that notes what sheets ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import qasync
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from appliance.protocol import resources as r
from appliance.protocol import results
from appliance.protocol.errors import ApiError, ErrorBody, Unavailable
from appliance.protocol.guests import GuestInfo
from appliance.protocol.operations import OPERATIONS, Accepted, Kind
from desktop.main_window.window import MainWindow
from desktop.net.bridge import Bridge
from desktop.net.cache import Cache
from desktop.net.client_ref import ClientRef
from desktop.pages.resource_page import ResourcePage
from desktop.pages.sheets.form_sheet import FormSheet
from desktop.settings import Settings
from tests.gui.samples import infrastructure, make_id, make_job, small_cloud

Shown = Callable[[str], FormSheet]


class Registrar:
    """Accepts everything but what is in `refusals`; hosts find what is in `found`."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.refusals: dict[str, ApiError | OSError] = {}
        self.answers: dict[str, Any] = {"vm.guest_info": GuestInfo(is_answering=False)}
        self.found: dict[str, ErrorBody] = {}
        self.sent: list[tuple[str, Path]] = []
        self.preview: list[results.Consequence] | None = None
        self.gate: asyncio.Event | None = None  # uploads wait for it

    def changes(self) -> list[tuple[str, dict[str, Any]]]:
        """What was asked for, without looking."""
        return [item for item in self.asked if OPERATIONS[item[0]].kind is not Kind.READ]

    async def call(self, operation: str, /, **fields: Any) -> Any:
        """The answer to an operation."""
        self.asked.append((operation, fields))
        if operation in self.refusals:
            raise self.refusals[operation]
        if operation in self.answers:
            return self.answers[operation]
        if ".check_" in operation:
            problem = self.found.get(operation)
            facts = {"available_bytes": 7 * 1024**3, "size_bytes": 3 * 1024**3}
            problems = [problem] if problem else []
            return r.CheckResult(problems=problems, warnings=[], facts=facts)
        if operation == "deletion.preview":
            return await self._preview()
        if operation == "image.get":
            image = infrastructure()["image"][0]
            return msgspec.structs.replace(image, id=fields["id"], status=r.ImageStatus.UPLOADING)
        if OPERATIONS[operation].kind is Kind.JOB:
            job = make_job(77, r.JobState.RUNNING, operation=operation)
            return Accepted(jobs=[job], resource_ids=[fields.get("id", make_id(77))])
        return None

    async def _preview(self) -> results.Consequences:
        if self.preview is None:
            raise Unavailable("host.not_connected", name="node-a")
        refused = any(item.effect == "refuses" for item in self.preview)
        return results.Consequences(items=self.preview, counts={}, refused=refused)

    async def upload_image(
        self, image_id: str, path: Path, on_progress: Callable[[int, int], None] | None = None
    ) -> None:
        """Take a file."""
        if on_progress is not None:
            on_progress(1, 4)
        if self.gate is not None:
            await self.gate.wait()
        if "upload" in self.refusals:
            raise self.refusals["upload"]
        self.sent.append((image_id, path))

    async def screenshot(self, vm_id: str) -> bytes:
        """No picture."""
        return b""


@pytest.fixture
def registrar(ref: ClientRef) -> Registrar:
    made: Any = Registrar()
    ref.set(made)
    return made


@pytest.fixture
def loop(qapp: QApplication) -> Iterator[object]:
    """The GUI's asyncio loop, for slots that start coroutines."""
    made = qasync.QEventLoop(qapp, already_running=True)
    asyncio.set_event_loop(made)
    yield made
    asyncio.set_event_loop(None)
    asyncio.events._set_running_loop(None)


@pytest.fixture
def window(
    qtbot: QtBot,
    look: object,
    bridge: Bridge,
    ref: ClientRef,
    cache: Cache,
    settings: Settings,
    registrar: Registrar,
    loop: object,
    fill: Callable[[dict[str, list[Any]]], None],
) -> Iterator[MainWindow]:
    """The main window with fourteen machines; its sheets are left in the end."""
    made = MainWindow(bridge, ref, cache, settings, "admin")
    qtbot.addWidget(made)
    fill(small_cloud())
    made.show()
    yield made
    for sheet in made.findChildren(QDialog):
        sheet.close()


@pytest.fixture
def shown(window: MainWindow, qtbot: QtBot) -> Shown:
    """Opens the sheet of a page that makes its resources."""

    def show(kind: str) -> FormSheet:
        window.go(kind, "create")
        sheets = [one for one in window.findChildren(FormSheet) if one.isVisible()]
        assert len(sheets) == 1
        qtbot.waitUntil(sheets[0].isActiveWindow)
        return sheets[0]

    return show


def trigger(window: MainWindow, kind: str, action: str, ref: str) -> None:
    """Select a resource and start an action on it."""
    window.go(kind, ref)
    page = window.page(kind)
    assert isinstance(page, ResourcePage)
    page.qactions[action].trigger()
