"""The simulated networks of one host: the document that runs there, and checks of new ones."""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Network

from hostagent.network.plan.network import validate
from hostagent.protocol import network as n
from hostagent.protocol.commands import Nothing
from hostagent.protocol.drops import CountDrops, DropCounts
from hostagent.protocol.link import CallContext
from tests.lab.simulated.state import HostState


class Networks:
    """Keeps the newest valid document."""

    def __init__(self, state: HostState) -> None:
        self._state = state
        self._lock = asyncio.Lock()

    async def apply(self, document: n.NetworkDocument, _: CallContext) -> n.NetworkReport:
        """Take a document that is valid and not older than the present one."""
        async with self._lock:
            current = self._state.document.generation
            errors = self._errors(document, current)
            errors = errors or self._cut_off(document)
            if not errors:
                self._state.rolled_back.clear()
                self._state.document = document
                self._state.note("network.apply", "document")
            generation = self._state.document.generation
            return n.NetworkReport(generation=generation, applied=not errors, errors=errors)

    async def check(self, check: n.NetworkCheck, _: CallContext) -> n.NetworkCheckResult:
        """Whether a network could be made here."""
        try:
            IPv4Network(check.cidr)
        except ValueError as error:
            return _problem("network.bad_cidr", "cidr", str(error), value=check.cidr)
        name = check.physical_interface or ""
        if check.kind in ("physical", "vlan") and name not in self._state.traits.nics:
            message = f"this host has no NIC {name!r}"
            return _problem("network.interface_missing", "physical_interface", message, name=name)
        return n.NetworkCheckResult()

    async def status(self, _: Nothing, __: CallContext) -> n.NetworkStatus:
        """Everything stands as the document says."""
        networks = [
            n.NetworkState(id=spec.id, bridge=spec.bridge, healthy=True)
            for spec in self._state.document.networks
        ]
        return n.NetworkStatus(generation=self._state.document.generation, networks=networks)

    async def retry(self, _: Nothing, __: CallContext) -> Nothing:
        """What was taken back may be tried again."""
        self._state.rolled_back.clear()
        return Nothing()

    async def drops(self, asked: CountDrops, _: CallContext) -> DropCounts:
        """As many as the test says were thrown away."""
        return DropCounts(
            drops=[
                self._state.drops.get(port.nic_id)
                or n.PortDrops(nic_id=port.nic_id, tap=port.tap, packets=0, size_bytes=0)
                for spec in self._state.document.networks
                for port in spec.ports
                if port.nic_id in asked.nic_ids
            ]
        )

    async def release(self, _: Nothing, __: CallContext) -> Nothing:
        """The host leaves its cluster."""
        async with self._lock:
            self._state.document = n.NetworkDocument(generation=0)
        return Nothing()

    def _errors(self, document: n.NetworkDocument, current: int) -> list[n.NetworkError]:
        if document.generation < current:
            return [_stale(document.generation, current)]
        return validate(document) or self._missing(document)

    def _cut_off(self, document: n.NetworkDocument) -> list[n.NetworkError]:
        """A NIC that cuts the host off is tried once, and taken back."""
        runs = _uses(self._state.document)
        wanted = _uses(document) - runs
        tried = {use for use in wanted if use[1] in self._state.cutting_nics}
        if tried - self._state.rolled_back and not wanted & self._state.rolled_back:
            self._state.note("network.apply", "roll back")
            self._state.rolled_back |= tried
        return [
            n.NetworkError(
                code="network.rolled_back",
                network_id=network_id,
                message=f"NIC {interface} was taken out of its bridge again",
                params={"interface": interface, "generation": document.generation, "seconds": 10},
            )
            for network_id, interface in sorted(wanted & self._state.rolled_back)
        ]

    def _missing(self, document: n.NetworkDocument) -> list[n.NetworkError]:
        errors = []
        for spec in document.networks:
            name = spec.physical_interface or ""
            if not spec.is_private and name not in self._state.traits.nics:
                errors.append(
                    n.NetworkError(
                        code="network.interface_missing",
                        network_id=spec.id,
                        message=f"this host has no NIC {name}",
                        params={"name": name},
                    )
                )
        return errors


def _uses(document: n.NetworkDocument) -> set[tuple[str, str]]:
    return {
        (spec.id, spec.physical_interface)
        for spec in document.networks
        if spec.kind == "physical" and spec.physical_interface
    }


def _stale(generation: int, current: int) -> n.NetworkError:
    return n.NetworkError(
        code="network.stale",
        message=f"generation {generation} is older than {current}, which runs here",
        params={"generation": generation, "current": current},
    )


def _problem(code: str, field: str, message: str, **params: object) -> n.NetworkCheckResult:
    problem = n.NetworkProblem(
        code=code, severity="error", field=field, message=message, params=params
    )
    return n.NetworkCheckResult(problems=[problem])
