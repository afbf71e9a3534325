"""The login window: address, the certificate on first use, first password, or account and
password. Errors appear in place."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from appliance.protocol import resources as r
from desktop.login.fields import Field, PasswordField, Step
from desktop.net import connect
from desktop.net.bridge import Bridge, single_flight
from desktop.settings import Settings
from desktop.texts import translate
from desktop.widgets.brand import mark, window_icon
from desktop.widgets.labels import Label, Surface, copyable
from desktop.widgets.notice import ErrorLabel

if TYPE_CHECKING:
    from appliance.client import Client

MIN_PASSWORD = 8


class Place(IntEnum):
    """Which step is shown."""

    ADDRESS = 0
    CERTIFICATE = 1
    FIRST_PASSWORD = 2
    PASSWORD = 3


class LoginWindow(QWidget):
    """Emits `logged_in(client, session)`. It never stores the password."""

    logged_in = Signal(object, object)
    closing = Signal()

    def __init__(
        self, bridge: Bridge, settings: Settings, url: str = "", fingerprint: str = ""
    ) -> None:
        super().__init__()
        self._bridge = bridge
        self._settings = settings
        self._given_pin = connect.plain(fingerprint)
        self._client: Client | None = None
        self._endpoint: connect.Endpoint | None = None
        self._fingerprint = ""
        self._done = False
        self.setWindowTitle(translate("Login", "Log in to Anyun"))
        self.setWindowIcon(window_icon())
        self.setMinimumSize(480, 560)
        self.error = ErrorLabel()
        self.steps = QStackedWidget()
        self.steps.addWidget(self._make_address(url or settings.url))
        self.steps.addWidget(self._make_certificate())
        self.steps.addWidget(self._make_first())
        self.steps.addWidget(self._make_password())
        self._build()
        self.show_step(Place.ADDRESS)

    # Steps

    def show_step(self, place: Place) -> None:
        """Show a step with its cursor where typing begins."""
        self.error.clear()
        self.steps.setCurrentIndex(place)
        page = self.steps.widget(place)
        if isinstance(page, Step):
            page.hold(self.error)
            page.begin()

    @single_flight
    async def connect_to(self) -> None:
        """Read the certificate, then ask about it or go on."""
        self.error.clear()
        self._busy(on=True)
        try:
            await self._forget_client()
            self._endpoint = connect.parse_address(self.address.text())
            self._fingerprint = await self._bridge.run(connect.probe(self._endpoint))
            pin = self._given_pin or self._settings.pin(self._endpoint.key)
            if pin == self._fingerprint:
                await self._trusted()
            else:
                self.ask_about_certificate(self._endpoint.key, self._fingerprint, known=pin)
        except connect.BadAddress as error:
            self.error.show_text(str(error))
        except Exception as error:
            self.error.show_error(error)
        finally:
            self._busy(on=False)

    @single_flight
    async def trust(self) -> None:
        """The user agreed: keep the pin and go on."""
        assert self._endpoint is not None
        self._busy(on=True)
        try:
            self._settings.set_pin(self._endpoint.key, self._fingerprint)
            self._given_pin = ""
            await self._trusted()
        except Exception as error:
            self.error.show_error(error)
        finally:
            self._busy(on=False)

    @single_flight
    async def log_in(self) -> None:
        """Log in with account and password."""
        assert self._client is not None
        account = self.account.text().strip()
        if not account or not self.password.text():
            self.error.show_text(translate("Login", "Type account name and password."))
            return
        await self._enter(connect.login(self._client, account, self.password.text()), account)
        self.password.clear()

    @single_flight
    async def set_password(self) -> None:
        """Set the first password with the set-up code."""
        assert self._client is not None
        problem = self._password_problem()
        if problem:
            self.error.show_text(problem)
            return
        call = connect.set_first_password(
            self._client, self.code.text().strip(), self.new_password.text()
        )
        await self._enter(call, "admin")

    async def _enter(self, call: Any, account: str) -> None:
        self._busy(on=True)
        self.error.clear()
        try:
            session: r.Session = await self._bridge.run(call)
        except Exception as error:
            self.error.show_error(error)
            return
        finally:
            self._busy(on=False)
        assert self._endpoint is not None
        self._settings.url = self._endpoint.url
        self._settings.account = session.account.name or account
        self._settings.sync()
        self._done = True
        self.logged_in.emit(self._client, session)

    async def _trusted(self) -> None:
        assert self._endpoint is not None
        call = connect.open_client(self._endpoint, self._fingerprint)
        self._client, info = await self._bridge.run(call)
        self._where.setText(f"{info.appliance_name or info.product}  ·  {self._endpoint.key}")
        needs = info.needs_first_password
        self.show_step(Place.FIRST_PASSWORD if needs else Place.PASSWORD)

    def ask_about_certificate(self, address: str, fingerprint: str, known: str = "") -> None:
        """Show the certificate's fingerprint; with `known`, that it has changed."""
        changed = bool(known)
        self._certificate_title.setText(
            translate("Login", "The certificate has changed")
            if changed
            else translate("Login", "Is this your appliance?")
        )
        self._certificate_title.set_role("title")
        words = (
            translate(
                "Login",
                "This appliance now shows another certificate than before. If nobody renewed it, "
                "somebody may be listening in: do not go on, and ask your administrator.",
            )
            if changed
            else translate(
                "Login",
                "You connect to it for the first time. Compare this fingerprint with the one "
                "that the appliance shows on its screen, or that the run command printed.",
            )
        )
        self._certificate_words.setText(words)
        self._certificate_words.set_role("error" if changed else "muted")
        self._certificate_address.setText(address)
        self._certificate_print.setText(_in_lines(fingerprint))
        self._old_box.setVisible(changed)
        self._certificate_old.setText(_in_lines(known) if known else "")
        self._sure.setVisible(changed)
        self._sure.setChecked(False)
        page = self.steps.widget(Place.CERTIFICATE)
        assert isinstance(page, Step)
        page.main.setEnabled(not changed)
        self.show_step(Place.CERTIFICATE)

    def _password_problem(self) -> str:
        if not self.code.text().strip():
            return translate("Login", "Type the set-up code that the appliance shows.")
        if len(self.new_password.text()) < MIN_PASSWORD:
            words = translate("Login", "The password needs at least {count} characters.")
            return words.format(count=MIN_PASSWORD)
        if self.new_password.text() != self.repeat.text():
            return translate("Login", "The two passwords differ.")
        return ""

    # Building

    def _build(self) -> None:
        picture = QLabel()
        picture.setPixmap(mark(48, self.devicePixelRatioF()))
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(picture)
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(Label(translate("TopBar", "Anyun"), "title"))
        self._where = Label(translate("Login", "All-in-one private cloud"), "small")
        names.addWidget(self._where)
        head.addLayout(names)
        head.addStretch()
        card = Surface("base", is_card=True)
        inner = QVBoxLayout(card)
        inner.setContentsMargins(32, 24, 32, 24)
        inner.setSpacing(16)
        inner.addLayout(head)
        inner.addWidget(self.steps)
        inner.addStretch()
        card.setFixedWidth(432)
        card.setMinimumHeight(456)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 24, 24, 24)
        outer.addStretch()
        outer.addWidget(card, 0, Qt.AlignmentFlag.AlignHCenter)
        outer.addStretch()

    def _make_address(self, url: str) -> Step:
        step = Step(translate("Login", "Connect"))
        self.address = QLineEdit(url)
        self.address.setPlaceholderText("10.0.0.5:8443")
        step.add(Field(translate("Login", "Address of the appliance"), self.address))
        step.first = self.address
        step.main.clicked.connect(lambda: self._bridge.spawn(self.connect_to()))
        return step

    def _make_certificate(self) -> Step:
        step = Step(translate("Login", "Trust and continue"), back=True)
        self._certificate_title = Label("", "title")
        self._certificate_words = Label("", "muted")
        self._certificate_address = copyable("", "strong")
        self._certificate_print = copyable("", "mono")
        self._certificate_old = copyable("", "mono")
        self._old_box = QWidget()
        old = QVBoxLayout(self._old_box)
        old.setContentsMargins(0, 0, 0, 0)
        old.addWidget(Label(translate("Login", "The known one was"), "small"))
        old.addWidget(self._certificate_old)
        self._sure = QCheckBox(translate("Login", "I know why it changed"))
        for widget in (
            self._certificate_title,
            self._certificate_words,
            self._certificate_address,
            Label(translate("Login", "Fingerprint (SHA-256)"), "small"),
            self._certificate_print,
            self._old_box,
            self._sure,
        ):
            step.add(widget)
        self._sure.toggled.connect(step.main.setEnabled)
        step.first = step.main
        step.main.clicked.connect(lambda: self._bridge.spawn(self.trust()))
        step.back_pressed.connect(lambda: self.show_step(Place.ADDRESS))
        return step

    def _make_first(self) -> Step:
        step = Step(translate("Login", "Set password and log in"), back=True)
        words = translate(
            "Login",
            "This appliance is new. The set-up code stands on its screen and in the output of "
            "the run command; it works once.",
        )
        step.add(Label(words, "muted"))
        self.code = QLineEdit()
        self.new_password = PasswordField()
        self.repeat = PasswordField()
        step.add(Field(translate("Login", "Set-up code"), self.code))
        step.add(Field(translate("Login", "New password for admin"), self.new_password))
        step.add(Field(translate("Login", "The same again"), self.repeat))
        step.first = self.code
        step.main.clicked.connect(lambda: self._bridge.spawn(self.set_password()))
        step.back_pressed.connect(lambda: self.show_step(Place.ADDRESS))
        return step

    def _make_password(self) -> Step:
        step = Step(translate("Login", "Log in"), back=True)
        self.account = QLineEdit(self._settings.account)
        self.password = PasswordField()
        step.add(Field(translate("Login", "Account"), self.account))
        step.add(Field(translate("Login", "Password"), self.password))
        step.first = self.password
        step.main.clicked.connect(lambda: self._bridge.spawn(self.log_in()))
        step.back_pressed.connect(lambda: self.show_step(Place.ADDRESS))
        return step

    def _busy(self, *, on: bool) -> None:
        self.steps.setEnabled(not on)
        if on:
            self.setCursor(Qt.CursorShape.BusyCursor)
        else:
            self.unsetCursor()
            page = self.steps.currentWidget()
            if isinstance(page, Step):
                page.begin()

    def showEvent(self, event: QShowEvent) -> None:
        """Tell why the last appliance was left, instead of only that it was."""
        super().showEvent(event)
        parting, self._bridge.parting = self._bridge.parting, None
        if parting is not None:
            QTimer.singleShot(0, self, lambda: self.error.show_error(parting))

    async def _forget_client(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            await self._bridge.run(client.close())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closing the login window without logging in ends the client."""
        event.accept()
        if not self._done:
            self.closing.emit()


def _in_lines(fingerprint: str) -> str:
    """A readable fingerprint in four lines of sixteen digits."""
    return "\n".join(
        connect.readable(fingerprint[place : place + 16])
        for place in range(0, len(fingerprint), 16)
    )
