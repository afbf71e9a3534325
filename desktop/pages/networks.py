"""The page of networks, with their ranges and how many addresses are used."""

from __future__ import annotations

from typing import Any

from appliance.protocol import resources as r
from desktop import texts
from desktop.models.columns import Column, address_key
from desktop.pages.actions import Action
from desktop.pages.common import (
    created_column,
    delete_action,
    id_column,
    name_column,
    rename_action,
    state_column,
)
from desktop.pages.resource_page import ResourcePage
from desktop.texts import translate


def kind_words(network: r.Network) -> str:
    """How a network reaches the outside."""
    if network.kind == "nat":
        return translate("Networks", "private, NAT through the host")
    words = translate("Networks", "physical, on {interface}")
    return words.format(interface=network.physical_interface)


def _share(network: Any) -> float:
    total = network.addresses_total
    return network.addresses_used / total if total else 0.0


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
            Column(
                name="used",
                title=translate("Networks", "Addresses used"),
                text=lambda one: (
                    f"{texts.number(one.addresses_used)} / {texts.number(one.addresses_total)}"
                ),
                key=_share,
                fraction=_share,
                width=144,
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
        """Rename and delete."""
        return [rename_action("network"), delete_action("network")]

    def facts(self, network: r.Network) -> list[tuple[str, str]]:
        """What the detail shows."""
        ranges = "\n".join(f"{one.first} – {one.last}" for one in network.ranges)
        used = texts.number(network.addresses_used)
        free = network.addresses_total - network.addresses_used
        return [
            (translate("Networks", "Kind"), kind_words(network)),
            (translate("Networks", "Network"), network.cidr),
            (translate("Networks", "Gateway"), network.gateway),
            (translate("Networks", "Ranges"), ranges),
            (
                translate("Networks", "Addresses"),
                translate("Networks", "{used} used, {free} free").format(
                    used=used, free=texts.number(free)
                ),
            ),
            ("DNS", ", ".join(network.dns)),
            (translate("Networks", "DHCP server"), network.dhcp_address),
            (translate("Networks", "Domain"), network.domain),
            ("MTU", str(network.mtu)),
            (
                translate("Networks", "Cluster"),
                self.shell.cache.name("cluster", network.cluster_id),
            ),
            (translate("Networks", "Description"), network.description),
            (translate("Networks", "ID"), network.id),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What networks are for."""
        words = translate("Networks", "A network gives virtual machines addresses and a way out.")
        return "lan", words, ""
