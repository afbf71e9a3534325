"""Waiting for jobs in a terminal: bars where there is a screen, lines where there is none."""

from __future__ import annotations

from types import TracebackType

from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from appliance.cli.terminal import Terminal
from appliance.client import Client, wait
from appliance.protocol.errors import Unavailable
from appliance.protocol.messages import size
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import Job, JobState, StepState

ENDED = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})


class JobDisplay:
    """Shows jobs on standard error while they run. A context manager."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._bars: dict[str, TaskID] = {}
        self._said: dict[str, str] = {}
        self._is_lost = False
        self._progress = Progress(
            TextColumn("{task.description}", markup=True),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            console=terminal.err,
            transient=False,
            disable=terminal.quiet or not terminal.err.is_terminal,
        )

    def __enter__(self) -> JobDisplay:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def job(self, job: Job) -> None:
        """Show how far a job is."""
        self._is_lost = False
        line = escape(self._line(job))
        if self._progress.disable:
            self._say(job, line)
            return
        if job.id not in self._bars:
            self._bars[job.id] = self._progress.add_task(line, total=100)
        percent = 100 if job.state == JobState.SUCCEEDED else job.percent
        self._progress.update(self._bars[job.id], description=line, completed=percent)

    def bytes(self, name: str, sent: int, total: int, *, text: str = "uploading") -> None:
        """Show how much of a file has been sent, or has come."""
        line = escape(self._terminal.text(text, name=name))
        if self._progress.disable:
            return
        if name not in self._bars:
            self._bars[name] = self._progress.add_task(line, total=max(total, 1))
        self._progress.update(self._bars[name], completed=sent)

    def lost(self, error: Unavailable) -> None:
        """Say once that the connection is lost."""
        if not self._is_lost:
            self._is_lost = True
            self._terminal.note("lost", reason=str(error.params.get("reason", error)))

    def _say(self, job: Job, line: str) -> None:
        """Without a screen each step is one line, however often its progress changes."""
        step = _running_step(job)
        if job.state == JobState.RUNNING and not step:
            return  # between two steps
        key = f"{job.state} {step}"
        if self._said.get(job.id) != key:
            self._said[job.id] = key
            if not self._terminal.quiet:
                self._terminal.err.print(line)

    def _line(self, job: Job) -> str:
        title = f"{self._terminal.word(f'operation.{job.operation}')} {job.resource_name}".strip()
        return f"{title}: {self._doing(job)}"

    def _doing(self, job: Job) -> str:
        step = _running_step(job)
        if job.state != JobState.RUNNING or not step:
            return self._terminal.word(f"job.state.{job.state}")
        text = self._terminal.word(f"step.{step}")
        progress = job.progress
        if progress is not None and progress.unit == "machines" and not self._progress.disable:
            return f"{text} ({progress.done} / {progress.total})"
        if self._progress.disable or progress is None or progress.unit != "bytes":
            return text
        return f"{text} ({size(progress.done)} / {size(progress.total)})"


def _running_step(job: Job) -> str:
    return next((step.name for step in job.steps if step.state == StepState.RUNNING), "")


async def wait_for(
    terminal: Terminal, client: Client, accepted: Accepted | Job, timeout_s: float | None = None
) -> list[Job]:
    """Wait with a display until the jobs have ended; raises as `appliance.client.wait` does.

    Ctrl-C and a time-out leave the jobs running and say how to come back to them.
    """
    jobs = [accepted] if isinstance(accepted, Job) else accepted.jobs
    ids = " ".join(job.id for job in jobs)
    with JobDisplay(terminal) as display:
        for job in jobs:
            display.job(job)
        try:
            return await wait(
                client,
                accepted,
                on_progress=display.job,
                on_lost=display.lost,
                timeout_s=timeout_s,
            )
        except TimeoutError:
            terminal.note("job_goes_on", ids=ids)
            raise TimeoutError(terminal.text("too_long", seconds=f"{timeout_s:g}")) from None
        except BaseException as error:
            if not isinstance(error, Exception):  # interrupted by Ctrl-C
                terminal.note("job_goes_on", ids=ids)
            raise
