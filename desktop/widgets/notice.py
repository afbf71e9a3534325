"""Errors in place and quiet notices in the corner, with an action such as undo."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from appliance.protocol.errors import ErrorBody
from appliance.protocol.resources import Job
from desktop import texts, theme
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.error_details import ErrorDetails, Facts, error_facts
from desktop.widgets.labels import Label, Surface


class ErrorLabel(QWidget):
    """What happened and what to do, beside the thing that failed. Hidden while all is well.

    What support asks for is folded below.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = QLabel()
        self._message = Label("", "error")
        self._remedy = Label("", "muted")
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._message)
        words.addWidget(self._remedy)
        self.details = ErrorDetails()
        words.addWidget(self.details)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words, 1)
        self.hide()

    def show_error(
        self, error: BaseException | ErrorBody, *, job: Job | None = None, step: str = ""
    ) -> None:
        """Show an error with its remedy, and in which job or step it happened."""
        text = texts.error_text(error)
        self._show_words(text.message, text.remedy)
        whole = f"{text.message} {text.remedy}".strip()
        self.details.show_facts(whole, error_facts(error, job=job, step=step))

    def show_text(self, message: str, remedy: str = "") -> None:
        """Show these words."""
        self._show_words(message, remedy)
        self.details.show_facts(message, [])

    def _show_words(self, message: str, remedy: str) -> None:
        self._icon.setPixmap(theme.icon("alert-circle", "error").pixmap(16, 16))
        self._message.setText(message)
        self._remedy.setText(remedy)
        self._remedy.setVisible(bool(remedy))
        self.show()

    def clear(self) -> None:
        """All is well."""
        self.hide()

    def text(self) -> str:
        """The message shown, empty while hidden."""
        return "" if self.isHidden() else self._message.text()


class Toast(Surface):
    """One notice: it goes by itself, stays while it is read, and can be closed."""

    def __init__(
        self,
        parent: QWidget,
        message: str,
        *,
        remedy: str = "",
        role: str = "ok",
        action: str = "",
        on_action: Callable[[], object] | None = None,
        facts: Facts = (),
        timeout_s: float = 8,
    ) -> None:
        super().__init__("raised", is_card=True, parent=parent)
        self.setMaximumWidth(480)
        icons = {"ok": "check-circle", "error": "alert-circle", "warn": "alert"}
        picture = QLabel()
        picture.setPixmap(theme.icon(icons.get(role, "information"), role).pixmap(18, 18))
        words = QVBoxLayout()
        words.setSpacing(2)
        title = Label(message)
        title.setWordWrap(True)
        title.setMinimumWidth(240)
        words.addWidget(title)
        if remedy:
            words.addWidget(Label(remedy, "muted"))
        self.details = ErrorDetails()
        self.details.show_facts(f"{message} {remedy}".strip(), facts)
        words.addWidget(self.details)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words, 1)
        self.action_button: FlatButton | None = None
        if action and on_action is not None:
            button = self.action_button = FlatButton(action)
            button.clicked.connect(lambda: (on_action(), self.dismiss()))
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        close = FlatButton("", "close", "quiet")
        close.setToolTip(translate("Notice", "Close this notice"))
        close.setAccessibleName(close.toolTip())
        close.clicked.connect(self.dismiss)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(int(timeout_s * 1000))
        self._timer.timeout.connect(self.dismiss)
        self._timer.start()
        self.details.toggle.toggled.connect(self._timer.stop)
        self.setAccessibleName(message)

    def fit(self) -> None:
        """Be as large as the words need, also when details were folded just now."""
        for widget in (self.details, self):
            layout = widget.layout()
            if layout is not None:
                layout.activate()
        self.adjustSize()

    def dismiss(self) -> None:
        """Go away."""
        self._timer.stop()
        self.hide()
        self.deleteLater()

    def enterEvent(self, _event: object) -> None:
        """Stay while the mouse is here."""
        self._timer.stop()

    def leaveEvent(self, _event: object) -> None:
        """Go soon, unless there are details to be read."""
        if not self.details.toggle.isChecked():
            self._timer.start()


class Notices(QObject):
    """Stacks toasts in the lower right corner of a window."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self._host = host
        self._toasts: list[Toast] = []
        self.bottom_margin = 56
        host.installEventFilter(self)

    def show(
        self,
        message: str,
        *,
        remedy: str = "",
        role: str = "ok",
        action: str = "",
        on_action: Callable[[], object] | None = None,
        facts: Facts = (),
    ) -> Toast:
        """Show a notice; `action` names the one thing that can be done about it.

        `facts` are what support asks for, folded below.
        """
        toast = Toast(
            self._host,
            message,
            remedy=remedy,
            role=role,
            action=action,
            on_action=on_action,
            facts=facts,
            timeout_s=12 if role == "error" or action else 6,
        )
        toast.destroyed.connect(lambda: self._forget(toast))
        toast.details.toggle.toggled.connect(self._place)
        self._toasts.append(toast)
        for old in self._toasts[:-4]:
            old.dismiss()
        toast.show()
        self._place()
        return toast

    def error(self, error: BaseException | ErrorBody) -> Toast:
        """Show an error with its remedy."""
        text = texts.error_text(error)
        facts = error_facts(error)
        return self.show(text.message, remedy=text.remedy, role="error", facts=facts)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Stay in the corner when the window changes its size."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _forget(self, toast: Toast) -> None:
        if toast in self._toasts:
            self._toasts.remove(toast)
        self._place()

    def _place(self, *_: object) -> None:
        try:
            bottom = self._host.height() - self.bottom_margin
        except RuntimeError:  # the window is being destroyed
            return
        for toast in reversed(self._toasts):
            if toast.isHidden():
                continue
            toast.fit()
            toast.move(self._host.width() - toast.width() - 16, bottom - toast.height())
            toast.raise_()
            bottom -= toast.height() + 8
