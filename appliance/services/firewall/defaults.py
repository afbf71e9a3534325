"""The default group of each account: its members reach each other, and everything outside."""

from __future__ import annotations

from appliance.protocol.ids import new_id
from appliance.services.firewall.models import SecurityGroupRow, SecurityRuleRow
from appliance.store.database import Transaction
from appliance.store.fields import now_ms

DEFAULT_NAME = "default"
ANYBODY = ("0.0.0.0/0", "::/0")


def give_default_group(tx: Transaction, account_id: str) -> None:
    """Make the default group of an account, unless it has one."""
    query = SecurityGroupRow.select().where(
        SecurityGroupRow.owner_id == account_id, SecurityGroupRow.is_default
    )
    if query.exists():
        return
    group_id, now = new_id(), now_ms()
    SecurityGroupRow.create(
        id=group_id,
        name=DEFAULT_NAME,
        description="",
        is_default=True,
        owner_id=account_id,
        created_at=now,
    )
    for direction, cidr, peer in (
        ("in", "", group_id),
        *(("out", network, None) for network in ANYBODY),
    ):
        rule = SecurityRuleRow.create(
            id=new_id(),
            security_group_id=group_id,
            direction=direction,
            action="allow",
            priority=100,
            protocol="any",
            cidr=cidr,
            peer_group_id=peer,
            description="",
            is_enabled=True,
            owner_id=account_id,
            created_at=now,
        )
        tx.touch("security_rule", rule.id)
    tx.touch("security_group", group_id)


def take_default_group(tx: Transaction, account_id: str) -> None:
    """Delete the default group of an account that goes."""
    query = SecurityGroupRow.select().where(
        SecurityGroupRow.owner_id == account_id, SecurityGroupRow.is_default
    )
    for group in query:
        for rule in SecurityRuleRow.select().where(SecurityRuleRow.security_group_id == group.id):
            tx.touch("security_rule", rule.id)
        group.delete_instance()
        tx.touch("security_group", group.id)


def default_group_of(account_id: str) -> str | None:
    """The id of an account's default group; within a read or write."""
    row = SecurityGroupRow.get_or_none(
        SecurityGroupRow.owner_id == account_id, SecurityGroupRow.is_default
    )
    return None if row is None else row.id
