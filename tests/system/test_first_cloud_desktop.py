"""From an empty machine to a running VM on the desktop client's console, on real parts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, qGray

from appliance.client import Client
from appliance.client.setup import SetupFlow
from tests.lab.cloud import ROOT, LabCloud
from tests.system.conftest import PASSWORD

pytestmark = pytest.mark.timeout(600)
OUTPUT = ROOT / "tests" / "output" / "first-cloud"
SHOWN = {"en": ROOT / "docs" / "images", "zh": ROOT / "docs" / "images" / "zh"}
"""What README and README.zh-CN show of this run; `--regenerate` puts it there anew."""
PICTURES = ("main.png", "wizard-7.png", "console.png")
ALIKE = 0.03


@contextlib.contextmanager
def screen() -> Iterator[str]:
    """An X server of our own; gives its display."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as server:
        os.close(write)
        with os.fdopen(read) as answer:
            number = answer.readline().strip()
        try:
            yield f":{number}"
        finally:
            server.terminate()


@pytest.mark.parametrize("language", list(SHOWN))
async def test_a_person_sets_up_a_cloud_and_uses_a_machine(
    tmp_path: Path, request: pytest.FixtureRequest, language: str
) -> None:
    output = OUTPUT / language
    async with LabCloud(5) as lab:
        ready = lab.state / "service" / "ready.json"
        with screen() as display:
            command = [sys.executable, "-m", "tests.system.desktop_driver"]
            result = await asyncio.to_thread(
                subprocess.run,
                [*command, str(ready), str(output), language],
                cwd=ROOT,
                env=os.environ
                | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "XDG_CONFIG_HOME": str(tmp_path)},
                capture_output=True,
                text=True,
                timeout=500,
                check=False,
            )
        print(result.stdout)
        assert result.returncode == 0, result.stdout + result.stderr[-4000:]
        is_anew = bool(request.config.getoption("--regenerate"))
        compare_pictures(output, SHOWN[language], regenerate=is_anew)
        host = lab.host
        assert host.run("virsh", "-q", "list", "--all", "--name").strip() == ""
        assert ": anyt" not in host.run("ip", "-o", "link")
        volumes = host.run("find", str(lab.state / "storage"), "-path", "*/volumes/*")
        assert volumes.strip() == ""
        await remove_set_up(ready)
        assert host.run("ip", "netns", "list").strip() == ""
        assert host.run("nft", "list", "tables").strip() == ""
        assert ": any" not in host.run("ip", "-o", "link")
        assert host.run("find", str(lab.state / "storage"), "-mindepth", "1").strip() == ""


def compare_pictures(output: Path, folder: Path, *, regenerate: bool) -> None:
    """What README shows looks like what this run has shown, or is replaced by it."""
    for name in PICTURES:
        if regenerate:
            folder.mkdir(exist_ok=True)
            shutil.copyfile(output / name, folder / name)
        made, kept = QImage(str(output / name)), QImage(str(folder / name))
        assert not made.isNull()
        assert difference(made, kept) < ALIKE, (
            f"{folder / name} looks otherwise by now; to take the new one:"
            f" python3 build.py test --regenerate {Path(__file__).relative_to(ROOT)}"
        )


def difference(one: QImage, other: QImage) -> float:
    """How far two pictures are apart, 0 to 1; small print does not count.

    Times, names of machines and fonts differ from run to run, so both are looked at from afar.
    """
    small = QSize(40, 25)
    grey = [
        picture.scaled(
            small, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        ).convertToFormat(QImage.Format.Format_Grayscale8)
        for picture in (one, other)
    ]
    points = [(x, y) for x in range(small.width()) for y in range(small.height())]
    apart = (abs(qGray(grey[0].pixel(x, y)) - qGray(grey[1].pixel(x, y))) for x, y in points)
    return sum(apart) / len(points) / 255


async def remove_set_up(ready: Path) -> None:
    """Take everything back with the password that was set in the client."""
    content = json.loads(ready.read_text(encoding="utf-8"))
    async with Client(content["url"], fingerprint=content["ca_fingerprint"]) as client:
        await client.login("admin", PASSWORD)
        await SetupFlow(client).remove()
