"""Measures the desktop client: start, 100,000 rows, and memory. No service is needed.

`python -m tests.bench.desktop [--count N]` prints progress and, as its last line, one JSON
object. `start_s` is from the start of the process to the painted main window; the other times
are from the moment the data or the key press is in the GUI thread to the finished painting.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 5


class Client:
    """The client's main window without a service, and a clock on its paintings."""

    def __init__(self, folder: Path) -> None:
        from PySide6.QtWidgets import QApplication

        from desktop import theme
        from desktop.app import GC_THRESHOLD
        from desktop.i18n import loader
        from desktop.main_window.window import MainWindow
        from desktop.net.bridge import Bridge
        from desktop.net.cache import Cache
        from desktop.net.client_ref import ClientRef
        from desktop.settings import Settings

        gc.set_threshold(*GC_THRESHOLD)
        self.qt = QApplication([sys.argv[0]])
        loader.install(self.qt, "en")
        theme.use_fonts(self.qt)
        theme.apply(self.qt, "light")
        self.bridge = Bridge()
        self.bridge.start()
        self.cache = Cache()
        settings = Settings(str(folder / "settings.ini"))
        self.window = MainWindow(self.bridge, ClientRef(), self.cache, settings, "admin")
        self.window.go("vm")
        self.window.show()
        self.paint()

    def paint(self) -> None:
        """Handle what is queued, and finish all painting."""
        self.qt.processEvents()
        self.window.repaint()
        self.qt.processEvents()

    def table(self) -> Any:
        """The table of virtual machines."""
        page: Any = self.window.page("vm")
        return page.table


def timed(action: Callable[[], object]) -> float:
    """Seconds that `action` takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def rss_mib() -> float:
    """Resident memory of this process."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def measure_start() -> float:
    """Median seconds from starting a process to its painted main window."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        command = [sys.executable, "-m", "tests.bench.desktop", "--only-start"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "painted\n"
            times.append(time.perf_counter() - began)
    return statistics.median(times)


def make_vms(count: int) -> list[Any]:
    """Machines as the feeder delivers them: decoded from JSON, with equal texts shared."""
    import msgspec

    from appliance.protocol.resources import Vm
    from desktop.net.share import Sharer
    from tests.gui.samples import make_vm

    decoder = msgspec.json.Decoder(Vm)
    sharer, vms = Sharer(), []
    for number in range(count):
        vm = decoder.decode(msgspec.json.encode(make_vm(number)))
        sharer.share(vm)
        vms.append(vm)
    return vms


def measure_rows(count: int) -> dict[str, float]:
    """Times with `count` rows, and the memory."""
    from PySide6.QtCore import Qt

    from appliance.protocol.resources import VmState
    from desktop.net.feeder import Changed, Listed
    from tests.gui.samples import make_vm

    with tempfile.TemporaryDirectory() as folder:
        client = Client(Path(folder))
        print(f"memory without rows: {rss_mib():.0f} MiB", flush=True)
        print(f"decoding {count:,} machines", flush=True)
        vms = make_vms(count)
        print(f"memory with decoded rows: {rss_mib():.0f} MiB", flush=True)
        print("first paint", flush=True)

        def show() -> None:
            client.cache.take([Listed("vm", vms, first=True, last=True)])
            client.paint()

        first_paint_s = timed(show)
        table, page = client.table(), client.window.page("vm")
        began = time.perf_counter()
        while page.model.is_warming():  # type: ignore[attr-defined]
            client.qt.processEvents()
        print(f"search texts made in idle time: {time.perf_counter() - began:.2f} s", flush=True)
        print("filter", flush=True)

        def filter_(text: str) -> None:
            page.filter.setText(text)  # type: ignore[attr-defined]
            page.apply_filter()  # type: ignore[attr-defined]
            client.paint()

        first_filter_s = timed(lambda: filter_("web-777"))
        filters = [timed(lambda text=text: filter_(text)) for text in ("web-7", "10.0", "")]
        print("filters:", [round(one, 3) for one in (first_filter_s, *filters)], flush=True)
        print("sort", flush=True)

        def sort(column: int) -> None:
            table.horizontalHeader().setSortIndicator(column, Qt.SortOrder.DescendingOrder)
            client.paint()

        sorts = [timed(lambda column=column: sort(column)) for column in (2, 4, 8, 0)]
        print("changes", flush=True)

        def change(number: int) -> None:
            vm = make_vm(count - 1 - number, VmState.STOPPED, name=f"web-{count + number}")
            client.cache.take([Changed("vm", vm.id, vm)])
            client.paint()

        changes = [timed(lambda number=number: change(number)) for number in range(ROUNDS * 4)]
        print("sorts:", [round(one, 3) for one in sorts], flush=True)
        print("changes:", [round(one, 3) for one in changes], flush=True)
        result = {
            "rows_first_paint_s": first_paint_s,
            "filter_s": max(first_filter_s, *filters),
            "sort_s": max(sorts),
            "change_visible_s": max(changes),
            "rss_mb": rss_mib(),
        }
        client.bridge.stop()
        return {key: round(value, 4) for key, value in result.items()}


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description="Measure the desktop client")
    parser.add_argument("--count", type=int, default=100_000, help="rows")
    parser.add_argument("--only-start", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.only_start:
        with tempfile.TemporaryDirectory() as folder:
            client = Client(Path(folder))
            print("painted", flush=True)
            client.bridge.stop()
        return 0
    print("start", flush=True)
    start_s = round(measure_start(), 3)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    figures = measure_rows(chosen.count)
    print(json.dumps({"name": "desktop", "machine": machine, "start_s": start_s, **figures}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
