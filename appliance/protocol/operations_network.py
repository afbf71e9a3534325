"""The declarations of operations on addresses of networks, elastic IPs and security groups."""

from __future__ import annotations

from appliance.protocol import resources as r
from appliance.protocol import security as s
from appliance.protocol.address_map import AddressMap
from appliance.protocol.declaring import TENANT, Kind, add, job, reads, update
from appliance.protocol.drops import VmDrops
from appliance.protocol.effective import EffectiveRules
from appliance.protocol.elastic import ElasticIp, ElasticIpBind, ElasticIpCreate
from appliance.protocol.host_network import HostNetwork
from appliance.protocol.paths import ClusterProbePaths, NetworkPaths
from appliance.protocol.requests import (
    NetworkSetIpv6,
    NetworkSetRanges,
    NetworkSetServices,
    VmAttachNic,
    VmNic,
    VmSetNicLimits,
)


def declare_addresses() -> None:
    """Declare what one can ask about the addresses of networks, and say about them."""
    add(
        "network.addresses",
        "GET /networks/{id}/addresses",
        "Show which address of a network belongs to whom",
        AddressMap,
        access=TENANT,
    )
    add(
        "network.set_ranges",
        "POST /networks/{id}/ranges",
        "Change which addresses a network gives out, and in which order",
        r.Network,
        request=NetworkSetRanges,
    )
    add(
        "network.set_ipv6",
        "POST /networks/{id}/ipv6",
        "Give a network IPv6 beside IPv4, change that, or take it away",
        r.Network,
        request=NetworkSetIpv6,
    )
    add(
        "network.set_services",
        "POST /networks/{id}/services",
        "Say what a network does for its machines: DHCP, DNS, metadata and so on",
        r.Network,
        request=NetworkSetServices,
    )


def declare_host_network() -> None:
    """Declare what one can ask about the networks on one host."""
    add(
        "host.network",
        "GET /hosts/{id}/network",
        "Show how a host's networks stand, and whose packets it threw away",
        HostNetwork,
    )
    add(
        "host.retry_network",
        "POST /hosts/{id}/retry-network",
        "Let a host try again to bridge a NIC that it took back because it was cut off",
        HostNetwork,
    )


def declare_paths() -> None:
    """Declare the probes of the paths between hosts."""
    add(
        "network.probe",
        "POST /networks/{id}/probe",
        "Find out whether a network's frames get from each host to each other",
        NetworkPaths,
        kind=Kind.READ,
    )
    add(
        "cluster.probe_paths",
        "POST /clusters/{id}/probe-paths",
        "Find out whether a network could work between the hosts of a cluster",
        NetworkPaths,
        request=ClusterProbePaths,
        kind=Kind.READ,
    )


def declare_elastic() -> None:
    """Declare elastic IPs; they stand together in the table."""
    reads("elastic_ip", "elastic-ips", ElasticIp, "elastic IP", TENANT)
    add(
        "elastic_ip.create",
        "POST /elastic-ips",
        "Take an elastic IP out of a public network",
        ElasticIp,
        request=ElasticIpCreate,
        access=TENANT,
    )
    update("elastic_ip", "elastic-ips", ElasticIp, "elastic IP", access=TENANT)
    add(
        "elastic_ip.delete",
        "DELETE /elastic-ips/{id}",
        "Give an elastic IP back; a machine that has it keeps its own address alone",
        None,
        access=TENANT,
    )
    add(
        "elastic_ip.bind",
        "POST /elastic-ips/{id}/bind",
        "Bind an elastic IP to a virtual machine, also if another one has it",
        ElasticIp,
        request=ElasticIpBind,
        access=TENANT,
    )
    add(
        "elastic_ip.unbind",
        "POST /elastic-ips/{id}/unbind",
        "Take an elastic IP from the virtual machine that has it",
        ElasticIp,
        access=TENANT,
    )


def declare_security() -> None:
    """Declare them; they stand together in the table."""
    reads("security_group", "security-groups", s.SecurityGroup, "security group", TENANT)
    add(
        "security_group.create",
        "POST /security-groups",
        "Make a security group",
        s.SecurityGroup,
        request=s.SecurityGroupCreate,
        access=TENANT,
    )
    update(
        "security_group",
        "security-groups",
        s.SecurityGroup,
        "security group",
        s.SecurityGroupUpdate,
        access=TENANT,
    )
    add(
        "security_group.delete",
        "DELETE /security-groups/{id}",
        "Delete a security group without machines, and the rules that name it",
        None,
        access=TENANT,
    )
    reads("security_rule", "security-rules", s.SecurityRule, "security rule", TENANT)
    add(
        "security_rule.create",
        "POST /security-rules",
        "Add a rule to a security group",
        s.SecurityRule,
        request=s.SecurityRuleCreate,
        access=TENANT,
    )
    add(
        "security_rule.update",
        "PATCH /security-rules/{id}",
        "Change a security rule",
        s.SecurityRule,
        request=s.SecurityRuleUpdate,
        access=TENANT,
    )
    add(
        "security_rule.delete",
        "DELETE /security-rules/{id}",
        "Delete a security rule",
        None,
        access=TENANT,
    )
    add(
        "vm.set_security_groups",
        "POST /vms/{id}/security-groups",
        "Say which security groups a virtual machine is in",
        r.Vm,
        request=s.VmSetSecurityGroups,
        access=TENANT,
    )
    job(
        "vm.attach_nic",
        "POST /vms/{id}/attach-nic",
        "Give a virtual machine a further NIC, also while it runs",
        request=VmAttachNic,
        access=TENANT,
    )
    job(
        "vm.detach_nic",
        "POST /vms/{id}/detach-nic",
        "Take a NIC from a virtual machine, also while it runs",
        request=VmNic,
        access=TENANT,
    )
    add(
        "vm.set_default_nic",
        "POST /vms/{id}/default-nic",
        "Say by which of its NICs a virtual machine reaches the outside",
        r.Vm,
        request=VmNic,
        access=TENANT,
    )
    add(
        "vm.set_nic_limits",
        "POST /vms/{id}/nic-limits",
        "Limit how much a virtual machine, or one of its NICs, receives and sends",
        r.Vm,
        request=VmSetNicLimits,
        access=TENANT,
    )
    add(
        "vm.set_anti_spoofing",
        "POST /vms/{id}/anti-spoofing",
        "Hold a virtual machine to its own addresses, or let it use others",
        r.Vm,
        request=s.VmSetAntiSpoofing,
    )
    add(
        "vm.drops",
        "GET /vms/{id}/drops",
        "Show which packets of a virtual machine were thrown away, and why",
        VmDrops,
        access=TENANT,
    )
    add(
        "vm.effective_rules",
        "GET /vms/{id}/effective-rules",
        "Show which rules hold for each NIC of a virtual machine, in order",
        EffectiveRules,
        access=TENANT,
    )
    add(
        "vm.trace",
        "POST /vms/{id}/trace",
        "Find out whether a packet reaches another machine, and what stops it",
        s.TraceResult,
        request=s.VmTrace,
        kind=Kind.READ,
        access=TENANT,
    )
