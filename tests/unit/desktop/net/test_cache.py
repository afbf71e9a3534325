"""The cache: what changed is told once, lists replace without emptying, jobs can be awaited."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from appliance.protocol import resources as r
from desktop.net.cache import Cache
from desktop.net.feeder import Changed, Listed, LoggedOut, Offline, Online
from tests.gui.samples import make_job, make_vm


@pytest.fixture
def told() -> list[tuple[str, list[str], list[str]]]:
    return []


@pytest.fixture
def cache(told: list[tuple[str, list[str], list[str]]]) -> Cache:
    made = Cache()
    made.changed.connect(
        lambda kind, puts, gone: told.append(
            (kind, [getattr(one, "name", one.id) for one in puts], gone)
        )
    )
    return made


def listed(*vms: r.Vm, first: bool = True, last: bool = True) -> Listed:
    return Listed("vm", list(vms), first=first, last=last)


def changed(vm: r.Vm) -> Changed:
    return Changed("vm", vm.id, vm)


def test_one_signal_for_a_batch(cache: Cache, told: list[Any]) -> None:
    vm = make_vm(1)
    stopped = make_vm(1, r.VmState.STOPPED)
    cache.take([changed(vm), changed(stopped), changed(make_vm(2))])
    assert told == [("vm", ["web-1", "web-2"], [])]
    assert cache.get("vm", vm.id) == stopped


def test_gone_is_told_once(cache: Cache, told: list[Any]) -> None:
    vm = make_vm(1)
    cache.take([changed(vm)])
    cache.take([Changed("vm", vm.id, None)])
    cache.take([Changed("vm", vm.id, None)])
    assert told[1:] == [("vm", [], [vm.id])]
    assert cache.count("vm") == 0


def test_a_new_list_removes_what_it_does_not_hold(cache: Cache, told: list[Any]) -> None:
    cache.take([listed(make_vm(1), make_vm(2), make_vm(3))])
    cache.take([listed(make_vm(1), last=False)])
    assert cache.count("vm") == 3  # nothing flickers while pages arrive
    cache.take([listed(make_vm(3), first=False)])
    assert {one.name for one in cache.all("vm")} == {"web-1", "web-3"}
    assert told[-1] == ("vm", ["web-3"], [make_vm(2).id])
    assert cache.is_loaded("vm")


def test_order_of_lists_and_changes_is_kept(cache: Cache) -> None:
    vm = make_vm(1)
    cache.take([changed(vm), listed(make_vm(2))])
    assert cache.get("vm", vm.id) is None


def test_connection(cache: Cache) -> None:
    seen: list[tuple[bool, Any]] = []
    over: list[bool] = []
    cache.connection.connect(lambda online, error: seen.append((online, error)))
    cache.logged_out.connect(lambda: over.append(True))
    error = OSError("gone")
    cache.take([Online(), Offline(error, 1.0), LoggedOut()])
    assert seen == [(True, None), (False, error), (False, None)]
    assert over
    assert not cache.is_online


async def test_waits_for_a_job(cache: Cache) -> None:
    job = make_job(1, r.JobState.RUNNING)
    cache.take([Changed("job", job.id, job)])
    waiting = asyncio.ensure_future(cache.wait_job(job.id))
    await asyncio.sleep(0)
    done = make_job(1, r.JobState.SUCCEEDED)
    cache.take([Changed("job", job.id, done)])
    assert await asyncio.wait_for(waiting, 5) == done
    assert await cache.wait_job(job.id) == done
