"""The wizard's window: a rail of steps, one screen at a time, live progress, errors in place."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from appliance.client.jobs import JobFailed
from appliance.client.setup import OPERATION_OF, REMOVALS, SCREENS, SetupFlow
from appliance.protocol.errors import ApiError, ErrorBody, to_body
from appliance.protocol.resources import CheckResult, Host, HostCandidate, Job
from desktop import texts
from desktop.net.bridge import Bridge, single_flight
from desktop.net.client_ref import ClientRef
from desktop.texts import translate
from desktop.widgets.labels import Label, Line
from desktop.widgets.notice import ErrorLabel
from desktop.wizard.equivalent import Equivalent
from desktop.wizard.footer import Footer
from desktop.wizard.live_check import LiveCheck
from desktop.wizard.page import StepPage
from desktop.wizard.page_host import HostPage
from desktop.wizard.page_image import ImagePage
from desktop.wizard.page_network import NetworkPage
from desktop.wizard.page_storage import StorageForm
from desktop.wizard.pages_basic import cluster_page, image_store_page, zone_page
from desktop.wizard.pages_ends import FinishPage, StartPage
from desktop.wizard.parts import Refused, removal_dialog, scrolled, titles
from desktop.wizard.progress import WorkProgress
from desktop.wizard.rail import Rail

REFRESH_MS = 2000
START, FINISH = 0, len(SCREENS) + 1
FIRST = START + 1  # the first step
Failure = Refused | JobFailed | ApiError | OSError


class SetupWizard(QDialog):
    """Leads from nothing to a cloud that is ready for its first virtual machine.

    The plan lives in the service: closing the window loses nothing, and what is done stays
    done. All calls run in the network thread.
    """

    finished_setup = Signal()
    _job_seen = Signal(object)
    _upload_seen = Signal(object, object)

    def __init__(self, bridge: Bridge, client_ref: ClientRef, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Wizard", "Set up the cloud"))
        self.resize(960, 720)
        self._bridge = bridge
        self._ref = client_ref
        self._flow: SetupFlow | None = None
        self._candidates: list[HostCandidate] = []
        self._busy = False
        self._is_opened = False
        self._is_offline = False
        self._host: Host | None = None
        self._step = ""
        self._follower: asyncio.Task[None] | None = None
        self.start, self.finish = StartPage(), FinishPage()
        self.pages: list[StepPage] = [
            zone_page(),
            cluster_page(),
            HostPage(),
            image_store_page(),
            StorageForm(),
            ImagePage(),
            NetworkPage(),
        ]
        self.rail = Rail(titles())
        self.stack = QStackedWidget()
        self.error = ErrorLabel()
        self.progress = WorkProgress()
        self.warning = Label("", "warn")
        self.warning.hide()
        self.equivalent = Equivalent()
        self.footer = Footer()
        self.remove, self.later, self.close_button = (
            self.footer.remove,
            self.footer.later,
            self.footer.close_button,
        )
        self.back, self.next = self.footer.back, self.footer.next
        self.show_equivalent = self.footer.show_equivalent
        self.live = LiveCheck(bridge, self._probe, self)
        self._build()
        self._connect()
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(lambda: self._bridge.spawn(self._refresh()))

    # Life

    def showEvent(self, event: QShowEvent) -> None:
        """Load the plan when the window opens; go on where it was left."""
        super().showEvent(event)
        if not self._is_opened:
            self._is_opened = True
            self._bridge.spawn(self._open())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Work that was begun goes on in the service, which also keeps what was typed."""
        self._keep_edits()
        self.live.stop()
        if self._follower is not None:  # the job goes on in the service
            self._follower.cancel()
        elif self._busy:  # goes on unseen; deleted, it could not begin the next step
            event.ignore()
            self.hide()
            return
        self._timer.stop()
        super().closeEvent(event)

    def _keep_edits(self) -> None:
        flow = self._flow
        if flow is None or not flow.plan.steps:
            return
        for page in self._edited_pages():
            for name in page.names:
                self._bridge.submit(flow.edit(name, **page.values(name)))

    async def _open(self) -> None:
        self._flow = SetupFlow(self._ref.client)
        await self._refresh()
        if self._flow.plan.steps:
            place = self._flow.next_screen()
            begun = any(step.done for step in self._flow.plan.steps)
            self.go(FINISH if place is None else place + 1 if begun else START)
        self._timer.start()

    @single_flight
    async def _refresh(self) -> None:
        """Get the plan and the machines that have enrolled; quiet while the link is away."""
        if self._flow is None or self._busy:
            return
        try:
            await self._bridge.run(self._flow.load())
            self._candidates = await self._bridge.run(self._flow.candidates())
            await self._load_host()
            running = await self._bridge.run(self._flow.running())
        except (ApiError, OSError) as error:
            self.error.show_error(error)
            self._is_offline = True
            return
        if self._is_offline:
            self._is_offline = False
            self.error.clear()
        self._show_plan()
        if running is not None and not self._busy:
            self._begin_following(running)

    async def _load_host(self) -> None:
        """The machine that was taken tells its NICs as a host, not as a candidate."""
        if self._host is None and self._flow is not None and self._flow.step("host").done:
            ref = self._flow.step("host").request["candidate_id"]
            self._host = await self._bridge.run(self._ref.call("host.get", id=ref))

    # Places

    def go(self, place: int) -> None:
        """Show a screen: 0 the start, 1 to 7 the steps, 8 the end."""
        self.stack.setCurrentIndex(place)
        self.error.clear()
        self._show_plan()
        page = self.current_page
        if page is not None:
            page.review()
            page.setFocus()
            page.focus_first()
        elif self._edited_pages() and not self._busy:
            self._bridge.spawn(self._keep_all())
        self._test(page)

    @property
    def current_page(self) -> StepPage | None:
        """The step that is shown, or None at start and end."""
        place = self.stack.currentIndex()
        return None if place in (START, FINISH) else self.pages[place - 1]

    def _show_plan(self) -> None:
        flow = self._flow
        if flow is None or not flow.plan.steps:
            return
        self.start.show_plan(flow, self._candidates)
        self.finish.show_plan(flow, self._candidates)
        for page in self.pages:
            if isinstance(page, HostPage):
                self._show_host(page)
            if isinstance(page, NetworkPage):
                machines = [self._host] if self._host is not None else self._candidates[:1]
                page.show_nics([nic for item in machines for nic in item.nics])
            page.show_plan(flow)
        done = {
            index + 1
            for index, names in enumerate(SCREENS)
            if all(flow.step(name).done for name in names)
        }
        if flow.plan.complete:
            done |= {START, FINISH}
        self.rail.show_place(self.stack.currentIndex(), done)
        self._show_buttons(done)

    def _test(self, page: StepPage | None) -> None:
        """Have the host try what a page says, once there is one."""
        flow = self._flow
        has_host = flow is not None and bool(flow.step("host").request["candidate_id"])
        self.live.want(page if has_host and not self._busy else None)

    def _probe(self, page: StepPage) -> Coroutine[Any, Any, CheckResult]:
        """What the service says of values that are being typed."""
        assert self._flow is not None
        name = page.tested_step
        return self._flow.check(name, **page.values(name))

    def _show_host(self, page: HostPage) -> None:
        if self._host is None:
            page.show_candidates(self._candidates)
            return
        words = translate("Wizard", "{cpus}, {memory}, address {address}").format(
            cpus=texts.cpus(self._host.cpu_count),
            memory=texts.size(self._host.memory_bytes),
            address=self._host.address,
        )
        page.show_taken(self._host.name, words)

    def _show_buttons(self, done: set[int]) -> None:
        place = self.stack.currentIndex()
        page = self.current_page
        self.footer.show_place(is_step=page is not None, is_end=place == FINISH)
        self.equivalent.setVisible(page is not None and self.show_equivalent.isChecked())
        self.remove.setVisible(bool(done) and FINISH not in done)
        fits = page is None or place in done or page.review()
        for button in (self.back, self.remove, self.start.all_button):
            button.setEnabled(not self._busy)
        self.next.setEnabled(not self._busy and fits)
        if place == START and self._flow is not None:
            self.start.show_plan(self._flow, self._candidates)
            self.start.all_button.setEnabled(self.start.all_button.isEnabled() and not self._busy)
        if page is not None:
            self._show_calls(page)

    def _show_calls(self, page: StepPage) -> None:
        flow = self._flow
        if flow is not None:
            calls = [
                (OPERATION_OF[name], flow.body(name) | page.values(name)) for name in page.names
            ]
            self.equivalent.set_calls(calls, str(page.upload_from or ""))

    # Work

    @single_flight
    async def _next(self) -> None:
        page, place = self.current_page, self.stack.currentIndex()
        if page is None or self._flow is None:
            return
        if await self._work(list(page.names), page):
            following = self._flow.next_screen()
            self.go(place + 1 if following is not None or place + 1 < FINISH else FINISH)
            if self._flow.plan.complete:
                self._completed()

    @single_flight
    async def _everything(self) -> None:
        if self._flow is None:
            return
        if await self._work(list(OPERATION_OF), None):
            self._completed()

    def _completed(self) -> None:
        self.go(FINISH)
        self.finished_setup.emit()

    async def _work(self, names: list[str], page: StepPage | None) -> bool:
        """Keep what was typed, test, then carry out each step; False if one failed."""
        self._set_busy(busy=True)
        failed: Failure | None = None
        try:
            await self._keep([page] if page is not None else self._edited_pages())
            for name in names:
                await self._one(name)
        except (Refused, JobFailed, ApiError, OSError) as error:
            failed = error
        finally:
            self._set_busy(busy=False)
        self._tell_end(failed)
        return failed is None

    def _tell_end(self, failed: Failure | None) -> None:
        """Show what failed; a window that was closed meanwhile has the main window show it."""
        error = failed.error if isinstance(failed, Refused | JobFailed) else failed
        if not self.isVisible():
            if error is not None:
                self._bridge.failed.emit(error)
            QTimer.singleShot(0, self.close)
        if isinstance(error, ApiError):
            job = failed.job if isinstance(failed, JobFailed) else None
            self._show_problem(to_body(error), job)
        elif error is not None:
            self.error.show_error(error, step=self._step)

    def _begin_following(self, job: Job) -> None:
        """Work that was begun elsewhere, or before this window was opened, is shown here too."""
        self._follower = self._bridge.spawn(self._follow(job))

    async def _follow(self, job: Job) -> None:
        """Show how a job goes on; begin nothing when it has ended."""
        flow = self._flow
        assert flow is not None
        is_removal = job.operation in REMOVALS
        self._step = next((one.name for one in flow.plan.steps if one.job_id == job.id), "")
        self._set_busy(busy=True)
        self.stack.setEnabled(not is_removal)
        self.progress.show_job(job)
        failed: Failure | None = None
        try:
            await self._bridge.run(flow.follow(job, self._job_seen.emit))
        except (JobFailed, ApiError, OSError) as error:
            failed = error
        self._follower = None
        self.stack.setEnabled(True)
        self._set_busy(busy=False)
        if is_removal and failed is None:
            await self._start_anew()
        elif flow.plan.complete and failed is None:
            self._completed()
        elif failed is None and self._is_at(self._step):
            self.go(self._first_open())
        self._tell_end(failed)

    def _is_at(self, step: str) -> bool:
        """Whether somebody looks at this step, or at none."""
        page = self.current_page
        return page is None or step in page.names

    async def _start_anew(self) -> None:
        """All is gone: show the first step with new proposals, and make nothing."""
        self._host = None
        for page in self.pages:
            page.forget_edits()
        await self._refresh()
        self.go(FIRST)

    def _edited_pages(self) -> list[StepPage]:
        return [page for page in self.pages if page.is_edited]

    @single_flight
    async def _keep_all(self) -> None:
        """The start shows what would be made, so with what was typed in the steps."""
        await self._keep(self._edited_pages())
        self._show_plan()

    async def _keep(self, pages: list[StepPage]) -> None:
        """Keep what was typed for all steps of a page, before any of them shows the plan anew."""
        flow = self._flow
        assert flow is not None
        for page in pages:
            for name in page.names:
                if not flow.step(name).done:
                    self._step = name
                    await self._bridge.run(flow.edit(name, **page.values(name)))
            if "image" in page.names:
                flow.upload_from = page.upload_from
                flow.on_upload = self._upload_seen.emit
            page.forget_edits()

    async def _one(self, name: str) -> None:
        flow = self._flow
        assert flow is not None
        if flow.step(name).done:
            return
        self._step = name
        self.progress.say_step(name)
        found = await self._bridge.run(flow.check(name))
        if found.problems:
            raise Refused(found.problems[0])
        self._warn(found.warnings)
        await self._bridge.run(flow.commit(name, self._job_seen.emit))
        self._show_plan()

    def _ask_to_remove(self) -> None:
        flow = self._flow
        if flow is None:
            return
        dialog = removal_dialog(flow.step("zone").request["name"], self)
        dialog.confirmed.connect(lambda: self._bridge.spawn(self._remove()))
        dialog.open()

    @single_flight
    async def _remove(self) -> None:
        flow = self._flow
        if flow is None:
            return
        self._set_busy(busy=True)
        self.stack.setEnabled(False)
        self.progress.say(translate("Wizard", "Removing what was set up…"))
        failed: Failure | None = None
        try:
            await self._bridge.run(flow.remove(self._job_seen.emit))
        except (JobFailed, ApiError, OSError) as error:
            failed = error
        finally:
            self.stack.setEnabled(True)
            self._set_busy(busy=False)
        await self._start_anew()
        self._tell_end(failed)

    # Showing work

    def _warn(self, warnings: list[ErrorBody]) -> None:
        """What a test noticed without forbidding it: shown, and left to the administrator."""
        self.warning.setText("\n".join(texts.error_text(item).message for item in warnings))
        self.warning.setVisible(bool(warnings))

    def _show_problem(self, problem: ErrorBody, job: Job | None = None) -> None:
        """Beside its field if there is one, and in words below."""
        screens = (place for place, names in enumerate(SCREENS, 1) if self._step in names)
        place = next(screens, None)
        if place is not None and self.stack.currentIndex() == START:
            self.go(place)
        self.live.stop()  # what was refused stays until somebody types
        page = self.current_page
        if page is not None:
            page.show_problem(problem, self._step)
        self.error.show_error(problem, job=job, step=self._step)

    def _set_busy(self, *, busy: bool) -> None:
        self._busy = busy
        if busy:
            self.error.clear()
            self.live.stop()
        self.progress.setVisible(busy)
        self._show_plan()

    # Building

    def _build(self) -> None:
        for widget in (self.start, *self.pages, self.finish):
            self.stack.addWidget(scrolled(widget))
        below = QVBoxLayout()
        below.setContentsMargins(32, 12, 24, 16)
        below.setSpacing(8)
        for widget in (self.error, self.warning, self.progress, self.equivalent, self.footer):
            below.addWidget(widget)
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addWidget(self.stack, 1)
        right.addWidget(Line())
        right.addLayout(below)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.rail)
        whole.addLayout(right, 1)

    def _connect(self) -> None:
        spawn = self._bridge.spawn
        self._job_seen.connect(self.progress.show_job, Qt.ConnectionType.QueuedConnection)
        self._upload_seen.connect(self.progress.show_upload, Qt.ConnectionType.QueuedConnection)
        self.start.everything.connect(lambda: spawn(self._everything()))
        self.start.step_by_step.connect(lambda: self.go(self._first_open()))
        self.next.clicked.connect(lambda: spawn(self._next()))
        self.back.clicked.connect(lambda: self.go(max(START, self.stack.currentIndex() - 1)))
        self.remove.clicked.connect(self._ask_to_remove)
        for button in (self.later, self.close_button):
            button.clicked.connect(self.close)
        self.show_equivalent.toggled.connect(lambda _: self._show_plan())
        self.rail.chosen.connect(self.go)
        self.finish.create_vm.connect(self._create_vm)
        for page in self.pages:
            page.changed.connect(lambda page=page: self._page_changed(page))

    def _page_changed(self, page: StepPage) -> None:
        self._show_plan()
        self._test(page)

    def _first_open(self) -> int:
        place = self._flow.next_screen() if self._flow is not None else 0
        return FINISH if place is None else FIRST + place

    def _create_vm(self) -> None:
        window = self.parent()
        self.close()
        go = getattr(window, "go", None)
        if go is not None:
            go("vm", "create")
