"""All that a valid network document asks of the host, worked out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hostagent.network.plan.network import NetworkPlan, plan_of
from hostagent.protocol.firewall import SecurityGroupSpec
from hostagent.protocol.network import NetworkDocument, PortSpec


@dataclass(frozen=True)
class ElasticPlan:
    """One elastic address: the network that it comes from, and the NIC that it belongs to."""

    address: str
    public: NetworkPlan
    private: NetworkPlan
    port: PortSpec


@dataclass(frozen=True)
class HostPlan:
    """Networks, security groups and elastic addresses of one host."""

    networks: Sequence[NetworkPlan] = ()
    groups: Sequence[SecurityGroupSpec] = ()
    elastic: Sequence[ElasticPlan] = ()


def host_plan(document: NetworkDocument, numbers: Mapping[str, int] | None = None) -> HostPlan:
    """The plan of a document that `validate` let through; `numbers` are those of `zones`."""
    numbers = numbers or {}
    networks = [plan_of(spec, numbers.get(spec.id, 0)) for spec in document.networks]
    by_id = {plan.spec.id: plan for plan in networks}
    ports = {port.nic_id: (plan, port) for plan in networks for port in plan.spec.ports}
    elastic = [
        ElasticPlan(item.address, by_id[item.network_id], *ports[item.nic_id])
        for item in sorted(document.elastic_addresses, key=lambda item: item.address)
    ]
    return HostPlan(networks, document.security_groups, elastic)
