"""Drives the real client as a person would; run under an X server by the system test.

desktop_driver.py READY_JSON OUTPUT_FOLDER LANGUAGE: logs in with the set-up code, goes through
the seven steps, makes a machine, works on its console by keyboard, and through its life. Prints
what it does; exits with 1 and a picture of the screen when something is not as it should be.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import qasync
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, qGray
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from desktop.app import Application, Options
from desktop.console import ConsoleWindow
from desktop.login.window import LoginWindow, Place
from desktop.main_window.window import MainWindow
from desktop.pages.vm_create import CreateVmDialog
from desktop.settings import Settings
from desktop.widgets.confirm import ConfirmForGood
from desktop.wizard import SetupWizard
from desktop.wizard.window import FINISH, START
from tests.system.conftest import PASSWORD

BOOT_S = 120
LINE_HEIGHT = 16  # pixels of a line of VGA text
VM_NAME = "desk-1"


def text_lines(screen: QImage) -> int:
    """How many lines of a text screen have anything in them; four are left from booting."""
    small = screen.convertToFormat(QImage.Format.Format_Grayscale8)
    lines = range(small.height() // LINE_HEIGHT)
    return sum(any(_lit(small, line, x) for x in range(small.width())) for line in lines)


def _lit(screen: QImage, line: int, x: int) -> bool:
    rows = range(line * LINE_HEIGHT, (line + 1) * LINE_HEIGHT)
    return any(qGray(screen.pixel(x, y)) > 64 for y in rows)


def tested(page: Any) -> bool:
    """Whether the service has said something about the values of a page, if it can."""
    return not page.tested_step or page.fields[page.tested_field]._finding[1] != "muted"


class Driver:
    """One session of one user."""

    def __init__(self, application: Application, ready: dict[str, Any], output: Path) -> None:
        self.application = application
        self.ready = ready
        self.output = output

    # Looking and waiting

    def say(self, text: str) -> None:
        """Tell what is done."""
        print(text, flush=True)

    def picture(self, name: str, widget: QWidget) -> None:
        """Keep a screenshot."""
        widget.grab().save(str(self.output / f"{name}.png"))

    async def until(self, what: str, check: Callable[[], Any], timeout_s: float = 30) -> Any:
        """Wait until `check` gives something; looks between events of the GUI."""
        try:
            async with asyncio.timeout(timeout_s):
                while not (found := check()):
                    await asyncio.sleep(0.05)
                return found
        except TimeoutError:
            raise AssertionError(f"not within {timeout_s} s: {what}") from None

    def window(self, kind: type[Any]) -> Any:
        """The visible top-level window of a class, or None."""
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, kind) and widget.isVisible():
                return widget
        return None

    def click(self, button: QPushButton) -> None:
        """Press a button with the mouse."""
        assert button.isEnabled(), f"{button.text()} is disabled: {button.toolTip()}"
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def write(self, field: Any, text: str) -> None:
        """Type into a field as if it were empty."""
        field.clear()
        QTest.keyClicks(field, text)

    # What the user does

    async def log_in(self) -> None:
        """A wrong set-up code is refused in place; the right one sets the password."""
        self.application.start()
        login: LoginWindow = await self.until("login window", lambda: self.window(LoginWindow))
        await self.until(
            "page of the first password",
            lambda: login.steps.currentIndex() == Place.FIRST_PASSWORD and login.steps.isEnabled(),
        )
        for code in ("AAAA-BBBB-CCCC-DDDD", self.ready["setup_code"]):
            self.write(login.code, code)
            self.write(login.new_password, PASSWORD)
            self.write(login.repeat, PASSWORD)
            self.picture("login", login)
            QTest.keyClick(login.repeat, Qt.Key.Key_Return)
            if code != self.ready["setup_code"]:
                await self.until("refusal", lambda: login.error.text())
                self.say(f"refused: {login.error.text()}")
        await self.until("main window", lambda: self.window(MainWindow))

    async def set_up(self) -> None:
        """Seven steps, one after the other, with the values that are proposed."""
        wizard: SetupWizard = await self.until("wizard", lambda: self.window(SetupWizard))
        await self.until("host found", lambda: wizard.start.all_button.isEnabled(), 60)
        self.picture("wizard-0", wizard)
        self.click(wizard.start.steps_button)
        for place in range(1, FINISH):
            here = wizard.stack.currentIndex()
            assert here == place, f"at {here}, not at {place}"
            page = wizard.pages[place - 1]
            await self.until(f"step {place} tested", lambda page=page: tested(page))
            self.picture(f"wizard-{place}", wizard)
            if place == 7:
                await self.refuse_bad_gateway(wizard)
            self.click(wizard.next)
            await self.until(
                f"step {place} done",
                lambda place=place: wizard.stack.currentIndex() != place or wizard.error.text(),
                60,
            )
            assert not wizard.error.text(), wizard.error.text()
            self.say(f"step {place} done")
        assert wizard.stack.currentIndex() == FINISH != START
        self.picture("wizard-8", wizard)
        self.click(wizard.finish.button)

    async def refuse_bad_gateway(self, wizard: SetupWizard) -> None:
        """A gateway inside the range is told while typing, and nothing can be committed."""
        page: Any = wizard.pages[6]
        good = page.gateway.text()
        self.write(page.gateway, page.first.text())
        assert not wizard.next.isEnabled()
        self.picture("wizard-7-wrong", wizard)
        self.write(page.gateway, good)
        assert wizard.next.isEnabled()

    async def create_vm(self) -> Any:
        """The wizard led here: make the first machine."""
        dialog: CreateVmDialog = await self.until("dialog", lambda: self.window(CreateVmDialog))
        essentials = dialog.essentials
        await self.until(
            "image offered", lambda: essentials.image.count() and essentials.network.count()
        )
        self.write(essentials.name, VM_NAME)
        self.picture("vm-create", dialog)
        self.click(dialog.create_button)
        cache = self.application.cache

        def running() -> Any:
            found = [vm for vm in cache.all("vm") if vm.name == VM_NAME]
            return found[0] if found and found[0].state == "running" else None

        vm = await self.until("machine running", running, BOOT_S)
        self.say(f"{vm.name} runs with {vm.nics[0].address}")
        return vm

    async def work_on_console(self, vm: Any) -> None:
        """Wait for the prompt, log in by keyboard, read the address in the guest."""
        window, page = self.window(MainWindow), self.page()
        page.open_resource(vm.id)
        await self.until("selection", page.selection)
        page.qactions["console"].trigger()
        console: ConsoleWindow = await self.until("console", lambda: self.window(ConsoleWindow))
        serial = await self.application.bridge.run(
            self.application.ref.client.open_console(vm.id, kind="serial")
        )
        await self.read_serial(serial, f"{VM_NAME} login:")
        # The screen has a login of its own, which begins later; keys before that are lost.
        await self.until(
            "login on the screen", lambda: text_lines(console.console.screenshot()) >= 8, BOOT_S
        )
        self.say("the login prompt is there")
        await self.compare_with_qemu(console, vm)
        thumbnail = page.detail.thumbnail
        await self.until(
            "login in the small picture",
            lambda: thumbnail.image() is not None and text_lines(thumbnail.image()) >= 8,
        )
        self.picture("main", window)
        await self.keyboard_to(console)
        await self.keys("root")
        await asyncio.sleep(3)  # the shell of the screen says nothing on the serial line
        await self.keys("ip -4 addr show eth0 > /dev/ttyS0; echo '=Done_1=' > /dev/ttyS0")
        said = await self.read_serial(serial, "=Done_1=")
        assert f"inet {vm.nics[0].address}/" in said, said
        self.say("typed by keyboard, the guest told its address")
        await self.compare_with_qemu(console, vm)
        self.picture("console", console)
        await self.application.bridge.run(serial.close())
        console.close()

    async def keyboard_to(self, console: ConsoleWindow) -> None:
        """There is no window manager here: give the X focus to the console's window."""
        number = str(int(console.winId()))
        for command in (["windowraise", number], ["windowfocus", "--sync", number]):
            subprocess.run(["xdotool", *command], check=True, timeout=10)
        console.activateWindow()
        console.console.setFocus()
        await self.until("focus", console.console.hasFocus)

    async def keys(self, text: str) -> None:
        """Real key presses, with scan codes, from the X server; then Enter."""
        for command in (["type", "--delay", "60", text], ["key", "Return"]):
            run = asyncio.to_thread(subprocess.run, ["xdotool", *command], check=True, timeout=60)
            await run

    async def read_serial(self, serial: Any, text: str) -> str:
        """What the serial line says, until `text` is among it."""
        seen = ""
        async with asyncio.timeout(BOOT_S):
            while text not in seen:
                chunk = await self.application.bridge.run(serial.receive())
                assert chunk, f"the serial line ended: {seen[-300:]}"
                seen += chunk.decode(errors="replace")
        return seen

    async def compare_with_qemu(self, console: ConsoleWindow, vm: Any) -> None:
        """Our picture equals QEMU's own, pixel by pixel (between two blinks of the cursor)."""
        bridge, ref = self.application.bridge, self.application.ref
        ours, theirs = QImage(), QImage()
        for _ in range(40):
            png = await bridge.run(ref.client.screenshot(vm.id))
            theirs = QImage.fromData(png).convertToFormat(QImage.Format.Format_RGB32)
            ours = console.console.screenshot().convertToFormat(QImage.Format.Format_RGB32)
            if ours == theirs:
                self.say(f"framebuffer equals QEMU's: {ours.width()}x{ours.height()}")
                return
            await asyncio.sleep(0.15)
        ours.save(str(self.output / "ours.png"))
        theirs.save(str(self.output / "theirs.png"))
        raise AssertionError(f"the pictures differ: {ours.size()} and {theirs.size()}")

    async def live(self, vm: Any) -> None:
        """Stop, start, recycle bin and back, and for good."""
        cache = self.application.cache
        for action, state in (
            ("stop", "stopped"),
            ("start", "running"),
            ("destroy", "destroyed"),
            ("recover", "stopped"),
            ("destroy", "destroyed"),
        ):
            page = self.page("recycle_bin" if action == "recover" else "vm")
            page.open_resource(vm.id)
            await self.until(
                f"{action} possible",
                lambda one=page.qactions[action], page=page: page.selection() and one.isEnabled(),
            )
            page.qactions[action].trigger()
            await self.until(
                f"{action}: {state}",
                lambda state=state: getattr(cache.get("vm", vm.id), "state", "") == state,
                BOOT_S,
            )
            self.say(f"{action}: {state}")
        page = self.page("recycle_bin")
        page.open_resource(vm.id)
        await self.until("expunge possible", page.qactions["expunge"].isEnabled)
        page.qactions["expunge"].trigger()
        dialog: ConfirmForGood = await self.until("consent", lambda: self.window(ConfirmForGood))
        assert not dialog.button.isEnabled()
        self.picture("expunge", dialog)
        QTest.keyClicks(dialog.field, VM_NAME)
        self.click(dialog.button)  # type: ignore[arg-type]
        await self.until("gone", lambda: cache.get("vm", vm.id) is None)
        self.say("expunged")

    def page(self, key: str = "vm") -> Any:
        """A page of the main window, which shows it from now on."""
        window = self.window(MainWindow)
        window.go(key, "")
        return window.page(key)

    async def run(self) -> None:
        """The whole day."""
        await self.log_in()
        await self.set_up()
        vm = await self.create_vm()
        await self.work_on_console(vm)
        await self.live(vm)


async def main_task(driver: Driver) -> int:
    """Run, and keep a picture of each window if something fails."""
    try:
        await driver.run()
    except Exception:
        traceback.print_exc()
        for number, widget in enumerate(QApplication.topLevelWidgets()):
            if widget.isVisible():
                driver.picture(f"failed-{number}", widget)
        return 1
    finally:
        await driver.application.bridge.close()
    return 0


def main() -> int:
    """Command line."""
    ready = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    output, language = Path(sys.argv[2]), sys.argv[3]
    output.mkdir(parents=True, exist_ok=True)
    qt = QApplication([sys.argv[0]])
    qt.setQuitOnLastWindowClosed(False)
    loop = qasync.QEventLoop(qt)
    asyncio.set_event_loop(loop)
    options = Options(ready["url"], ready["ca_fingerprint"], language, "light")
    settings = Settings(str(output / "settings.ini"))
    driver = Driver(Application(qt, options, settings), ready, output)
    with loop:
        return loop.run_until_complete(main_task(driver))


if __name__ == "__main__":
    sys.exit(main())
