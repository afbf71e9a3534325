"""Starts the service and talks to it over HTTPS without our own client."""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parents[3]
READY_WITHIN_S = 40.0
PASSWORD = "correct horse battery"


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body's content."""
        return msgspec.json.decode(self.body)

    @property
    def code(self) -> str:
        """The error's code; "" when it is no error."""
        content = self.json if self.body else {}
        return content["error"]["code"] if isinstance(content, dict) and "error" in content else ""


class Appliance:
    """Parameters: `folder` holds the state directory and the log; `options` are for the node."""

    def __init__(self, folder: Path, *options: str, bind: str = "127.0.0.1") -> None:
        self.folder = folder
        self._options = ("--bind", bind, *options)
        self.token = ""
        self.ready: dict[str, Any] = {}
        self.process: subprocess.Popen[bytes] | None = None
        self._connection: http.client.HTTPSConnection | None = None

    @property
    def state(self) -> Path:
        """The state directory."""
        return self.folder / "state"

    def launch(self, port: int = 0) -> subprocess.Popen[bytes]:
        """Start the process and wait for nothing."""
        command = [sys.executable, "-m", "appliance.node", "--state-dir", str(self.state)]
        command += [*self._options, "--port", str(port), "--agent-port", "0"]
        with (self.folder / "service.log").open("ab") as log:
            return subprocess.Popen(
                command, cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def start(self) -> None:
        """Start the service and wait until it is ready."""
        self.process = self.launch()
        path = self.state / "service" / "ready.json"
        deadline = time.monotonic() + READY_WITHIN_S
        while not path.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(self.log())
            time.sleep(0.02)
        self.ready = json.loads(path.read_text())

    def stop(self) -> int:
        """Stop the service; returns its exit code."""
        self.hang_up()
        if self.process is None:
            return 0
        self.process.terminate()
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait(10)

    def hang_up(self) -> None:
        """Close the connection; the next request makes a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def log(self) -> str:
        """All that the service has logged."""
        return (self.folder / "service.log").read_text(errors="replace")

    @cached_property
    def ca_pem(self) -> str:
        """The service's CA, as it is on the disk."""
        return (self.state / "service" / "ca" / "ca.crt").read_text()

    def request(
        self,
        method: str,
        target: str,
        body: Any = b"",
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request; a body that is not bytes is sent as JSON. Logged in unless `token` is ""."""
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        token = self.token if token is None else token
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        is_kept = self._connection is not None
        if self._connection is None:
            tls = ssl.create_default_context(cadata=self.ca_pem)
            self._connection = http.client.HTTPSConnection(
                self.ready["address"], self.ready["port"], context=tls, timeout=30
            )
        try:
            self._connection.request(method, target, body=content or None, headers=sent)
            response = self._connection.getresponse()
            answer = response.read()
        except (http.client.HTTPException, OSError) as error:
            self.hang_up()
            if is_kept and isinstance(error, http.client.RemoteDisconnected):
                # It was idle for so long that the service has closed it.
                return self.request(method, target, body, token=token, headers=headers)
            raise
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, answer)


def set_up(appliance: Appliance) -> None:
    """Set the first password; later requests are logged in."""
    body = {"setup_code": appliance.ready["setup_code"], "password": PASSWORD}
    answer = appliance.request("POST", "/v1/sessions/first-password", body)
    assert answer.status == 200, answer.body
    appliance.token = answer.json["token"]
