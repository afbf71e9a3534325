"""What of a trial is written down, and what it means for the next document and the next start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hostagent.network.plan.host import host_plan
from hostagent.network.state import StateFiles
from hostagent.network.trial import NicUse, Trials
from hostagent.protocol.network import NetworkDocument, NetworkSpec, bridge_name

USE = NicUse(network_id="lan", interface="eth0")


class Wire:
    """A way to the service that works or does not."""

    def __init__(self, *, works: bool) -> None:
        self.works = works
        self.renewed = 0

    async def is_heard(self, timeout_s: float) -> bool:
        return self.works

    async def renew(self) -> None:
        self.renewed += 1


class NoLinks:
    """A host whose links are not there yet."""

    async def all(self) -> dict[str, Any]:
        return {}


def spec(name: str, **more: Any) -> NetworkSpec:
    return NetworkSpec(
        id=name, bridge=bridge_name(name), cidr="10.0.0.0/24", gateway="10.0.0.1",
        dhcp_address="10.0.0.2", **more,
    )  # fmt: skip


def trials(folder: Path, *, works: bool = True) -> Trials:
    made = Trials(StateFiles(folder))
    made.lifeline = Wire(works=works)
    return made


async def test_only_what_is_new_under_a_bridge_is_tried(tmp_path: Path) -> None:
    lan = spec("lan", kind="physical", physical_interface="eth0")
    other = spec("lan", kind="physical", physical_interface="eth1")
    runs, wanted = (
        host_plan(NetworkDocument(generation=1, networks=[one])) for one in (lan, other)
    )
    nothing = host_plan(NetworkDocument(generation=0))
    private = host_plan(NetworkDocument(generation=1, networks=[spec("n", kind="nat")]))
    one, links = trials(tmp_path), NoLinks()

    async def new(before: Any, after: Any) -> list[str]:
        return [use.interface for use in await one.new_uses(links, before, after)]  # type: ignore[arg-type]

    assert await new(nothing, runs) == ["eth0"]
    assert await new(runs, runs) == []
    assert await new(runs, wanted) == ["eth1"]
    assert await new(runs, nothing) == []
    assert await new(nothing, private) == []
    one.lifeline = None
    assert await new(nothing, runs) == [], "without a service nothing could be proven"


async def test_a_proven_trial_leaves_nothing(tmp_path: Path) -> None:
    one = trials(tmp_path)
    one.begin(5, [USE])
    assert (tmp_path / "trial.json").exists(), "before anything is changed"
    assert await one.confirm() == []
    one.settle()
    assert not (tmp_path / "trial.json").exists()
    assert one.refusals([USE]) == []


async def test_an_unheard_service_is_held_against_this_nic_alone(tmp_path: Path) -> None:
    one = trials(tmp_path, works=False)
    one.begin(5, [USE])
    (error,) = await one.confirm()
    assert (error.code, error.network_id) == ("network.rolled_back", "lan")
    assert error.params == {
        "interface": "eth0", "generation": 5, "seconds": 10, "gateway": "",
    }  # fmt: skip
    again = trials(tmp_path)
    again.resume(4)
    assert again.refusals([USE]) == again.errors() == [error]
    assert again.refusals([NicUse(network_id="lan", interface="eth1")]) == []
    assert again.refusals([NicUse(network_id="new", interface="eth0")]) == []
    again.begin(6, [])
    assert again.errors() == [error], "a document without it is no trial"
    again.allow()
    assert again.errors() == []
    assert not (tmp_path / "trial.json").exists()


async def test_what_a_dead_agent_had_not_proven_is_refused(tmp_path: Path) -> None:
    trials(tmp_path).begin(5, [USE])
    again = trials(tmp_path)
    again.resume(4)
    (error,) = again.errors()
    assert error.code == "network.rolled_back_unproven"
    again.allow()

    trials(tmp_path).begin(7, [USE])
    kept = trials(tmp_path)
    kept.resume(7)
    assert kept.errors() == [], "it was kept, so it had been proven"


async def test_a_change_that_fails_by_itself_proves_nothing(tmp_path: Path) -> None:
    one = trials(tmp_path)
    one.begin(5, [USE])
    one.give_up()
    assert one.errors() == []
    one.give_up()


def test_an_unreadable_record_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "trial.json").write_bytes(b"{")
    one = trials(tmp_path)
    one.resume(1)
    assert one.errors() == []


@pytest.mark.parametrize("outcome", ["silent", "ended"])
def test_settled_documents_forget_what_was_refused(tmp_path: Path, outcome: str) -> None:
    (tmp_path / "trial.json").write_text(
        f'{{"generation":5,"uses":[{{"network_id":"lan","interface":"eth0"}}],"outcome":"{outcome}"}}'
    )
    one = trials(tmp_path)
    assert len(one.errors()) == 1
    one.settle()
    assert trials(tmp_path).errors() == []
