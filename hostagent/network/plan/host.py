"""All that a valid network document asks of the host, worked out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hostagent.network.plan.network import NetworkPlan, plan_of
from hostagent.protocol.firewall import SecurityGroupSpec
from hostagent.protocol.network import NetworkDocument, PortSpec


@dataclass(frozen=True)
class ElasticPlan:
    """One elastic address: the network that it comes from, and the NIC that it belongs to.

    The host does not answer for one that is not held: its machine is on its way here.
    """

    address: str
    public: NetworkPlan
    private: NetworkPlan
    port: PortSpec
    is_held: bool = True


@dataclass(frozen=True)
class HostPlan:
    """Networks, security groups and elastic addresses of one host."""

    networks: Sequence[NetworkPlan] = ()
    groups: Sequence[SecurityGroupSpec] = ()
    elastic: Sequence[ElasticPlan] = ()

    @property
    def held(self) -> list[ElasticPlan]:
        """The elastic addresses that the host answers for."""
        return [item for item in self.elastic if item.is_held]


def host_plan(document: NetworkDocument, numbers: Mapping[str, int] | None = None) -> HostPlan:
    """The plan of a document that `validate` let through; `numbers` are those of `zones`."""
    numbers = numbers or {}
    networks = [plan_of(spec, numbers.get(spec.id, 0)) for spec in document.networks]
    by_id = {plan.spec.id: plan for plan in networks}
    ports = {port.nic_id: (plan, port) for plan in networks for port in plan.spec.ports}
    held, coming = document.elastic_addresses, document.coming_addresses
    elastic = [
        ElasticPlan(item.address, by_id[item.network_id], *ports[item.nic_id], is_held=item in held)
        for item in sorted((*held, *coming), key=lambda item: item.address)
    ]
    return HostPlan(networks, document.security_groups, elastic)
