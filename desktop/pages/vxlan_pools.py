"""The page of VXLAN pools, and the sheets that make and change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appliance.protocol.ids import new_id
from appliance.protocol.layer2 import VxlanPool
from desktop import texts
from desktop.models.columns import Column, address_key
from desktop.net.cache import Cache
from desktop.operation_titles import operation_title
from desktop.pages.accounts import open_sheet
from desktop.pages.actions import Action
from desktop.pages.base import Shell
from desktop.pages.common import common_facts, created_column, id_column, name_column
from desktop.pages.resource_page import ResourcePage
from desktop.pages.sheets.creating import free_name
from desktop.pages.sheets.deleting import delete_action
from desktop.pages.sheets.editing import edit_action
from desktop.pages.sheets.form_sheet import SheetSpec
from desktop.texts import translate
from desktop.wizard.page import Request, StepPage

KIND = "vxlan_pool"
SIZE = 1000  # VNIs of a proposed pool


class VxlanPoolForm(StepPage):
    """Name, zone, VNIs and underlay; a pool that exists keeps its zone and underlay."""

    names = (KIND,)

    def __init__(self, cache: Cache, pool: VxlanPool | None = None) -> None:
        super().__init__(
            translate("VxlanPools", "New VXLAN pool")
            if pool is None
            else operation_title("vxlan_pool.update"),
            translate(
                "VxlanPools",
                "Networks over all hosts take their numbers from it. Hosts send each other these "
                "networks' packets in the underlay.",
            ),
        )
        self._pool = pool
        self.name = self.add_line("name", translate("VxlanPools", "Name"))
        self.description = self.add_line("description", translate("VxlanPools", "Description"))
        self.side_by_side("name", "description")
        self.first = self.add_line("vni_first", translate("VxlanPools", "First VNI"))
        self.last = self.add_line("vni_last", translate("VxlanPools", "Last VNI"))
        self.side_by_side("vni_first", "vni_last")
        if pool is None:
            self._add_place(cache)
        self._propose(cache, pool)

    def _add_place(self, cache: Cache) -> None:
        self.zone = self.add_choice(
            "zone_id",
            translate("VxlanPools", "Zone"),
            [(one.name, one.id) for one in sorted(cache.all("zone"), key=lambda one: one.name)],
        )
        self.underlay = self.add_line(
            "underlay_cidr",
            translate("VxlanPools", "Underlay (CIDR)"),
            translate("VxlanPools", "A network in which each host has an address of its own"),
        )

    def _propose(self, cache: Cache, pool: VxlanPool | None) -> None:
        known = cache.all(KIND)
        first = max([one.vni_last + 1 for one in known], default=SIZE)
        name = free_name(translate("VxlanPools", "vxlan-pool"), known)
        self.name.setText(pool.name if pool else name)
        self.description.setText(pool.description if pool else "")
        self.first.setText(str(pool.vni_first if pool else first))
        self.last.setText(str(pool.vni_last if pool else first + SIZE - 1))

    def fill(self, requests: Mapping[str, Request]) -> None:
        """What is proposed stands there from the beginning."""

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        found: dict[str, Any] = {
            "name": self.name.text().strip(),
            "description": self.description.text().strip(),
            "vni_first": _number(self.first.text()),
            "vni_last": _number(self.last.text()),
        }
        if self._pool is None:
            found["zone_id"] = self.zone.currentData() or ""
            found["underlay_cidr"] = self.underlay.text().strip()
        return found

    def review(self) -> bool:
        """Numbers must be ones; the rest is for the service to say."""
        words = translate("VxlanPools", "Give a number from 1 to 16777215.")
        fields = {"vni_first": self.first, "vni_last": self.last}
        problems = {
            key: "" if 1 <= _number(field.text()) < 2**24 else words
            for key, field in fields.items()
        }
        if self._pool is None:
            is_there = bool(self.underlay.text().strip())
            missing = translate("VxlanPools", "Write it like 10.0.0.0/24.")
            problems["underlay_cidr"] = "" if is_there else missing
        for key, problem in problems.items():
            self.tell(key, problem)
        return self.review_names() and not any(problems.values())


def _number(text: str) -> int:
    """The number in a text; 0 if there is none."""
    return int(text) if text.strip().isdecimal() else 0


class VxlanPoolPage(ResourcePage):
    """Pools of VNIs for networks over all hosts."""

    kind = KIND

    def title(self) -> str:
        """The page's title."""
        return translate("VxlanPools", "VXLAN pools")

    def columns(self) -> list[Column]:
        """The columns of the list."""
        return [
            name_column(),
            Column(
                name="vnis",
                title="VNI",
                text=lambda one: f"{one.vni_first} – {one.vni_last}",
                key=lambda one: one.vni_first,
                width=160,
            ),
            Column(
                name="underlay",
                title=translate("VxlanPools", "Underlay"),
                text=lambda one: one.underlay_cidr,
                key=lambda one: address_key(one.underlay_cidr.partition("/")[0]),
                width=144,
            ),
            Column(
                name="networks",
                title=translate("VxlanPools", "Networks"),
                text=lambda one: texts.number(one.networks),
                key=lambda one: one.networks,
                width=96,
            ),
            created_column(),
            id_column(),
        ]

    def actions_of(self) -> list[Action]:
        """Edit and delete."""

        async def edit(shell: Shell, pools: list[Any]) -> None:
            pool = pools[0]
            spec = SheetSpec(
                operation="vxlan_pool.update",
                button=translate("Sheets", "Save"),
                fixed={"id": pool.id},
            )
            open_sheet(shell, f"edit-{pool.id}", lambda: VxlanPoolForm(shell.cache, pool), spec)

        return [edit_action(KIND, run=edit), delete_action(KIND)]

    def facts(self, pool: VxlanPool) -> list[tuple[str, str]]:
        """What the detail shows."""
        return [
            ("VNI", f"{pool.vni_first} – {pool.vni_last}"),
            (translate("VxlanPools", "Underlay"), pool.underlay_cidr),
            (translate("VxlanPools", "Networks"), texts.number(pool.networks)),
            (translate("VxlanPools", "Zone"), self.shell.cache.name("zone", pool.zone_id)),
            *common_facts(pool),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What they are for."""
        words = translate(
            "VxlanPools", "With a VXLAN pool, a private network can reach over all hosts."
        )
        return "layers-triple-outline", words, self.create_title()

    def create_title(self) -> str:
        """The button above the list."""
        return translate("VxlanPools", "Make VXLAN pool")

    def start_creating(self) -> None:
        """Open the sheet that makes one."""
        cache = self.shell.cache
        spec = SheetSpec(
            operation="vxlan_pool.create", button=self.create_title(), fixed={"id": new_id()}
        )
        open_sheet(self.shell, "create-vxlan-pool", lambda: VxlanPoolForm(cache), spec)
