"""How far the wizard's work is: a bar, and words for the step, the job or the upload."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from appliance.protocol.resources import Job
from desktop import texts
from desktop.operation_titles import operation_title
from desktop.texts import translate
from desktop.widgets.bars import ThinProgress
from desktop.widgets.labels import Label


def job_progress_words(job: Job) -> str:
    """What a job does, its running step, and how many bytes of how many."""
    words = [operation_title(job.operation)]
    running = next((step.name for step in job.steps if step.state == "running"), "")
    if job.waiting:
        words.append(texts.waiting(job.waiting))
    elif running:
        words.append(texts.word(f"step.{running}"))
    if job.progress is not None and job.progress.unit == "bytes":
        words.append(f"{texts.size(job.progress.done)} / {texts.size(job.progress.total)}")
    return " · ".join(words)


class WorkProgress(QWidget):
    """Hidden while nothing is done."""

    def __init__(self) -> None:
        super().__init__()
        self.bar = ThinProgress()
        self.words = Label("", "muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.bar)
        layout.addWidget(self.words)
        self.hide()

    def say(self, words: str) -> None:
        """Something is begun; nobody knows yet how long it takes."""
        self.words.setText(words)
        self.bar.setRange(0, 0)

    def say_step(self, name: str) -> None:
        """A step of the set-up is begun."""
        kind = {"offering": "instance_offering"}.get(name, name)
        words = translate("Wizard", "Making the {what}…")
        self.say(words.format(what=texts.word(f"kind.{kind}")))

    def show_upload(self, sent: int, total: int) -> None:
        """How far a file is on its way."""
        self.bar.setRange(0, 100)
        self.bar.setValue(100 * sent // max(1, total))
        words = translate("Wizard", "Sending the file: {sent} of {total}")
        self.words.setText(words.format(sent=texts.size(sent), total=texts.size(total)))

    def show_job(self, job: Job) -> None:
        """How far a job is."""
        self.bar.setRange(0, 100)
        self.bar.setValue(job.percent)
        self.words.setText(job_progress_words(job))
