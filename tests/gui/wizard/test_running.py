"""A wizard that is opened while the service still works: it follows, and begins nothing."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from appliance.protocol import resources as r
from appliance.protocol.errors import ErrorBody
from appliance.services.setup.proposals import STEPS
from desktop.wizard.window import FINISH, FIRST
from tests.gui.samples import GIB
from tests.gui.wizard.conftest import Opened, Until
from tests.gui.wizard.plan import PlanService
from tests.gui.wizard.test_steps import creates

NO_SPACE = ErrorBody(
    code="storage.no_space",
    params={"path": "/srv", "needed_bytes": 2 * GIB, "available_bytes": GIB},
)


def told(wizard: Any) -> str:
    """What the progress line says."""
    return wizard.progress.words.text() if wizard.progress.isVisible() else ""


def test_a_step_that_is_still_worked_on_is_followed_live(opened: Opened, until: Until) -> None:
    service = PlanService(*STEPS[:6])
    service.begin("image", "image.create", percent=12)
    wizard = opened(service)
    until("the job", lambda: "Add image" in told(wizard))
    assert wizard.stack.currentIndex() == 6
    assert not wizard.next.isEnabled()
    progress = r.Progress(done=GIB, total=2 * GIB, unit="bytes")
    service.change("image", percent=57, progress=progress)
    until("the new progress", lambda: wizard.progress.bar.value() == 57)
    assert "1 GiB / 2 GiB" in told(wizard)
    service.end("image")
    until("the next step", lambda: wizard.stack.currentIndex() == 7)
    assert told(wizard) == ""
    until("ready for input", wizard.next.isEnabled)
    assert creates(service) == []


def test_the_last_step_that_was_worked_on_ends_the_set_up(opened: Opened, until: Until) -> None:
    service = PlanService(*STEPS[:-1])
    service.begin("network", "network.create")
    wizard = opened(service)
    ended: list[bool] = []
    wizard.finished_setup.connect(lambda: ended.append(True))
    until("the job", lambda: told(wizard))
    service.end("network")
    until("the end", lambda: wizard.stack.currentIndex() == FINISH)
    assert ended == [True]
    assert creates(service) == []


def test_a_job_that_was_begun_elsewhere_is_noticed_while_the_wizard_is_open(
    opened: Opened, until: Until
) -> None:
    service = PlanService(*STEPS[:-1])
    wizard = opened(service)
    assert told(wizard) == ""
    service.begin("network", "network.create")
    until("the job", lambda: "Make network" in told(wizard))
    service.end("network")
    until("the end", lambda: wizard.stack.currentIndex() == FINISH)


def test_a_followed_job_that_fails_says_why_and_the_step_can_be_repeated(
    opened: Opened, until: Until
) -> None:
    service = PlanService(*STEPS[:6])
    job = service.begin("image", "image.create")
    wizard = opened(service)
    until("the job", lambda: told(wizard))
    service.end("image", NO_SPACE)
    until("the error", wizard.error.text)
    assert "2 GiB" in wizard.error.text()
    assert job.id in wizard.error.details.text()
    assert wizard.stack.currentIndex() == 6
    QTest.mouseClick(wizard.next, Qt.MouseButton.LeftButton)
    until("the next step", lambda: wizard.stack.currentIndex() == 7)
    assert creates(service) == ["image.create"]


@pytest.mark.parametrize("operation", ["setup.remove", "zone.delete"])
def test_a_removal_is_followed_and_nothing_is_made_again(
    opened: Opened, until: Until, operation: str
) -> None:
    service = PlanService(*STEPS)
    service.begin("zone", operation)
    service.begin("network", "network.delete")  # part of the removal
    wizard = opened(service)
    until("the removal", lambda: told(wizard))
    assert not wizard.stack.isEnabled()
    assert not wizard.next.isEnabled()
    service.end("network")
    service.done.clear()
    service.end("zone")
    service.done.clear()
    page: Any = wizard.pages[0]
    until("ready for input", lambda: wizard.next.isEnabled() and page.name.isEnabled())
    assert wizard.current_page is page
    assert not page.is_done
    assert wizard.stack.isEnabled()
    assert not wizard.remove.isVisible()
    assert creates(service) == []


def test_new_proposals_are_shown_after_a_removal(opened: Opened, until: Until) -> None:
    service = PlanService(*STEPS)
    service.requests["zone"]["name"] = "old name"
    service.begin("zone", "setup.remove")
    wizard = opened(service)
    until("the removal", lambda: told(wizard))
    service.end("zone")
    until("ready for input", wizard.next.isEnabled)
    assert wizard.stack.currentIndex() == FIRST
    page: Any = wizard.current_page
    assert page.name.text() == "zone-1"
    host: Any = wizard.pages[2]
    until("the machine is free again", lambda: host.chosen)


def test_removing_here_ends_at_the_first_step(opened: Opened, until: Until) -> None:
    service = PlanService("zone", "cluster")
    wizard = opened(service)
    wizard._bridge.spawn(wizard._remove())
    until("the first step", lambda: wizard.stack.currentIndex() == FIRST and not wizard._busy)
    assert service.removed == 1
    assert creates(service) == []


def test_closing_while_following_ends_the_following(
    opened: Opened, until: Until, errors: list[BaseException]
) -> None:
    service = PlanService(*STEPS[:6])
    service.begin("image", "image.create")
    wizard = opened(service)
    gone: list[bool] = []
    wizard.destroyed.connect(lambda *_: gone.append(True))
    until("the job", lambda: told(wizard))
    wizard.close()
    until("the window is gone", lambda: gone)
    service.end("image")
    again = opened(service)
    assert again.stack.currentIndex() == 7
    assert errors == []


def test_an_image_that_waits_for_its_file_does_not_hold_the_wizard_back(
    opened: Opened, until: Until, tmp_path: Any
) -> None:
    service = PlanService(*STEPS[:6])
    service.requests["image"]["source"] = "upload"
    service.uploading.add(service.requests["image"]["id"])
    service.begin("image", "image.create", resource_id=service.requests["image"]["id"])
    file = tmp_path / "disk.qcow2"
    file.write_bytes(b"QFI\xfb" + b"\0" * 4096)
    wizard = opened(service)
    page: Any = wizard.current_page
    page.file.setText(str(file))
    page.image.touched()
    assert wizard.next.isEnabled()
    assert told(wizard) == ""
