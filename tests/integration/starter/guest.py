"""A guest in emulated QEMU, driven over its serial line and its monitor."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import subprocess
import time
from pathlib import Path

PROMPT = "# "
LOGIN_S = 90.0


class Guest:
    """One QEMU process. `folder` takes its sockets; `arguments` say what machine it is.

    `namespace` is the network namespace it runs in, if not ours.
    """

    def __init__(self, folder: Path, *arguments: str, namespace: str = "") -> None:
        self._folder = folder
        self._text = ""
        inside = ["ip", "netns", "exec", namespace] if namespace else []
        command = [
            *inside,
            "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-m", "192",
            "-display", "none", "-vga", "std",
            "-serial", f"unix:{folder}/serial,server=on,wait=on",
            "-qmp", f"unix:{folder}/qmp,server=on,wait=off",
            *arguments,
        ]  # fmt: skip
        self.process = subprocess.Popen(command)
        self._serial = self._connect("serial")

    def _connect(self, name: str) -> socket.socket:
        end = time.monotonic() + 10
        while True:
            link = socket.socket(socket.AF_UNIX)
            try:
                link.connect(str(self._folder / name))
            except OSError:
                link.close()
                assert self.process.poll() is None, "QEMU did not start"
                assert time.monotonic() < end, f"no {name} socket"
                time.sleep(0.05)
            else:
                return link

    def read_until(self, wanted: str, timeout_s: float = 30.0) -> str:
        """What the serial line printed up to and with `wanted`; fails after `timeout_s`."""
        end = time.monotonic() + timeout_s
        while wanted not in self._text:
            ready, _, _ = select.select([self._serial], [], [], max(0.0, end - time.monotonic()))
            data = self._serial.recv(65536) if ready else b""
            assert data, f"{wanted!r} did not come; the line printed: {self._text[-2000:]!r}"
            self._text += data.decode(errors="replace")
        head, self._text = self._text.split(wanted, 1)
        return head + wanted

    def log_in(self, name: str) -> str:
        """Wait for `name`'s login prompt and log in as root; returns the login screen."""
        screen = self.read_until(f"{name} login: ", LOGIN_S)
        self._serial.sendall(b"root\n")
        self.read_until(PROMPT)
        # Wide enough that the shell never wraps the commands it echoes.
        self._serial.sendall(b"stty cols 1000\n")
        self.read_until("1000\r\n")
        self.read_until(PROMPT)
        return screen

    def run(self, command: str, timeout_s: float = 30.0) -> str:
        """Run a shell command as the logged-in user; returns what it printed."""
        # The marker is put together by the shell, so that the echoed command is no match.
        self._serial.sendall(f"{command}; echo end''-of-it\n".encode())
        output = self.read_until("end-of-it\r\n", timeout_s)
        self.read_until(PROMPT)
        return output.split("\n", 1)[1].removesuffix("end-of-it\r\n").replace("\r\n", "\n").strip()

    def wait_for(self, command: str, timeout_s: float = 30.0) -> None:
        """Wait in the guest until a shell command succeeds."""
        tries = int(timeout_s * 5)
        self.run(f"n=0; until {command} || [ $n -ge {tries} ]; do n=$((n+1)); usleep 200000; done",
                 timeout_s + 30)  # fmt: skip
        assert self.run(f"{command} >/dev/null && echo yes") == "yes", self.run(
            "tail -5 /var/log/*"
        )

    def send(self, text: str) -> None:
        """Type on the serial line."""
        self._serial.sendall(text.encode())

    def press_power_button(self) -> None:
        """What `virsh shutdown` does."""
        with self._connect("qmp") as monitor, monitor.makefile("rw") as stream:
            stream.readline()
            for command in ("qmp_capabilities", "system_powerdown"):
                stream.write(json.dumps({"execute": command}))
                stream.flush()
                while "return" not in json.loads(stream.readline()):
                    pass

    def wait_off(self, timeout_s: float = 60.0) -> None:
        """Wait until the guest has powered itself off."""
        assert self.process.wait(timeout_s) == 0

    def close(self) -> None:
        """End it, whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self._serial.close()
