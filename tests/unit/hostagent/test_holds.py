"""Machines that stand still because a disk changes places: nothing lets them go on meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import libvirt
import pytest

from appliance.protocol.ids import new_id
from hostagent.libvirt import blockjobs, holds
from hostagent.libvirt.domains import _resume
from hostagent.protocol.link import CommandFailed

PAUSED = (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_USER)


class Domain:
    """A machine that stands still."""

    def __init__(self, vm_id: str) -> None:
        self._vm_id = vm_id
        self.resumed = 0

    def __getattr__(self, name: str) -> Any:
        answers = {"UUIDString": self._vm_id, "state": PAUSED}
        return lambda: answers[name]

    def resume(self) -> None:
        """Counted only."""
        self.resumed += 1


@pytest.fixture
def domain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Domain:
    monkeypatch.setattr(holds, "FOLDER", tmp_path / "held")
    return Domain(new_id())


def test_it_goes_on_when_no_disk_holds_it(domain: Domain) -> None:
    vm_id, first, second = domain._vm_id, new_id(), new_id()
    holds.hold(vm_id, first)
    holds.hold(vm_id, second)
    for volume_id in (first, second):
        blockjobs.go_on(domain)
        with pytest.raises(CommandFailed, match=r"changing places"):
            _resume(domain)
        assert domain.resumed == 0
        holds.let_go(vm_id, volume_id)
    blockjobs.go_on(domain)
    assert domain.resumed == 1


def test_a_machine_that_is_started_anew_is_not_held(domain: Domain) -> None:
    holds.hold(domain._vm_id, new_id())
    holds.forget(domain._vm_id)
    holds.forget(domain._vm_id)
    assert not holds.is_held(domain._vm_id)
