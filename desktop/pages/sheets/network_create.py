"""The form that makes a network of any kind, with the fields that each kind needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from appliance.protocol.errors import ErrorBody
from appliance.protocol.layer2 import VxlanPool
from appliance.protocol.networks import NetworkKind
from desktop.texts import translate
from desktop.wizard.fields import FormField
from desktop.wizard.page import Request
from desktop.wizard.page_network import NetworkPage

TAGS = (1, 4094)
VNIS = (1, 16_777_215)
MTUS = (576, 9216)
# Which further fields a kind has; all have an MTU.
FIELDS_OF = {"vxlan_pool_id": "vxlan", "vni": "vxlan", "vlan_id": "vlan"}


class NetworkForm(NetworkPage):
    """The wizard's form with all kinds of networks, and what VLANs and VXLANs need."""

    offered: ClassVar[tuple[NetworkKind, ...]] = ("nat", "vxlan", "physical", "vlan")

    def __init__(self, pools: Sequence[VxlanPool]) -> None:
        super().__init__()
        self.pool = self.add_choice(
            "vxlan_pool_id",
            translate("Networks", "VXLAN pool"),
            [
                (f"{pool.name}  {pool.underlay_cidr}", pool.id)
                for pool in sorted(pools, key=lambda pool: pool.name)
            ],
        )
        self.vni = self.add_line(
            "vni", "VNI", placeholder=translate("Networks", "The lowest free one of the pool")
        )
        self.tag = self.add_line(
            "vlan_id", translate("Networks", "VLAN tag"), placeholder="1 – 4094"
        )
        self.mtu = self.add_line(
            "mtu", "MTU", placeholder=translate("Networks", "The largest that all hosts carry")
        )
        self._move_up(*FIELDS_OF)
        self._show_kind()

    def kind_titles(self) -> tuple[str, ...]:
        """In simple words."""
        return (
            translate("Networks", "Private on each host: out through the host (NAT)"),
            translate("Networks", "Private over all hosts (VXLAN): out through each host"),
            translate("Networks", "On a network card: machines are on the same wire as the host"),
            translate("Networks", "VLAN on a network card: with a tag that the switches know"),
        )

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Show the values of these requests."""
        super().fill(requests)
        self._show_kind()

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say; only what the kind needs, and what is not left to the service."""
        more = {
            "vxlan_pool_id": self.pool.currentData(),
            "vni": _number(self.vni.text()),
            "vlan_id": _number(self.tag.text()),
        }
        wanted = {
            key: value
            for key, value in more.items()
            if value is not None and FIELDS_OF[key] == self.kind
        }
        mtu = _number(self.mtu.text())
        return super().values(name) | wanted | ({} if mtu is None else {"mtu": mtu})

    def review(self) -> bool:
        """Check numbers here, as the service will."""
        is_good = super().review()
        if "mtu" not in self.fields:  # the form is being made
            return is_good
        outside = translate("Networks", "Give a number from {first} to {last}.")
        problems = {
            "vni": _outside(self.vni.text(), VNIS, outside),
            "vlan_id": _outside(self.tag.text(), TAGS, outside),
            "mtu": _outside(self.mtu.text(), MTUS, outside),
            "vxlan_pool_id": "",
        }
        if not self.tag.text().strip():
            problems["vlan_id"] = outside.format(first=TAGS[0], last=TAGS[1])
        if not self.pool.count():
            problems["vxlan_pool_id"] = translate(
                "Networks", "There is no VXLAN pool: make one on the page VXLAN pools first."
            )
        for key, problem in problems.items():
            is_asked = FIELDS_OF.get(key, self.kind) == self.kind
            self.tell(key, problem if is_asked else "")
            is_good = is_good and not (is_asked and problem)
        return is_good

    def field_of(self, problem: ErrorBody) -> FormField | None:
        """What is said of the kind stands at what makes it that kind."""
        if problem.field == "kind" and self.kind in FIELDS_OF.values():
            key = "vlan_id" if self.kind == "vlan" else "vxlan_pool_id"
            return self.fields[key]
        return super().field_of(problem)

    def _show_kind(self) -> None:
        super()._show_kind()
        for key, kind in FIELDS_OF.items():
            if key in self.fields:
                self.fields[key].setVisible(self.kind == kind)

    def _move_up(self, *keys: str) -> None:
        """Further fields of a kind stand below the NIC."""
        place = self.body.indexOf(self.fields["physical_interface"]) + 1
        for offset, key in enumerate(keys):
            self.body.insertWidget(place + offset, self.fields[key])


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isdecimal() else None


def _outside(text: str, span: tuple[int, int], words: str) -> str:
    """What is wrong with a number that may be left out; "" if nothing is."""
    number = _number(text)
    is_good = not text.strip() or (number is not None and span[0] <= number <= span[1])
    return "" if is_good else words.format(first=span[0], last=span[1])
