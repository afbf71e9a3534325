"""The page of networks, with their ranges and how many addresses are used."""

from __future__ import annotations

from typing import Any

from appliance.protocol import resources as r
from desktop import texts
from desktop.models.columns import Column, address_key
from desktop.pages.actions import Action
from desktop.pages.base import Shell
from desktop.pages.common import (
    common_facts,
    created_column,
    id_column,
    name_column,
    share_column,
    state_column,
)
from desktop.pages.resource_page import ResourcePage
from desktop.pages.sheets import creating
from desktop.pages.sheets.address_map import show_addresses
from desktop.pages.sheets.clusters import cluster_actions
from desktop.pages.sheets.deleting import delete_action
from desktop.pages.sheets.ipv6 import change_ipv6, ipv6_facts
from desktop.pages.sheets.network_edit import edit_network_action, route_lines
from desktop.pages.sheets.paths import show_network_paths
from desktop.pages.sheets.ranges import allocation_words, change_ranges, span_lines
from desktop.pages.sheets.services import change_services, offered
from desktop.texts import translate


def kind_words(network: r.Network) -> str:
    """How a network reaches the outside."""
    match network.kind:
        case "nat":
            return translate("Networks", "private, NAT through the host")
        case "vxlan":
            words = translate("Networks", "private over all hosts, VNI {vni}")
        case "vlan":
            words = translate("Networks", "VLAN {tag} on {interface}")
        case _:
            words = translate("Networks", "physical, on {interface}")
    return words.format(interface=network.physical_interface, tag=network.vlan_id, vni=network.vni)


class NetworkPage(ResourcePage):
    """Networks that virtual machines attach to."""

    kind = "network"

    def title(self) -> str:
        """The page's title."""
        return translate("Networks", "Networks")

    def columns(self) -> list[Column]:
        """The columns of the list."""
        return [
            name_column(),
            state_column(),
            Column(
                name="cidr",
                title=translate("Networks", "Network"),
                text=lambda one: one.cidr,
                key=lambda one: address_key(one.cidr.partition("/")[0]),
                width=136,
            ),
            Column(
                name="gateway",
                title=translate("Networks", "Gateway"),
                text=lambda one: one.gateway,
                key=lambda one: address_key(one.gateway),
            ),
            share_column(
                "used",
                translate("Networks", "Addresses used"),
                lambda one: (one.addresses_used, one.addresses_total),
                lambda count: texts.number(int(count)),
            ),
            Column(
                name="kind",
                title=translate("Networks", "Kind"),
                text=kind_words,
                width=216,
            ),
            created_column(),
            id_column(),
        ]

    def actions_of(self) -> list[Action]:
        """The address map, its ranges and services, edit and delete."""

        async def show(shell: Shell, networks: list[Any]) -> None:
            show_addresses(shell, networks[0])

        async def change(shell: Shell, networks: list[Any]) -> None:
            change_ranges(shell, networks[0])

        async def six(shell: Shell, networks: list[Any]) -> None:
            change_ipv6(shell, networks[0])

        async def offer(shell: Shell, networks: list[Any]) -> None:
            change_services(shell, networks[0])

        async def probe(shell: Shell, networks: list[Any]) -> None:
            show_network_paths(shell, networks[0])

        return [
            Action(
                name="addresses",
                title=translate("Networks", "Addresses …"),
                icon="format-list-numbered",
                run=show,
                is_single=True,
                is_main=True,
            ),
            Action(
                name="ranges",
                title=translate("Networks", "Change ranges …"),
                icon="tune",
                run=change,
                is_single=True,
            ),
            Action(
                name="ipv6",
                title=translate("Networks", "IPv6 …"),
                icon="numeric-6-box-outline",
                run=six,
                is_single=True,
            ),
            Action(
                name="services",
                title=translate("Networks", "Services …"),
                icon="toggle-switch-outline",
                run=offer,
                is_single=True,
            ),
            Action(
                name="paths",
                title=translate("Networks", "Paths between hosts …"),
                icon="lan-check",
                run=probe,
                is_single=True,
                reason=lambda network: (
                    translate("Networks", "A private network stays within each host.")
                    if network.kind == "nat"
                    else ""
                ),
            ),
            *cluster_actions("network"),
            edit_network_action(),
            delete_action("network"),
        ]

    def facts(self, network: r.Network) -> list[tuple[str, str]]:
        """What the detail shows."""
        used = texts.number(network.addresses_used)
        free = network.addresses_total - network.addresses_used
        return [
            (translate("Networks", "Kind"), kind_words(network)),
            (translate("Networks", "Network"), network.cidr),
            (translate("Networks", "Gateway"), network.gateway),
            (translate("Networks", "Ranges"), span_lines(network.ranges)),
            (translate("Networks", "Reserved"), span_lines(network.reserved)),
            (translate("Networks", "Gives out"), allocation_words(network.allocation)),
            (
                translate("Networks", "Addresses"),
                translate("Networks", "{used} used, {free} free").format(
                    used=used, free=texts.number(free)
                ),
            ),
            *ipv6_facts(network),
            (translate("Networks", "Services"), offered(network.services)),
            ("DNS", ", ".join(network.dns)),
            (translate("Networks", "DHCP server"), network.dhcp_address),
            (translate("Networks", "Domain"), network.domain),
            ("MTU", str(network.mtu)),
            (translate("Networks", "Routes"), route_lines(network.host_routes)),
            *self._vxlan(network),
            (
                translate("Networks", "Clusters"),
                "\n".join(self.shell.cache.name("cluster", ref) for ref in network.cluster_ids),
            ),
            *common_facts(network),
        ]

    def _vxlan(self, network: r.Network) -> list[tuple[str, str]]:
        if network.vxlan_pool_id is None:
            return []
        pool = self.shell.cache.name("vxlan_pool", network.vxlan_pool_id)
        return [(translate("Networks", "VXLAN pool"), pool)]

    def empty_words(self) -> tuple[str, str, str]:
        """What networks are for."""
        words = translate("Networks", "A network gives virtual machines addresses and a way out.")
        return "lan", words, self.create_title()

    def create_title(self) -> str:
        """The button above the list."""
        return translate("Networks", "Make network")

    def start_creating(self) -> None:
        """Open the sheet that makes a network."""
        creating.create_network(self.shell)
