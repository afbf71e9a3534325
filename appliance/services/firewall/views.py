"""How security groups and their rules look to clients."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from appliance.protocol.security import SecurityGroup, SecurityRule
from appliance.services.firewall.membership import vms_of
from appliance.services.firewall.models import SecurityGroupRow, SecurityRuleRow
from appliance.store.fields import when


def render_rules(rows: Sequence[SecurityRuleRow]) -> list[SecurityRule]:
    """Rules as clients see them."""
    return [
        SecurityRule(
            id=row.id,
            security_group_id=row.security_group_id,
            direction=row.direction,
            action=row.action,
            priority=row.priority,
            protocol=row.protocol,
            port_first=row.port_first,
            port_last=row.port_last,
            icmp_type=row.icmp_type,
            icmp_code=row.icmp_code,
            cidr=row.cidr,
            peer_group_id=row.peer_group_id,
            description=row.description,
            is_enabled=row.is_enabled,
            owner_id=row.owner_id,
            created_at=when(row.created_at),
        )
        for row in rows
    ]


def render_groups(rows: Sequence[SecurityGroupRow]) -> list[SecurityGroup]:
    """Groups as clients see them, with their rules as hosts ask them."""
    rules: dict[str, list[SecurityRuleRow]] = defaultdict(list)
    ids = [row.id for row in rows]
    for rule in SecurityRuleRow.select().where(SecurityRuleRow.security_group_id.in_(ids)):
        rules[rule.security_group_id].append(rule)
    return [
        SecurityGroup(
            id=row.id,
            name=row.name,
            description=row.description,
            is_default=row.is_default,
            log_drops=row.log_drops,
            rules=render_rules(sorted(rules[row.id], key=_order)),
            vm_count=len(vms_of(row.id)),
            owner_id=row.owner_id,
            created_at=when(row.created_at),
        )
        for row in rows
    ]


def _order(rule: SecurityRuleRow) -> tuple[str, int, bool, str]:
    return rule.direction, rule.priority, rule.action == "allow", rule.id
