"""`build.py run`: starts the whole appliance on this machine and stops it again, in order."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from installer import libvirt, prepare
from installer.images.starter import StarterImage
from installer.processes import Part, wait_for
from installer.progress import Failed, note, step
from installer.venv import Environment

# How long a part may take to end. The service shuts running VMs down before it ends.
SERVICE_STOP_S = 90.0
AGENT_STOP_S = 30.0
CLIENT_STOP_S = 10.0
READY_S = 60.0
# A part that ends by itself is started again, unless it keeps ending.
RESTARTS = 3
RESTARTS_WITHIN_S = 60.0


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What `build.py run` was asked for."""

    state_dir: Path = Path("/var/lib/anyun")
    bind: str = "0.0.0.0"  # noqa: S104 clients come from the network
    port: int = 8443
    agent_port: int = 8444
    headless: bool = False
    quickstart: bool = False

    @property
    def log_dir(self) -> Path:
        """Where the parts' logs are."""
        return self.state_dir / "log"

    @property
    def service_dir(self) -> Path:
        """Where the management service keeps its state."""
        return self.state_dir / "service"


@dataclass(frozen=True, kw_only=True)
class Ready:
    """How to reach a running service: the content of its ready.json."""

    url: str
    address: str
    port: int
    ca_fingerprint: str
    setup_code: str | None
    file: Path

    @classmethod
    def read(cls, path: Path) -> Ready:
        """Read the file that the service writes when it serves."""
        content = json.loads(path.read_text(encoding="utf-8"))
        names = [name for name in cls.__dataclass_fields__ if name != "file"]
        return cls(**{name: content[name] for name in names}, file=path)


def has_screen() -> bool:
    """Whether a window can be opened here, as far as the environment tells."""
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def run(options: RunOptions) -> int:
    """Prepare the machine, run the appliance until told to stop; returns the exit code."""
    with_client = has_screen() and not options.headless
    environment = prepare.appliance(desktop=with_client)
    image = prepare.starter_image()
    options.log_dir.mkdir(parents=True, exist_ok=True)
    with (options.state_dir / "run.lock").open("a+") as lock:
        if not _take(lock.fileno()):
            return _join_running(options, environment, with_client=with_client)
        return Supervisor(options, environment, image).run(with_client=with_client)


