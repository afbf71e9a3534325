"""Keeps a host's networks as the one document says, and puts back what somebody else changed."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
import structlog
from pyroute2.netlink.exceptions import NetlinkError

from hostagent.network.arrival import announce
from hostagent.network.check import check_network, interface_errors
from hostagent.network.check_links import virtual_link_errors
from hostagent.network.connections import carrying
from hostagent.network.connections.cutting import cut_refused
from hostagent.network.connections.elastic import Holder, end_network, end_stale
from hostagent.network.drops.log import DropLog
from hostagent.network.elastic import ElasticAddresses
from hostagent.network.links import bridge_filter, forwarding_ipv6
from hostagent.network.links.netlink import Links, links_here, read_sysctl, write_sysctl
from hostagent.network.links.physical import PhysicalNics
from hostagent.network.links.watch import ChangeWatch
from hostagent.network.plan.host import HostPlan, host_plan
from hostagent.network.plan.moving import with_machine, without_machine
from hostagent.network.plan.network import NetworkPlan, validate
from hostagent.network.processes import ProcessFailed
from hostagent.network.reporting import INTERFACE_MISSING, drops_of, failure, fields_of, stale
from hostagent.network.rules.drops import log_group
from hostagent.network.rules.groups import filtered_ports
from hostagent.network.rules.loading import Firewall
from hostagent.network.rules.zones import choose_numbers
from hostagent.network.segment import Segment
from hostagent.network.state import StateFiles
from hostagent.network.trial import Lifeline, NicUse, Trials, answering_gateways
from hostagent.network.ways import Ways, doubles
from hostagent.protocol.drops import CountDrops, DropCounts
from hostagent.protocol.flows import Flow
from hostagent.protocol.network import (
    NetworkCheck,
    NetworkCheckResult,
    NetworkDocument,
    NetworkError,
    NetworkReport,
    NetworkState,
    NetworkStatus,
    PortSpec,
)

CHECK_INTERVAL_S = 10.0
_QUIET_S = 0.5  # after a change by somebody, wait so long for more before looking
_FAILURES = (LookupError, NetlinkError, OSError, ProcessFailed, TimeoutError)
_FORWARDING = "ipv4/ip_forward"
_REFLECTION = "ipv4/fwmark_reflect"

log = structlog.get_logger(__name__)


def tag_of(state_dir: Path) -> str:
    """Tells what belongs to the agent with this state from that of others on the machine."""
    return hashlib.sha256(str(state_dir.absolute()).encode()).hexdigest()[:6]


class NetworkManager:
    """All networks of one host, in the network namespace that the process runs in.

    `state_dir` keeps the applied document; `run_dir` (default: below /run) keeps what dnsmasq
    reads and must be open to unprivileged users.
    """

    def __init__(self, state_dir: Path, run_dir: Path | None = None) -> None:
        tag = tag_of(state_dir)
        self._files = StateFiles(state_dir)
        self._state_dir = state_dir
        self._run_dir = run_dir or Path("/run/anyun-network") / tag
        self._nics = PhysicalNics(state_dir)
        self._firewall = Firewall(tag)
        self.drops = DropLog(log_group(tag))
        self._memory = self._files.load_memory()
        self._trials = Trials(self._files)
        self._document = NetworkDocument(generation=0)
        self._plan = HostPlan()
        self._elastic = ElasticAddresses(tag)
        self._ways = Ways(tag)
        self._segments: dict[str, Segment] = {}
        self._errors: list[NetworkError] = []
        self._lock = asyncio.Lock()
        self._keeper: asyncio.Task[None] | None = None
        self._blind = False
        self._uncut = False  # new rules are loaded, open connections not yet judged by them
        self._work: set[asyncio.Task[NetworkReport]] = set()

    def rely_on(self, lifeline: Lifeline) -> None:
        """From now on NICs go under bridges on trial: the service must be heard after it."""
        self._trials.lifeline = lifeline

    async def start(self) -> None:
        """Serve the last applied document again and keep it so. Never raises for its content."""
        try:
            self._document = self._files.load_document()
        except msgspec.MsgspecError as error:
            # What runs is worth more than a tidy start: the service sends its document again.
            log.error("network.document_unreadable", reason=str(error))
            self._blind = True
        self._plan = self._plan_of(self._document)
        self._trials.resume(self._document.generation)
        self._firewall.recall(self._memory.rules)
        async with self._lock:
            await self._repair()
        self._keeper = asyncio.create_task(self._keep(), name="network-keeper")

    async def stop(self) -> None:
        """The agent ends: VMs keep their network and DHCP, metadata pauses."""
        async with self._lock:  # whoever changes something now comes to an end first
            if self._keeper is not None:
                self._keeper.cancel()
                await asyncio.wait([self._keeper])
                self._keeper = None
            for segment in self._segments.values():
                await segment.stop()
            self.drops.close()

    async def apply(self, document: NetworkDocument) -> NetworkReport:
        """Make the host's networks what `document` says, or leave them as they are.

        Goes on to its end if the caller is cancelled.
        """
        work = asyncio.create_task(self._apply_alone(document), name="network-apply")
        self._work.add(work)
        work.add_done_callback(self._work.discard)
        return await asyncio.shield(work)

    async def _apply_alone(self, document: NetworkDocument) -> NetworkReport:
        async with self._lock:
            errors = await self._apply(document)
            for error in errors:
                log.warning("network.refused", generation=document.generation, **fields_of(error))
            return NetworkReport(
                generation=self._document.generation, applied=not errors, errors=errors
            )

    async def status(self) -> NetworkStatus:
        """How everything stands now; changes nothing."""
        async with self._lock, links_here() as links:
            states = [await self._state(links, plan) for plan in self._plan.networks]
            counters = await self._firewall.counters()
        return NetworkStatus(
            generation=self._document.generation,
            networks=states,
            drops=[drops_of(port, counters) for port in self._ports()],
            errors=[*self._trials.errors(), *self._errors],
        )

    async def retry(self) -> None:
        """Let what was rolled back be tried again, with the next document."""
        async with self._lock:
            self._trials.allow()

    async def count_drops(self, asked: CountDrops) -> DropCounts:
        """How many packets of some NICs were thrown away. Waits for nothing that is under way."""
        wanted = set(asked.nic_ids)
        ports = [port for port in self._ports() if port.nic_id in wanted]
        counters = await self._firewall.counters() if ports else {}
        return DropCounts(drops=[drops_of(port, counters) for port in ports])

    async def flows_of(self, vm_id: str) -> list[Flow]:
        """The open connections of a machine that moves away; raises OSError."""
        return await carrying.flows_of(self._plan, vm_id)

    async def take_flows(self, vm_id: str, flows: Sequence[Flow]) -> int:
        """Let a machine that moves here keep its connections; how many. Raises OSError."""
        taken = await carrying.take_flows(self._plan, vm_id, flows)
        self._uncut = True  # they were judged by the rules of the other host: once more, soon
        return taken

    async def arrived(self, vm_id: str) -> None:
        """A machine goes on here: its neighbours are told, and its elastic addresses are this
        host's from now on.
        """
        await self._announce(vm_id)  # at once: what follows may take its time
        async with self._lock:
            await self._shift(with_machine(self._document, vm_id))
        await self._announce(vm_id)

    async def _announce(self, vm_id: str) -> None:
        try:
            async with links_here() as links:
                await announce(links, self._plan, vm_id)
        except _FAILURES as error:
            log.warning("network.not_announced", vm=vm_id, reason=str(error))

    async def departed(self, vm_id: str) -> None:
        """A machine goes on elsewhere: this host answers for it no more."""
        async with self._lock:
            await self._shift(without_machine(self._document, vm_id))

    async def _shift(self, document: NetworkDocument) -> None:
        """Make true what the service is about to say. What fails is tried again by the keeper."""
        if document is self._document:
            return
        self._document, self._plan = document, self._plan_of(document)
        self._files.save_document(document)
        await self._repair()

    def _ports(self) -> list[PortSpec]:
        return [port for plan in self._plan.networks for port in plan.spec.ports]

    async def check(self, check: NetworkCheck) -> NetworkCheckResult:
        """Whether a network that does not exist yet would work on this host."""
        hidden = {plan.spec.bridge for plan in self._plan.networks if plan.is_hidden}
        async with links_here() as links:
            return await check_network(links, check, hidden)

    async def remove_all(self) -> None:
        """Take away everything this agent ever made for networks, and forget the document."""
        await self.stop()
        async with self._lock:
            self._document, self._plan = NetworkDocument(generation=0), HostPlan()
            async with links_here() as links:
                await self._elastic.remove(links)
                await self._ways.converge(links, ())
                errors = await self._remove_unwanted(links, self._plan)
            await self._firewall.remove()
            self._restore_forwarding()
            self._restore_reflection()
            self._restore_bridge_filter()
            for error in errors:
                log.error("network.left_over", **fields_of(error))
            if errors:
                raise RuntimeError("; ".join(error.message for error in errors))
            self._trials.settle()
            self._files.clear()
            for folder in (self._run_dir, self._run_dir.parent):
                with contextlib.suppress(OSError):  # another agent's, or never made
                    folder.rmdir()

    async def _apply(self, document: NetworkDocument) -> list[NetworkError]:
        current = self._document.generation
        if document.generation < current:
            return [stale(document.generation, current)]
        errors = validate(document)
        if errors:
            return errors
        try:
            plan = self._plan_of(document)
        except OverflowError as error:
            return [failure(None, "networks", error)]
        async with links_here() as links:
            errors = await interface_errors(links, plan.networks)
            errors += await virtual_link_errors(links, plan.networks)
            uses = await self._trials.new_uses(links, self._plan, plan)
        errors = self._grave(errors, plan) or self._trials.refusals(uses)
        if errors:
            return errors
        errors = await self._try(document.generation, plan, uses)
        if self._grave(errors, plan):
            return errors
        self._document, self._plan, self._errors = document, plan, errors
        self._blind = False
        self._files.save_document(document)
        self._trials.settle()
        log.info("network.applied", generation=document.generation, networks=len(plan.networks))
        return []

    async def _try(
        self, generation: int, plan: HostPlan, uses: Sequence[NicUse]
    ) -> list[NetworkError]:
        """Make `plan` true; if that fails or cuts the host off, go back to what runs.

        Returns why it did, or which NICs are still away.
        """
        self._trials.begin(generation, uses, await answering_gateways(uses))
        errors = await self._converge(plan)
        if self._grave(errors, plan):
            await self._roll_back(plan)
            self._trials.give_up()
            return errors
        cut_off = await self._trials.confirm()
        if cut_off:
            await self._roll_back(plan)
            await self._trials.after_roll_back()
        return cut_off or errors

    def _grave(self, errors: Sequence[NetworkError], plan: HostPlan) -> list[NetworkError]:
        """Those that speak against `plan`: not that a NIC is away which its network has already.

        Machines come, go and get rules on such a host, too, and the NIC may never return.
        """
        had = {
            (network.spec.id, network.spec.physical_interface) for network in self._plan.networks
        }
        has = {(network.spec.id, network.spec.physical_interface) for network in plan.networks}
        away = {network_id for network_id, _ in had & has}
        return [
            error
            for error in errors
            if error.code != INTERFACE_MISSING or error.network_id not in away
        ]

    def _plan_of(self, document: NetworkDocument) -> HostPlan:
        """What a document asks of this host; the numbers of its networks are kept first."""
        networks = host_plan(document).networks
        self._memory.numbers = choose_numbers(networks, self._memory.numbers)
        self._files.save_memory(self._memory)
        return host_plan(document, self._memory.numbers)

    async def _roll_back(self, tried: HostPlan) -> None:
        if tried != self._plan and not self._blind:
            self._errors = await self._converge(self._plan)

    async def _converge(self, plan: HostPlan) -> list[NetworkError]:
        """Change what differs from `plan`; networks too many go only if nothing failed."""
        try:
            async with links_here() as links:
                await self._elastic.retreat(links, plan)
            await self._filter(plan)
            await self._end_stale(plan)
        except (NetlinkError, OSError, ProcessFailed) as error:
            return [failure(None, "nft rules", error)]
        if any(network.is_nat for network in plan.networks):
            self._forward()
        if any(network.is_nat and network.ipv6 for network in plan.networks):
            self._forward_ipv6()
        ambiguous = doubles(plan.networks)
        if ambiguous:
            self._reflect()
        for network in plan.networks:
            self._memory.owned[network.spec.id] = network.spec.bridge
        self._memory.rules = self._firewall.remember()
        self._files.save_memory(self._memory)
        errors = []
        async with links_here() as links:
            reflecting = {item.port.tap for item in plan.elastic}
            for network in plan.networks:
                spec = network.spec
                try:
                    await self._segment(spec.id).converge(links, network, reflecting)
                except _FAILURES as error:
                    errors.append(failure(spec.id, f"network {spec.bridge}", error))
            try:
                await self._ways.converge(links, ambiguous)
            except _FAILURES as error:
                errors.append(failure(None, "ways to networks with the same addresses", error))
            try:
                await self._elastic.converge(links, plan)
            except _FAILURES as error:
                errors.append(failure(None, "elastic addresses", error))
            if not ambiguous:
                self._restore_reflection()
            if not self._grave(errors, plan):
                errors += await self._remove_unwanted(links, plan)
        return errors

    async def _end_stale(self, plan: HostPlan) -> None:
        """End connections that were made under another order of elastic addresses."""
        holders = {
            item.address: Holder(item.private.number, item.port.address) for item in plan.held
        }
        wanted = {address: f"{one.number} {one.address}" for address, one in holders.items()}
        if wanted != self._memory.elastic:
            ended = await end_stale(holders, self._memory.elastic)
            self._memory.elastic = wanted
            self._files.save_memory(self._memory)
            log.info("network.elastic_changed", addresses=len(wanted), ended=ended)

    async def _filter(self, plan: HostPlan) -> None:
        """Load the rules, and bring bridged packets before them while a port has groups."""
        filtered = filtered_ports(plan.networks)
        self.drops.follow(plan)
        if filtered:
            await bridge_filter.load_module()
            if self._memory.bridge_filter_before is None:
                self._memory.bridge_filter_before = bridge_filter.switch_values()
                self._files.save_memory(self._memory)
            bridge_filter.turn_on()
        self._uncut |= await self._firewall.load(plan)
        if not filtered:
            self._restore_bridge_filter()
        elif self._uncut:
            cut = await cut_refused(filtered, plan.groups, plan.networks)
            log.info("network.connections_judged", changed=cut)
        self._uncut = False

    async def _remove_unwanted(self, links: Links, plan: HostPlan) -> list[NetworkError]:
        wanted = {network.spec.id: network.spec.bridge for network in plan.networks}
        errors = []
        for network_id, bridge in list(self._memory.owned.items()):
            if network_id in wanted:
                continue
            try:
                await self._segment(network_id).remove(links, bridge)
                if network_id in self._memory.numbers:
                    await end_network(self._memory.numbers[network_id])
            except _FAILURES as error:
                errors.append(failure(network_id, f"removal of {bridge}", error))
                continue
            self._segments.pop(network_id, None)
            del self._memory.owned[network_id]
            self._files.save_memory(self._memory)
        # Also those of networks that were tried only.
        numbers = self._memory.numbers
        self._memory.numbers = {ref: numbers[ref] for ref in numbers if ref in self._memory.owned}
        self._files.save_memory(self._memory)
        return errors

    async def _repair(self) -> None:
        if self._blind:
            return
        errors = await self._converge(self._plan)
        for error in errors:
            log.error("network.not_repaired", **fields_of(error))
        self._errors = errors

    async def _keep(self) -> None:
        """Look after the networks, at each sign of a change and every few seconds."""
        with ChangeWatch() as watch:
            while True:
                for segment in self._segments.values():
                    watch.follow(segment.dnsmasq.pid())
                if await watch.changed(CHECK_INTERVAL_S):
                    await asyncio.sleep(_QUIET_S)
                watch.forget()
                try:
                    async with self._lock:
                        await self._repair()
                except Exception:  # whatever it was, the next round tries again
                    log.exception("network.repair_failed")

    async def _state(self, links: Links, plan: NetworkPlan) -> NetworkState:
        segment = self._segment(plan.spec.id)
        drift = await segment.drift(links, plan)
        elastic = [item for item in self._plan.held if item.public is plan]
        if await self._elastic.missing(links, elastic):
            drift.append("elastic_addresses")
        return NetworkState(
            id=plan.spec.id,
            bridge=plan.spec.bridge,
            healthy=not drift,
            dhcp_pid=segment.dnsmasq.pid(),
            drift=drift,
        )

    def _segment(self, network_id: str) -> Segment:
        if network_id not in self._segments:
            self._segments[network_id] = Segment(network_id, self._run_dir, self._nics)
        return self._segments[network_id]

    def _forward(self) -> None:
        before = read_sysctl(_FORWARDING)
        if before == "1":
            return
        if self._memory.ip_forward_before is None:
            self._memory.ip_forward_before = before
        self._files.save_memory(self._memory)
        write_sysctl(_FORWARDING, "1")

    def _reflect(self) -> None:
        """What the host says to a machine goes where its packet came from."""
        if self._memory.reflection_before is None:
            self._memory.reflection_before = read_sysctl(_REFLECTION)
            self._files.save_memory(self._memory)
        write_sysctl(_REFLECTION, "1")

    def _restore_reflection(self) -> None:
        if self._memory.reflection_before is not None:
            write_sysctl(_REFLECTION, self._memory.reflection_before)
            self._memory.reflection_before = None
            self._files.save_memory(self._memory)

    def _forward_ipv6(self) -> None:
        if forwarding_ipv6.is_on():
            return
        if self._memory.ipv6_forwarding_before is None:
            self._memory.ipv6_forwarding_before = forwarding_ipv6.values_before()
        self._files.save_memory(self._memory)
        forwarding_ipv6.turn_on(self._memory.ipv6_forwarding_before)

    def _restore_bridge_filter(self) -> None:
        if self._memory.bridge_filter_before is not None:
            bridge_filter.give_back(self._memory.bridge_filter_before)
            self._memory.bridge_filter_before = None

    def _restore_forwarding(self) -> None:
        if self._memory.ip_forward_before is not None:
            write_sysctl(_FORWARDING, self._memory.ip_forward_before)
            self._memory.ip_forward_before = None
        if self._memory.ipv6_forwarding_before is not None:
            forwarding_ipv6.give_back(self._memory.ipv6_forwarding_before)
            self._memory.ipv6_forwarding_before = None
