"""A NIC goes under a bridge on trial: it stays there only if the service can still be reached.

Moving a NIC's addresses to a bridge can cut the host off: a switch port that takes one MAC only, a
filter, a VLAN that is not let through. So what a document newly bridges is written down before it
is tried, and taken back if the service is not heard within `CONFIRM_WITHIN_S`, or if a gateway does
not answer ARP any more: the appliance's own host hears the service in any case. It is then refused,
also after a restart, until no document asks for it any more or an administrator lets it be tried
again: else the same document would break and mend the host for ever.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec
import structlog

from hostagent.network.links.netlink import Links, links_here
from hostagent.network.links.routes import routes_of
from hostagent.network.plan.host import HostPlan
from hostagent.network.state import StateFiles
from hostagent.network.wire.probes import answers_arp
from hostagent.protocol.network import NetworkError, bridge_name

CONFIRM_WITHIN_S = 10.0
ARP_TIMEOUT_S = 1.0
# Codes of `NetworkError`.
ROLLED_BACK = "network.rolled_back"
ROLLED_BACK_GATEWAY = "network.rolled_back_gateway"
ROLLED_BACK_UNPROVEN = "network.rolled_back_unproven"

log = structlog.get_logger(__name__)


class Lifeline(Protocol):
    """The way to the management service."""

    async def is_heard(self, timeout_s: float) -> bool:
        """Whether the service answers something that is asked now."""
        ...

    async def renew(self) -> None:
        """The host's addresses have moved again: do not wait for links that are dead."""
        ...


class NicUse(msgspec.Struct, frozen=True, kw_only=True):
    """A NIC under the bridge of a network."""

    network_id: str
    interface: str


