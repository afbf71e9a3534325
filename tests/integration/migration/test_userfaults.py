"""What QEMU without privileges needs for post-copy: asked of a real QEMU and a real kernel."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from hostagent.migration.userfaults import SETTING, UserFaults
from hostagent.protocol.link import CommandFailed

NOBODY = "65534"
CAPABILITY = {
    "execute": "migrate-set-capabilities",
    "arguments": {"capabilities": [{"capability": "postcopy-ram", "state": True}]},
}


def qemu_can() -> bool:
    """Whether a QEMU of nobody's, waiting for a machine, could take one by post-copy."""
    orders = [{"execute": "qmp_capabilities"}, CAPABILITY, {"execute": "quit"}]
    done = subprocess.run(
        ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
         "qemu-system-x86_64", "-machine", "none", "-accel", "tcg", "-nodefaults",
         "-display", "none", "-incoming", "defer", "-qmp", "stdio"],
        input="\n".join(json.dumps(order) for order in orders),
        capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    said = [json.loads(line) for line in done.stdout.splitlines()]
    answers = [line for line in said if "return" in line or "error" in line]
    return "return" in answers[1]


@pytest.fixture
def setting() -> Path:
    if os.geteuid() != 0:
        pytest.skip("needs root to change a sysctl")
    return SETTING


def test_qemu_may_while_it_is_needed_and_not_longer(setting: Path, tmp_path: Path) -> None:
    value = setting.read_text()
    faults = UserFaults(before=tmp_path / "before")
    faults.allow("one")
    faults.allow("two")
    assert qemu_can()
    faults.release("one")
    assert qemu_can()
    UserFaults(before=tmp_path / "before")  # the agent was killed and is back
    assert setting.read_text() == value
    faults.release("two")
    assert setting.read_text() == value
    if value.strip() == "0":
        assert not qemu_can(), "else none of this is needed"


def test_a_kernel_without_it_is_named(tmp_path: Path) -> None:
    faults = UserFaults(tmp_path / "nowhere" / "unprivileged_userfaultfd", tmp_path / "before")
    with pytest.raises(CommandFailed, match="unprivileged_userfaultfd") as refused:
        faults.allow("one")
    assert refused.value.code == "migration.no_userfaultfd"
    faults.release("one")
