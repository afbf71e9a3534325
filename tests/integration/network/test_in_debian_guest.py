"""Chosen network tests once more under Debian's own kernel, in a guest with this machine's files.

That kernel comes as modules that the agent has to load, and has what the kernel of the machine
may lack: VLAN devices, connection tracking on bridges, metadata of nft's bridge family.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.lab.guest.run import RESULT, run

RUN_WITHIN_S = 600.0  # three minutes on two idle emulated processors
pytestmark = pytest.mark.timeout(RUN_WITHIN_S + 120)
HERE = "tests/integration/network"
# In an order in which the kernel has no module yet that later tests make the agent load.
CHOSEN = {
    "test_nat_network": (
        "test_vm_gets_address_routes_names_and_metadata",
        "test_way_out_is_masqueraded_and_no_way_in",
    ),
    "test_physical_network": ("test_vm_is_on_the_wire_but_dhcp_and_metadata_are_not",),
    "test_anti_spoofing": (
        "test_foreign_address_is_dropped",
        "test_router_advertisements_and_foreign_ipv6_are_dropped",
    ),
    "test_security_groups": ("test_allowed_passes_and_the_rest_is_refused_and_counted",),
    "test_group_changes": ("test_flushed_tables_and_a_turned_switch_are_repaired",),
    "test_elastic": (
        "test_the_world_reaches_a_machine_and_sees_it_under_its_address",
        "test_machines_reach_each_other_and_themselves_by_elastic_addresses",
    ),
    "test_vxlan_network": ("test_vms_of_two_hosts_are_in_one_network",),
    # All that needs VLANs: nowhere else is it sure to run.
    "test_vlan_network": (
        "test_vms_are_in_their_vlan_and_the_nic_stays_as_it_is",
        "test_vlans_and_an_untagged_network_share_a_nic",
        "test_a_machine_cannot_tag_itself_into_another_network",
        "test_another_tag_makes_the_device_anew",
        "test_what_does_not_go_is_named",
        "test_tags_of_machines_go_nowhere",
    ),
    "test_vlan_wire": (
        "test_machines_speak_with_the_tag_and_only_they",
        "test_machines_cannot_choose_a_tag",
        "test_machines_on_two_hosts_with_groups",
        "test_elastic_addresses_on_a_vlan",
        "test_what_somebody_takes_away_comes_back",
    ),
}
NODES = [f"{module}::{name}" for module, names in CHOSEN.items() for name in names]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What became of each chosen test in the guest: empty, or how it failed."""
    if os.geteuid() != 0:
        pytest.skip("needs root for mounts of its own")
    nodes = [f"{HERE}/{node.replace('::', '.py::')}" for node in NODES]
    options = ["-v", "-p", "no:cacheprovider", f"--junitxml={RESULT}/junit.xml"]
    result = run(
        tmp_path_factory.mktemp("guest"),
        [sys.executable, "-m", "pytest", *options, *nodes],
        timeout_s=RUN_WITHIN_S,
    )
    report = result.files.get("junit.xml")
    assert report is not None, result.output
    return {_node(case): _failure(case) for case in ElementTree.fromstring(report).iter("testcase")}


def _node(case: ElementTree.Element) -> str:
    module = case.get("classname", "").rpartition(".")[2]
    return f"{module}::{case.get('name')}"


def _failure(case: ElementTree.Element) -> str:
    """A test that the guest left out has failed, too: it is here to be run."""
    return "\n".join(f"{child.tag}: {child.get('message')}\n{child.text or ''}" for child in case)


@pytest.mark.parametrize("node", NODES)
def test_holds_under_debians_kernel(outcomes: Mapping[str, str], node: str) -> None:
    cases = {name: said for name, said in outcomes.items() if name.partition("[")[0] == node}
    assert cases, f"it did not run; these did: {', '.join(outcomes)}"
    assert not any(cases.values()), "\n".join(cases.values())


def test_kernel_of_the_guest_is_debians(tmp_path: Path) -> None:
    """And what it is needed for is there."""
    script = (
        "uname -r; modprobe -a 8021q vxlan br_netfilter nf_conntrack_bridge;"
        "ip link add dummy0 type dummy && ip link add link dummy0 name v9 type vlan id 9;"
        "nft 'add table bridge t; add chain bridge t c;"
        " add rule bridge t c meta ibrname b ct state new drop' && exit 7"
    )
    result = run(tmp_path, ["sh", "-c", script], timeout_s=120)
    assert result.exit_code == 7, result.output
    assert result.output.strip().endswith("-amd64"), result.output
