"""Sheets and tab of a machine's hardware and size: what they show, send and refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from PySide6.QtWidgets import QApplication

from appliance.protocol import resources as r
from appliance.protocol.hardware import CpuBaseline, MissingFeatures, VmHardware
from desktop.net.cache import Cache
from desktop.pages.sheets.cluster_cpu import ClusterCpuForm, cpu_facts
from desktop.pages.sheets.hardware import HardwareForm, SizeForm
from desktop.pages.vm_hardware import hardware_facts, pending_words
from tests.gui.samples import NOW, make_id, make_vm, small_cloud
from tests.gui.screens import clipped, take

GiB, MiB = 1024**3, 1024**2


def machine(*, runs: bool, **hardware: Any) -> r.Vm:
    host = make_id(900_003) if runs else None
    state = r.VmState.RUNNING if runs else r.VmState.STOPPED
    return msgspec.structs.replace(make_vm(1, state), host_id=host, hardware=VmHardware(**hardware))


@pytest.fixture
def filled(cache: Cache, fill: Callable[..., None]) -> Cache:
    fill(small_cloud())
    return cache


def shown(form: Any, name: str) -> Any:
    form.resize(600, 900)
    form.show()
    QApplication.processEvents()
    assert not clipped(form)
    take(form, name)
    return form


def test_only_what_is_changed_is_sent(filled: Cache) -> None:
    vm = machine(
        runs=True, firmware="uefi", max_cpu_count=8, cpu_mode="custom", cpu_model="Haswell"
    )
    form = shown(HardwareForm(vm, filled), "hardware")
    assert form.values("hardware") == {}
    assert not form.review(), "nothing was changed"
    form.boot.tpm.setChecked(True)
    form.cpu.nested.setChecked(True)
    assert form.cpu.cost.isVisible(), "nesting tells what it costs"
    form.cpu.topology.setText("2x4x1")
    form.cpu.pins.setPlainText("0=0-3\n1=4")
    form.cpu.numa.setPlainText("0-7=4G@0")
    assert form.review()
    assert form.values("hardware") == {
        "tpm": True,
        "nested": True,
        "topology": {"sockets": 2, "cores": 4, "threads": 1},
        "cpu_pins": [{"cpu": 0, "host_cpus": "0-3"}, {"cpu": 1, "host_cpus": "4"}],
        "numa": [{"cpus": "0-7", "memory_bytes": 4 * GiB, "host_node": 0}],
    }
    form.cpu.pins.setPlainText("zero=0")
    assert not form.review()
    assert form.cpu.pins.accessibleDescription()


def test_a_running_machine_is_kept_to_its_room(filled: Cache) -> None:
    vm = machine(runs=True, max_cpu_count=8, max_memory_bytes=4 * GiB)
    vm = msgspec.structs.replace(vm, cpu_count=2, memory_bytes=2 * GiB)
    form = shown(SizeForm(vm, filled), "size")
    assert not form.review(), "nothing was changed"
    form.cpus.setValue(99)
    form.memory.setValue(2 * 1024 + 100)
    assert form.cpus.value() == 8
    assert not form.review(), "memory comes in pieces"
    form.memory.setValue(2 * 1024 + 256)
    assert form.review()
    assert form.values("size") == {"cpu_count": 8, "memory_bytes": 2 * GiB + 256 * MiB}
    form.offering.setCurrentIndex(1)
    assert set(form.values("size")) == {"offering_id"}


def test_a_machine_without_room_is_told_what_to_do(filled: Cache) -> None:
    form = SizeForm(machine(runs=True), filled)
    assert form.cpus.maximum() == form.cpus.minimum()
    form = SizeForm(machine(runs=False), filled)
    assert form.cpus.maximum() == 1024


def test_the_tab_says_what_waits_for_the_next_start() -> None:
    vm = machine(runs=True, firmware="uefi", tpm=True, pending=["firmware", "tpm"])
    assert dict(hardware_facts(vm))["Firmware"] == "UEFI"
    assert pending_words(vm) == "From its next start on: Firmware, TPM 2.0."
    assert pending_words(machine(runs=True)) == ""


def test_a_cluster_shows_who_holds_the_others_back(filled: Cache) -> None:
    lacking = [MissingFeatures(host_id="h", host_name="old", features=["avx2", "hle"])]
    cluster = r.Cluster(
        id=make_id(1),
        name="c",
        created_at=NOW,
        zone_id="z",
        cpu_baseline=CpuBaseline(model="Haswell", lacking=lacking),
    )
    facts = dict(cpu_facts(cluster))
    assert facts["Common to all hosts"] == "Haswell"
    assert facts["old lacks"] == "avx2, hle"
    form = shown(ClusterCpuForm(cluster, filled), "cluster-cpu")
    form.mode.setCurrentIndex(form.mode.findData("custom"))
    assert not form.review()
    form.model.setCurrentText("Haswell")
    assert form.review()
    assert form.values("cluster") == {"cpu_mode": "custom", "cpu_model": "Haswell"}
