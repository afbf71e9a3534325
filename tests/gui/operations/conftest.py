"""A main window, and a service with jobs, clean-up work and settings that can refuse."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import qasync
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from appliance.protocol import resources as r
from appliance.protocol import results
from appliance.protocol.errors import ApiError
from appliance.protocol.guests import GuestInfo
from appliance.protocol.operations import OPERATIONS, Accepted, Kind, Page
from desktop.main_window.window import MainWindow
from desktop.net.bridge import Bridge
from desktop.net.cache import Cache
from desktop.net.client_ref import ClientRef
from desktop.settings import Settings
from tests.gui.samples import make_id, make_job, small_cloud

Fill = Callable[[dict[str, list[Any]]], None]


class Operations:
    """Answers with what it was given, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.refusals: dict[str, ApiError] = {}
        self.log: list[r.JobLogEntry] = []
        self.parts: list[r.Job] = []
        self.settings: list[results.Setting] = []
        self.consequences = results.Consequences(items=[], counts={}, refused=False)

    def changes(self) -> list[tuple[str, dict[str, Any]]]:
        """What was asked for, without looking."""
        return [item for item in self.asked if OPERATIONS[item[0]].kind is not Kind.READ]

    async def call(self, operation: str, /, **fields: Any) -> Any:
        """The answer to an operation."""
        self.asked.append((operation, fields))
        if operation in self.refusals:
            raise self.refusals[operation]
        if operation.startswith("setting."):
            return self._settings(operation, fields)
        answers: dict[str, Any] = {
            "job.log": r.JobLog(items=self.log),
            "job.list": Page(items=self.parts, next=None, total=len(self.parts), seq=1),
            "deletion.preview": self.consequences,
            "vm.guest_info": GuestInfo(is_answering=False),
        }
        if operation in answers:
            return answers[operation]
        if OPERATIONS[operation].kind is Kind.JOB:
            job = make_job(77, r.JobState.RUNNING, operation=operation)
            return Accepted(jobs=[job], resource_ids=[])
        return None

    def _settings(self, operation: str, fields: dict[str, Any]) -> Any:
        if operation == "setting.show":
            return results.SettingList(items=self.settings)
        (found,) = [one for one in self.settings if one.name == fields["name"]]
        values = {name: getattr(found, name) for name in found.__struct_fields__}
        values["value"] = fields.get("value", found.default)
        changed = results.Setting(**values)
        self.settings = [changed if one is found else one for one in self.settings]
        return changed

    async def screenshot(self, vm_id: str) -> bytes:
        """No picture."""
        return b""


@pytest.fixture
def service(ref: ClientRef) -> Operations:
    """The service that windows talk to."""
    made: Any = Operations()
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
    service: Operations,
    loop: object,
    fill: Fill,
) -> Iterator[MainWindow]:
    """The main window in English with a small cloud."""
    made = MainWindow(bridge, ref, cache, settings, "admin")
    qtbot.addWidget(made)
    fill(small_cloud())
    made.resize(1280, 900)
    made.show()
    yield made
    for sheet in made.findChildren(QDialog):
        sheet.close()


@pytest.fixture(params=["en", "zh"])
def told(
    request: pytest.FixtureRequest,
    qtbot: QtBot,
    look: Callable[[str, str], None],
    bridge: Bridge,
    ref: ClientRef,
    cache: Cache,
    settings: Settings,
    service: Operations,
    loop: object,
    fill: Fill,
) -> tuple[MainWindow, str]:
    """A window for pictures in each language, and which language."""
    look(request.param, "light")
    made = MainWindow(bridge, ref, cache, settings, "admin")
    qtbot.addWidget(made)
    fill(small_cloud())
    made.resize(1280, 900)
    return made, request.param


def make_bulk(number: int = 90) -> list[r.Job]:
    """A bulk job with three parts: one done, one failed, one that waits."""
    done, failed, waits = r.JobState.SUCCEEDED, r.JobState.FAILED, r.JobState.QUEUED
    whole = make_job(
        number,
        r.JobState.RUNNING,
        operation="vm.bulk",
        resource_kind="",
        resource_name="",
        steps=[],
        progress=None,
        children=r.JobChildren(total=3, succeeded=1, failed=1),
    )
    waiting = r.Waiting(code="wait.place", params={"before": 4})
    parts = [
        make_job(number + 1, done, operation="vm.start", parent_id=whole.id),
        make_job(number + 2, failed, operation="vm.start", parent_id=whole.id),
        make_job(number + 3, waits, operation="vm.start", parent_id=whole.id, waiting=waiting),
    ]
    return [whole, *parts]


def job_id(number: int) -> str:
    """The id that `make_job` gives."""
    return make_id(600_000 + number)
