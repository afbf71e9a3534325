"""Several VMs of one network on the host under test, and words for their security groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hostagent.protocol.firewall import SecurityGroupSpec, SecurityRule
from tests.integration.network.talker import Talker

if TYPE_CHECKING:
    from hostagent.protocol.network import NetworkSpec, PortSpec
    from tests.integration.network.conftest import Guest, Host

OUT = SecurityRule(id="out", direction="out")


def allow(identity: str, protocol: str, *ports: int, **more: Any) -> SecurityRule:
    """Lets something in: any port, one, or from the first to the last."""
    span = (ports[0], ports[-1]) if ports else None
    fields = {"direction": "in", "protocol": protocol, "ports": span, **more}
    return SecurityRule(id=identity, **fields)


def group(identity: str, *rules: SecurityRule, members: tuple[str, ...] = ()) -> SecurityGroupSpec:
    """A group with these rules and the addresses of its members."""
    return SecurityGroupSpec(id=identity, rules=list(rules), member_addresses=list(members))


def private_group(
    identity: str, *rules: SecurityRule, members: dict[str, list[str]]
) -> SecurityGroupSpec:
    """A group with members in private networks, by network."""
    return SecurityGroupSpec(id=identity, rules=list(rules), private_members=members)


class Vms:
    """VMs of one network, each with a voice."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.ports: dict[str, PortSpec] = {}
        self.guests: dict[str, Guest] = {}
        self.talkers: list[Talker] = []

    def add(self, name: str, address: str, *groups: str, **more: Any) -> Talker:
        """A VM with its NIC in these groups."""
        port = self.host.port(name, address, security_group_ids=list(groups), **more)
        guest = self.host.guest(port)
        guest.static(f"{address}/24", "10.70.0.1")
        self.ports[name], self.guests[name] = port, guest
        return self.talker("ip", "netns", "exec", guest.name)

    def talker(self, *enter: str) -> Talker:
        """A voice where the command `enter` leads, the host itself without one."""
        talker = Talker(enter)
        self.talkers.append(talker)
        return talker

    def network(self, **more: Any) -> NetworkSpec:
        """Their network."""
        return self.host.network("net", ports=list(self.ports.values()), **more)

    async def apply(self, *groups: SecurityGroupSpec, **more: Any) -> None:
        """Make the host serve them with these groups."""
        await self.host.must_apply(self.network(**more), groups=groups)

    def close(self) -> None:
        """End the voices."""
        for talker in self.talkers:
            talker.close()