def _take(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _join_running(options: RunOptions, environment: Environment, *, with_client: bool) -> int:
    """The cloud in this state folder runs already: open a client on it, or tell where it is."""
    path = options.service_dir / "ready.json"
    if not path.exists():
        raise Failed(
            f"Another run with {options.state_dir} is just starting or stopping. Try again soon, "
            "or give another --state-dir."
        )
    ready = Ready.read(path)
    note(f"The cloud in {options.state_dir} runs already.")
    if options.quickstart:
        return quickstart(environment, ready)
    if not with_client:
        _tell_addresses(ready, options)
        return 0
    note("Opening another client on it.")
    return subprocess.run(_client_command(environment, ready), check=False).returncode


def _client_command(environment: Environment, ready: Ready) -> list[str]:
    return [
        str(environment.python), "-m", "desktop",
        "--url", ready.url, "--fingerprint", ready.ca_fingerprint,
    ]  # fmt: skip


def quickstart(environment: Environment, ready: Ready) -> int:
    """Do the first set-up in this terminal, with the command console; returns its exit code."""
    command = [
        str(environment.program("anyun")), "quickstart",
        # The set-up code is in this file and not in the list of processes.
        "--ready-file", str(ready.file),
    ]  # fmt: skip
    if not sys.stdin.isatty():
        command.append("--yes")  # whoever asked for the quick start cannot be asked again
    code = subprocess.run(command, cwd=prepare.ROOT, check=False).returncode
    if code:
        note(f"The quick start ended with code {code}. To go on with it, in another terminal:")
        note("  python3 build.py run --quickstart (with the same other options)")
    return code


class Supervisor:
    """Owns the parts of one run."""

    def __init__(self, options: RunOptions, environment: Environment, image: StarterImage) -> None:
        self._options = options
        self._environment = environment
        self._image = image
        self._service = Part("management service", options.log_dir / "service.log")
        self._agent = Part("host agent", options.log_dir / "agent.log")
        self._client = Part("desktop client", options.log_dir / "client.log")
        self._libvirt: Part | None = None
        self._agent_ran = False
        self._ended: dict[str, deque[float]] = {}

    def run(self, *, with_client: bool) -> int:
        """Start everything, stay until a signal, stop everything."""
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            ready = self._start()
            if with_client:
                self._client.start(_client_command(self._environment, ready), prepare.ROOT)
            _tell(ready, self._options, with_client=with_client)
            if self._options.quickstart:
                quickstart(self._environment, ready)
                note("The cloud goes on running. Ctrl-C stops it.")
            self._watch()
        except KeyboardInterrupt:
            note("")
            return 0
        finally:
            self._stop()

    def _start(self) -> Ready:
        _check_port(self._options.bind, self._options.port, "--port")
        _check_port(self._options.bind, self._options.agent_port, "--agent-port")
        self._libvirt = libvirt.ensure(self._options.state_dir)
        with step("Starting the management service"):
            ready = self._start_service()
        with step("Starting the host agent"):
            self._start_agent()
        return ready

    def _start_service(self) -> Ready:
        options = self._options
        path = options.service_dir / "ready.json"
        path.unlink(missing_ok=True)
        command = [
            self._environment.python, "-m", "appliance.node", "--state-dir", options.state_dir,
            "--bind", options.bind, "--port", str(options.port),
            "--agent-port", str(options.agent_port), "--starter-dir", self._image.folder,
            "--local-agent", "--stop-guests",
        ]  # fmt: skip
        self._service.start(command, prepare.ROOT)
        wait_for(self._service, path, READY_S)
        return Ready.read(path)

    def _start_agent(self) -> None:
        options = self._options
        command = [
            self._environment.python, "-m", "hostagent", "--state-dir", options.state_dir / "agent",
            "--join-file", options.service_dir / "local-join-token",
            "--libvirt-uri", libvirt.URI,
            "--probe-kernel", self._image.kernel, "--probe-initrd", self._image.initrd,
        ]  # fmt: skip
        self._agent_ran = True
        self._agent.start(command, prepare.ROOT)

    def _watch(self) -> NoReturn:
        """Stay until interrupted; start again what ends by itself."""
        while True:
            time.sleep(0.5)
            if self._libvirt is not None:
                self._libvirt.check()
            if not self._service.running():
                self._count_end(self._service)
                self._start_service()
            if not self._agent.running():
                self._count_end(self._agent)
                self._start_agent()
            code = self._client.exit_code()
            if code is not None:
                self._client_ended(code)

    def _count_end(self, part: Part) -> None:
        """Note that a part ended by itself. Raises Failed when it does so again and again."""
        ended = self._ended.setdefault(part.name, deque(maxlen=RESTARTS))
        ended.append(time.monotonic())
        if len(ended) == RESTARTS and ended[-1] - ended[0] < RESTARTS_WITHIN_S:
            part.check()
        note(f"The {part.name} ended with code {part.exit_code()}; starting it again.")

    def _client_ended(self, code: int) -> None:
        if code:
            note(f"The desktop client ended with code {code}.\n{self._client.last_lines()}")
        else:
            note("The desktop client was closed.")
        note("The cloud goes on running: Ctrl-C stops it, the same command elsewhere opens "
             "another client.")  # fmt: skip
        self._client = Part("desktop client", self._client.log)

    def _stop(self) -> None:
        """Stop what runs: client, service (which shuts VMs down), agent, libvirt, networks."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _be_patient)
        for part, timeout_s in (
            (self._client, CLIENT_STOP_S),
            (self._service, SERVICE_STOP_S),
            (self._agent, AGENT_STOP_S),
        ):
            if part.running():
                with step(f"Stopping the {part.name}") as shown:
                    if not part.stop(timeout_s):
                        shown.detail("killed")
                        note(f"It did not end within {timeout_s:.0f} s. Log: {part.log}")
        if self._libvirt is not None and self._libvirt.running():
            with step("Stopping libvirt"):
                libvirt.stop_own(self._libvirt)
        if self._agent_ran:
            self._remove_networks()

    def _remove_networks(self) -> None:
        """Leave no bridge or DHCP server behind, unless VMs still use them."""
        guests = libvirt.running_guests()
        if guests:
            note(f"VMs still run, with their networks: {' '.join(guests)}")
            return
        agent_dir = self._options.state_dir / "agent"
        part = Part("removal of networks", self._options.log_dir / "agent.log")
        with step("Removing networks"):
            part.start([self._environment.python, "-m", "installer.networks", agent_dir],
                       prepare.ROOT)  # fmt: skip
            if part.wait(AGENT_STOP_S) != 0:
                note(f"Some may be left.\n{part.last_lines()}")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _be_patient(_number: int, _frame: FrameType | None) -> None:
    note("Stopping already, please wait.")


def _check_port(bind: str, port: int, option: str) -> None:
    """Raise Failed when something else listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError as error:
            raise Failed(
                f"Port {port} on {bind} cannot be used: {error.strerror}. Choose another "
                f"with {option}."
            ) from error


def _outer_address() -> str:
    """This machine's address on the way out; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return probe.getsockname()[0]


def _tell_addresses(ready: Ready, options: RunOptions) -> None:
    everywhere = options.bind in ("0.0.0.0", "::", "")  # noqa: S104
    address = _outer_address() if everywhere else ready.address
    note(f"  Address       https://{address}:{ready.port}")
    note(f"  Fingerprint   {ready.ca_fingerprint}")
    if ready.setup_code:
        note(f"  Set-up code   {ready.setup_code}   (sets the first administrator's password)")


def _tell(ready: Ready, options: RunOptions, *, with_client: bool) -> None:
    note("")
    note("Anyun is running.")
    _tell_addresses(ready, options)
    note(f"  Logs          {options.log_dir}")
    note("")
    if with_client:
        note("The desktop client opens. Ctrl-C here stops everything.")
        return
    if not options.quickstart:
        note("No screen was found, so no client was opened. You can:")
        note("  - open the desktop client on another machine: python3 build.py run, and give it")
        note("    the address above")
        note("  - do the first set-up here, in the terminal: python3 build.py run --quickstart")
        note("  - see the client from any VNC viewer, port 5900 of this machine:")
        note("    QT_QPA_PLATFORM=vnc python3 build.py run")
        note("    (it asks for no password: do this only in a network that you trust)")
        if ready.setup_code:
            note("At the first login give account admin, the set-up code and a new password.")
    note("Ctrl-C stops everything; the next run comes back with the same cloud.")
