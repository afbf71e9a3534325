"""A form of the wizard in a window of its own: it makes or changes one resource."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QDialog, QFrame, QScrollArea, QVBoxLayout, QWidget

from appliance.protocol.errors import ApiError, to_body
from appliance.protocol.resources import CheckResult
from desktop.net.bridge import single_flight
from desktop.pages.base import Shell
from desktop.pages.sheets.footer import SheetFooter
from desktop.pages.sheets.transfer import upload
from desktop.wizard.fields import FormField
from desktop.wizard.live_check import LiveCheck
from desktop.wizard.page import StepPage
from desktop.wizard.parts import Refused

Values = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One thing of a few, such as the cluster; asked for only if there are several.

    `items` are pairs of words and value; `missing` says what to make first if there are none.
    """

    key: str
    title: str
    items: Sequence[tuple[str, str]]
    missing: str = ""


@dataclass(frozen=True, kw_only=True)
class SheetSpec:
    """What a sheet does: the operation, and what of its request is not in the form.

    `check` has a host try the values before they are sent.
    """

    operation: str
    button: str
    fixed: Values
    choices: Sequence[Choice] = field(default_factory=tuple)
    check: Callable[[Values], Coroutine[Any, Any, CheckResult]] | None = None


class FormSheet(QDialog):
    """Closes when the service has accepted; a refusal is shown beside the field at fault."""

    accepted_request = Signal(object)
    """The answer of the service."""

    def __init__(self, shell: Shell, form: StepPage, spec: SheetSpec) -> None:
        super().__init__(shell.window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(spec.button)
        self.resize(600, 560)
        self.shell, self.form, self.spec = shell, form, spec
        self.choices: dict[str, QComboBox] = {}
        self.footer = SheetFooter(spec.button)
        self.error = self.footer.error
        self.live = LiveCheck(shell.bridge, lambda _page: self._check(self.body()), self)
        self._is_busy = False
        self._add_choices()
        self._build()
        self.footer.go.clicked.connect(lambda: shell.bridge.spawn(self._submit()))
        self.footer.cancel.clicked.connect(self.reject)
        form.changed.connect(self._changed)
        self._review()

    # What is asked for

    def body(self) -> Values:
        """The request as the form says it now."""
        chosen = {key: box.currentData() or "" for key, box in self.choices.items()}
        return self.spec.fixed | chosen | self.form.values(self.form.names[0])

    def _review(self) -> bool:
        fits = self.form.review()
        for choice in self.spec.choices:
            missing = choice.missing if not choice.items else ""
            self.form.fields[choice.key].set_problem(missing)
            fits = fits and not missing
        self.footer.go.setEnabled(fits and not self._is_busy)
        file = str(self.form.upload_from or "")
        self.footer.equivalent.set_calls([(self.spec.operation, self.body())], file)
        return fits

    def _changed(self) -> None:
        self._review()
        if self.spec.check is not None:
            self.live.want(self.form)

    async def _check(self, body: Values) -> CheckResult:
        if self.spec.check is None:
            return CheckResult(problems=[], warnings=[], facts={})
        return await self.spec.check(body)

    # Work

    @single_flight
    async def _submit(self) -> None:
        if not self._review():
            return
        self._set_busy(busy=True)
        self.error.clear()
        try:
            answer = await self._work()
        except (Refused, ApiError, OSError) as error:
            self._set_busy(busy=False)
            self._show_error(error)
            return
        self._set_busy(busy=False)
        self.accepted_request.emit(answer)
        self.accept()
        self.deleteLater()  # accepting alone does not delete what is hidden

    async def _work(self) -> Any:
        bridge, body, file = self.shell.bridge, self.body(), self.form.upload_from
        if self.form.tested_step:
            found = await bridge.run(self._check(body))
            if found.problems:
                raise Refused(found.problems[0])
        answer = await bridge.run(self.shell.ref.call(self.spec.operation, **body))
        if file is not None:
            upload(self.shell, answer.resource_ids[0], body["name"], file)
        return answer

    def _set_busy(self, *, busy: bool) -> None:
        self._is_busy = busy
        self.live.stop()
        self.form.setEnabled(not busy)
        self.footer.go.setEnabled(not busy)

    def _show_error(self, error: Refused | ApiError | OSError) -> None:
        """In place; a sheet that was hidden meanwhile comes back with it."""
        shown = error.error if isinstance(error, Refused) else error
        if isinstance(shown, ApiError):
            self.form.show_problem(to_body(shown))
        self.error.show_error(shown)
        self.show()

    # Window

    def showEvent(self, event: QShowEvent) -> None:
        """Test what is proposed."""
        super().showEvent(event)
        self.form.focus_first()
        if self.spec.check is not None and not self._is_busy:
            self.live.want(self.form)

    def closeEvent(self, event: QCloseEvent) -> None:
        """A file that is being sent goes on; the sheet comes back if that fails."""
        self.live.stop()
        if self._is_busy:
            event.ignore()
            self.hide()
            return
        super().closeEvent(event)

    def reject(self) -> None:
        """Leave; what is being sent is sent all the same."""
        self.live.stop()
        if self._is_busy:
            self.hide()
        else:
            super().reject()

    # Building

    def _add_choices(self) -> None:
        for choice in self.spec.choices:
            box = QComboBox()
            for words, value in choice.items:
                box.addItem(words, value)
            box.currentIndexChanged.connect(lambda _: self._changed())
            self.choices[choice.key] = box
            self.form.add_field(choice.key, FormField(choice.title, box))
            self.form.fields[choice.key].setVisible(len(choice.items) != 1)

    def _build(self) -> None:
        content = QWidget()
        inner = QVBoxLayout(content)
        inner.setContentsMargins(24, 24, 24, 8)
        inner.addWidget(self.form)
        inner.addStretch()
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(content)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(area, 1)
        whole.addWidget(self.footer)