class Gateway(msgspec.Struct, frozen=True, kw_only=True):
    """A default gateway that answered ARP through a NIC before it went under its bridge."""

    use: NicUse
    address: str


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What a document newly puts under bridges, and how that went.

    `outcome` is "running" until the service and the `gateways` are heard; "silent" if the service
    was not, "gateway" if one of those was not, "ended" if the agent ended before.
    """

    generation: int
    uses: list[NicUse]
    gateways: list[Gateway] = []
    outcome: Literal["running", "silent", "gateway", "ended"] = "running"


class Trials:
    """At most one trial, kept on disk from before its beginning."""

    def __init__(self, files: StateFiles) -> None:
        self._files = files
        self._trial = self._load()
        self.lifeline: Lifeline | None = None

    def resume(self, generation: int) -> None:
        """The agent starts, with the document of `generation` as the last that was applied."""
        if self._trial is None or self._trial.outcome != "running":
            return
        if self._trial.generation == generation:
            self._forget()  # it died after the document was kept
        else:
            self._end("ended")

    async def new_uses(self, links: Links, runs: HostPlan, wanted: HostPlan) -> list[NicUse]:
        """NICs that `wanted` puts under bridges where they neither are nor belong by `runs`."""
        if self.lifeline is None:
            return []
        known = {(use.network_id, use.interface) for use in _uses(runs)}
        bridges = {plan.spec.id: plan.spec.bridge for plan in wanted.networks}
        here = await links.all()
        found = []
        for use in _uses(wanted):
            nic, bridge = here.get(use.interface), here.get(bridges[use.network_id])
            is_there = nic is not None and bridge is not None and nic.master == bridge.index
            if (use.network_id, use.interface) not in known and not is_there:
                found.append(use)
        return found

    def refusals(self, uses: Sequence[NicUse]) -> list[NetworkError]:
        """Why some of `uses` are not tried again; empty if nothing speaks against them."""
        trial = self._trial
        if trial is None or trial.outcome == "running":
            return []
        return [_refusal(trial, use) for use in uses if use in trial.uses]

    def errors(self) -> list[NetworkError]:
        """What was rolled back and still stands so."""
        return self.refusals(self._trial.uses) if self._trial is not None else []

    def begin(
        self, generation: int, uses: Sequence[NicUse], gateways: Sequence[Gateway] = ()
    ) -> None:
        """Write down what is about to be tried; without `uses` there is nothing to prove."""
        if uses:
            trial = Trial(generation=generation, uses=list(uses), gateways=list(gateways))
            self._save(trial)

    async def confirm(self) -> list[NetworkError]:
        """After the change: wait for a sign of service and gateways; the errors if none came."""
        if self.lifeline is None or self._trial is None or self._trial.outcome != "running":
            return []
        if not await self.lifeline.is_heard(CONFIRM_WITHIN_S):
            return self._end("silent")
        heard = await asyncio.gather(*(_answers_still(item) for item in self._trial.gateways))
        return [] if all(heard) else self._end("gateway")

    def give_up(self) -> None:
        """The change failed by itself and proves nothing."""
        if self._trial is not None and self._trial.outcome == "running":
            self._forget()

    def settle(self) -> None:
        """A document is applied and kept: what it holds is proven, nobody asks for the rest."""
        if self._trial is not None:
            self._forget()

    def allow(self) -> None:
        """Somebody has looked after the wire: what was refused may be tried again."""
        if self._trial is not None and self._trial.outcome != "running":
            self._forget()

    async def after_roll_back(self) -> None:
        """The addresses are back: links that died meanwhile are made anew at once."""
        if self.lifeline is not None:
            await self.lifeline.renew()

    def _end(self, outcome: Literal["silent", "gateway", "ended"]) -> list[NetworkError]:
        assert self._trial is not None
        self._save(msgspec.structs.replace(self._trial, outcome=outcome))
        errors = self.errors()
        for error in errors:
            log.error("nic.not_confirmed", outcome=outcome, **error.params)
        return errors

    def _load(self) -> Trial | None:
        data = self._files.load_trial()
        try:
            return None if data is None else msgspec.json.decode(data, type=Trial)
        except msgspec.MsgspecError as error:
            # Only a refusal is lost by it: the document that runs is another file.
            log.error("network.trial_unreadable", reason=str(error))
            return None

    def _save(self, trial: Trial) -> None:
        self._files.save_trial(msgspec.json.encode(trial))
        self._trial = trial

    def _forget(self) -> None:
        self._files.forget_trial()
        self._trial = None


def _uses(plan: HostPlan) -> list[NicUse]:
    return [
        NicUse(network_id=network.spec.id, interface=network.spec.physical_interface)
        for network in plan.networks
        if network.spec.kind == "physical" and network.spec.physical_interface is not None
    ]


def _refusal(trial: Trial, use: NicUse) -> NetworkError:
    if trial.outcome == "silent":
        code = ROLLED_BACK
        why = f"the management service was not heard for {CONFIRM_WITHIN_S:.0f} s after it"
    elif trial.outcome == "gateway":
        code = ROLLED_BACK_GATEWAY
        why = f"its gateway did not answer for {CONFIRM_WITHIN_S:.0f} s after it"
    else:
        code, why = ROLLED_BACK_UNPROVEN, "the agent ended before the service was heard again"
    return NetworkError(
        code=code,
        network_id=use.network_id,
        message=f"NIC {use.interface} was taken out of its bridge again: {why}",
        params={
            "interface": use.interface,
            "generation": trial.generation,
            "seconds": int(CONFIRM_WITHIN_S),
            "gateway": ", ".join(item.address for item in trial.gateways if item.use == use),
        },
    )


async def answering_gateways(uses: Sequence[NicUse]) -> list[Gateway]:
    """The default gateways through NICs, as far as they answer now."""
    async with links_here() as links:
        return [item for use in uses for item in await _gateways(links, use)]


async def _gateways(links: Links, use: NicUse) -> list[Gateway]:
    nic = await links.find(use.interface)
    if nic is None or not nic.carrier:
        return []
    addresses = {
        route.gateway
        for route in await routes_of(links, nic)
        if route.family == socket.AF_INET and route.dst == "default" and route.gateway is not None
    }
    return [
        Gateway(use=use, address=address)
        for address in sorted(addresses)
        if await answers_arp(nic.name, nic.mac, address, ARP_TIMEOUT_S)
    ]


async def _answers_still(gateway: Gateway) -> bool:
    """Whether a gateway is heard by the bridge that took its NIC, asked again and again."""
    async with links_here() as links:
        bridge = await links.find(bridge_name(gateway.use.network_id))
    if bridge is None:
        return False
    for _ in range(int(CONFIRM_WITHIN_S / ARP_TIMEOUT_S)):
        if await answers_arp(bridge.name, bridge.mac, gateway.address, ARP_TIMEOUT_S):
            return True
    return False
