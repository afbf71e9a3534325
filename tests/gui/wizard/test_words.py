"""Words in the wizard: details of errors, plurals, the command, what the last page offers."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer.main
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel

from appliance.cli.main import app
from appliance.protocol.errors import Conflict
from appliance.services.setup.proposals import STEPS
from desktop import texts
from desktop.wizard.window import FINISH, START
from tests.gui.wizard.conftest import Opened, Until
from tests.gui.wizard.hands import click
from tests.gui.wizard.plan import PlanService, candidate
from tests.gui.wizard.test_looks import clipped, picture
from tests.gui.wizard.test_running import NO_SPACE


def labels(widget: Any) -> str:
    """All words of labels that can be seen."""
    return "\n".join(one.text() for one in widget.findChildren(QLabel) if one.isVisible())


def test_the_details_of_a_failed_job_unfold_and_are_copied(opened: Opened, until: Until) -> None:
    service = PlanService(*STEPS[:5])
    service.failures["image"] = NO_SPACE
    wizard = opened(service)
    click(wizard.next)
    until("the error", wizard.error.text)
    details = wizard.error.details
    assert details.isVisible()
    assert not details.lines.isVisible()
    click(details.toggle)
    assert details.lines.isVisible()
    shown = details.lines.text().splitlines()
    assert "Code: storage.no_space" in shown
    assert "Step: image" in shown
    assert any(line.startswith("Job: image.create ") for line in shown)
    click(details.copy)
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith("The disk is full")
    assert "storage.no_space" in copied
    click(details.toggle)
    assert not details.lines.isVisible()


def test_a_refusal_has_details_without_a_job(opened: Opened, until: Until) -> None:
    service = PlanService()
    refusal = Conflict("resource.in_use", name="z", count=1, users="vm")
    refusal.request_id = "request-7"
    service.refusals["zone.create"] = refusal
    wizard = opened(service)
    click(wizard.start.steps_button)
    click(wizard.next)
    until("the error", wizard.error.text)
    assert wizard.error.details.lines.text().splitlines() == [
        "Code: resource.in_use",
        "Step: zone",
        "Request: request-7",
    ]


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("zh", "dark")])
def test_unfolded_details_are_not_clipped(
    opened: Opened, until: Until, look: Callable[..., None], language: str, scheme: str
) -> None:
    look(language, scheme)
    service = PlanService(*STEPS[:5])
    service.failures["image"] = NO_SPACE
    wizard = opened(service)
    click(wizard.next)
    until("the error", wizard.error.text)
    click(wizard.error.details.toggle)
    picture(wizard, f"wizard_error_{language}_{scheme}")
    assert clipped(wizard) == []


def test_the_last_page_has_nothing_to_finish_later(opened: Opened) -> None:
    wizard = opened(PlanService(*STEPS))
    assert wizard.stack.currentIndex() == FINISH
    assert not wizard.later.isVisible()
    click(wizard.close_button)
    assert not wizard.isVisible()


def test_before_the_last_page_one_may_finish_later(opened: Opened) -> None:
    wizard = opened(PlanService("zone"))
    for place in (START, 1, 7):
        wizard.go(place)
        assert wizard.later.isVisible()
        assert not wizard.close_button.isVisible()


def test_one_cpu_is_one_cpu(opened: Opened) -> None:
    service = PlanService("zone", "cluster")
    service.machines = [candidate(cpu_count=1)]
    service.requests["offering"]["cpu_count"] = 1
    wizard = opened(service)
    for place in (START, 3):
        wizard.go(place)
        assert "1 CPU" in labels(wizard)
        assert "1 CPUs" not in labels(wizard)


def test_cpus_in_words(look: Callable[..., None]) -> None:
    assert (texts.cpus(1), texts.cpus(2)) == ("1 CPU", "2 CPUs")
    look("zh", "light")
    assert (texts.cpus(1), texts.cpus(2)) == ("1 核 CPU", "2 核 CPU")


def test_the_command_for_an_upload_is_the_one_that_uploads(opened: Opened, tmp_path: Path) -> None:
    file = tmp_path / "my disk.qcow2"
    file.write_bytes(b"QFI\xfb" + b"\0" * 4096)
    service = PlanService(*STEPS[:5])
    wizard = opened(service)
    wizard.show_equivalent.setChecked(True)
    page: Any = wizard.current_page
    assert "anyun image create" in wizard.equivalent.text()
    page.sources.button(2).click()
    assert "anyun image upload FILE" in wizard.equivalent.text()
    page.file.setText(str(file))
    page.image.touched()
    lines = wizard.equivalent.text().splitlines()
    words = shlex.split(next(line for line in lines if line.startswith("anyun image")))
    ref = service.requests["image"]["id"]
    assert words[:4] == ["anyun", "image", "upload", str(file)]
    assert words[words.index("--id") + 1] == ref
    assert "--image-store-id" in words
    assert "--source" not in words
    assert "--size-bytes" not in words
    assert f"PUT /v1/images/{ref}/content" in lines
    group: Any = typer.main.get_command(app)
    command = group.commands["image"].commands["upload"]
    assert command.make_context("upload", words[3:]).params["file"] == file


@pytest.mark.parametrize(
    ("operation", "name"), [("instance_offering.create", 0), ("image.create", 1)]
)
def test_a_refused_name_is_told_at_the_name_that_is_meant(
    opened: Opened, until: Until, operation: str, name: int
) -> None:
    service = PlanService(*STEPS[:5])
    service.refusals[operation] = Conflict(
        "request.bad_value", field="name", name="name", value="x", reason="taken"
    )
    wizard = opened(service)
    click(wizard.next)
    until("the refusal", wizard.error.text)
    page: Any = wizard.current_page
    told = [bool(form.name.accessibleDescription()) for form in (page.offering, page.image)]
    assert told == [name == 0, name == 1]
