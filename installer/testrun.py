"""`build.py test`: lint and all tests in two lanes side by side, with one summary at the end."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from installer import prepare
from installer.lint import run_lint
from installer.prepare import ROOT
from installer.progress import note
from installer.venv import Environment


@dataclass(frozen=True)
class Stage:
    """Tests that run in one pytest.

    `folders` are pytest's arguments. `needs_root`: they make namespaces, taps and VMs; they wait
    for guests more than they compute, and run beside those that need none.
    """

    name: str
    folders: tuple[str, ...]
    is_fast: bool = False
    needs_root: bool = False


COMMANDS = "tests/unit/appliance/cli"
SIMULATED = "tests/integration/simulated"
STAGES = (
    Stage("command line", (COMMANDS,), is_fast=True),
    Stage("unit and golden", ("tests/unit", "tests/golden", f"--ignore={COMMANDS}"), is_fast=True),
    Stage("gui", ("tests/gui",)),
    Stage("contract", ("tests/contract",)),
    Stage("simulated hosts", (SIMULATED,)),
    Stage("integration", ("tests/integration", f"--ignore={SIMULATED}"), needs_root=True),
    Stage("system", ("tests/system",), needs_root=True),
)
# What a long run does: claims at full size once, then random calls until the time is up.
SOAK = (f"{SIMULATED}/test_exact.py", f"{SIMULATED}/test_model.py")
SOAK_CREATES = "10000"
_COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed|warnings?)")


@dataclass(frozen=True)
class Result:
    """How one stage ended: pytest's exit code and its last line."""

    name: str
    code: int
    summary: str


def run_tests(*, fast: bool, images: bool, arguments: Sequence[str]) -> int:
    """Prepare everything and run; returns 0 when all is well.

    Args:
        fast: only what takes under three minutes.
        images: build images anew instead of taking them from the cache.
        arguments: given to one pytest in place of the stages, without lint.
    """
    started = time.monotonic()
    environment = _prepare(images=images)
    if arguments:
        return _pytest(environment, "chosen tests", arguments).code
    chosen = [stage for stage in STAGES if stage.is_fast or not fast]
    if any(stage.needs_root for stage in chosen) and not prepare.can_host():
        note("Left out: tests that need root on Debian.")
        chosen = [stage for stage in chosen if not stage.needs_root]
    lint = [lambda: _lint(environment)]
    plain = [_work(environment, stage) for stage in chosen if not stage.needs_root]
    rooted = [_work(environment, stage) for stage in chosen if stage.needs_root]
    # Without those that need root, lint and the first stage take about half of what is fast.
    lanes = [[*lint, *plain], rooted] if rooted else [[*lint, *plain[:1]], plain[1:]]
    results = _side_by_side(lanes)
    return _summarise(results, time.monotonic() - started)


def _work(environment: Environment, stage: Stage) -> Callable[[], Result]:
    return lambda: _pytest(environment, stage.name, stage.folders, label=stage.name)


def _side_by_side(lanes: Sequence[Sequence[Callable[[], Result]]]) -> list[Result]:
    """Run lanes at once, what is in one of them one after the other; results in their order."""

    def run(lane: Sequence[Callable[[], Result]]) -> list[Result]:
        return [work() for work in lane]

    with ThreadPoolExecutor(len(lanes)) as pool:
        return [result for results in pool.map(run, lanes) for result in results]


def run_soak(minutes: float, arguments: Sequence[str]) -> int:
    """Run the model-based test with new seeds for so long, showing its progress.

    Returns 0 when all is well; `arguments` are given to pytest, too.
    """
    environment = _prepare(images=False)
    settings = {"ANYUN_SOAK_MINUTES": f"{minutes:g}", "ANYUN_EXACT": SOAK_CREATES}
    chosen = ["--capture=no", "--show-capture=no", "--timeout=0", *SOAK, *arguments]
    return _pytest(environment, f"soak of {minutes:g} minutes", chosen, settings).code


def _prepare(*, images: bool) -> Environment:
    if not prepare.can_host():
        return prepare.environment(["appliance", "desktop", "dev"])
    environment = prepare.appliance(desktop=True, tests=True)
    prepare.starter_image(again=images)
    return environment


def _lint(environment: Environment) -> Result:
    note("\n== lint")
    is_good = run_lint(environment)
    return Result("lint", 0 if is_good else 1, "good" if is_good else "FAILED")


def _pytest(
    environment: Environment,
    name: str,
    arguments: Sequence[str],
    settings: Mapping[str, str] | None = None,
    label: str = "",
) -> Result:
    """Run pytest; with a `label` before each line, where others print at the same time."""
    note(f"\n== {name}")
    before = f"[{label}] " if label else ""
    # Widgets are drawn without a screen; system tests bring a screen of their own.
    env = {"QT_QPA_PLATFORM": "offscreen", **os.environ, "PYTHONUNBUFFERED": "1"}
    env |= settings or {}
    last = ""
    with subprocess.Popen(
        [environment.python, "-m", "pytest", *arguments],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(f"{before}{line}", end="", flush=True)
            last = line.strip() or last
    return Result(name, process.returncode, last)


def _summarise(results: Sequence[Result], seconds: float) -> int:
    """Print each stage's own last line and the sum in pytest's form."""
    note("\n== summary")
    total: Counter[str] = Counter()
    for result in results:
        counts = _COUNT.findall(result.summary)
        if not counts and result.code and result.name != "lint":
            note(f"{result.name}: ended with code {result.code} before its tests did")
        else:
            note(f"{result.name}: {result.summary.strip('= ')}")
        for count, word in counts:
            total[word.rstrip("s") if word.startswith(("error", "warning")) else word] += int(count)
    has_failed = any(result.code for result in results)
    counts = ", ".join(f"{count} {word}" for word, count in total.items()) or "no tests ran"
    lint = "" if results[0].code == 0 else ", lint failed"
    note(f"===== {counts}{lint} in {seconds:.2f}s =====")
    return 1 if has_failed else 0
