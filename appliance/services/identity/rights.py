"""Reads what a login may do: the roles of its account, of its user, and an API token's scopes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from appliance.engine.permissions import PERMISSIONS, Layer, Rights, Rule, expand
from appliance.engine.visibility import EVERYBODY
from appliance.protocol.operations import Access
from appliance.protocol.tenancy import Statement
from appliance.services.identity.models import AttachmentRow, MemberRow, RoleRow
from appliance.store.database import Transaction
from appliance.store.fields import database, now_ms, tuples

ADMINISTRATOR = "00000000-0000-7000-8000-000000000001"
TENANT = "00000000-0000-7000-8000-000000000002"
AUDITOR = "00000000-0000-7000-8000-000000000003"


def _allow(*operations: str) -> list[Statement]:
    return [Statement(effect="allow", operations=list(operations))]


# What tenants may do is written out, not "*": given to a user of the administrator's account,
# this role must not reach infrastructure.
PREDEFINED: dict[str, tuple[str, str, list[Statement]]] = {
    ADMINISTRATOR: ("administrator", "Everything.", _allow("*")),
    TENANT: (
        "tenant",
        "Everything that an account can do with what it owns and what is shared with it.",
        _allow(*[name for name, spec in PERMISSIONS.items() if spec.access == Access.TENANT]),
    ),
    AUDITOR: (
        "auditor",
        "See everything, change nothing.",
        _allow("*.list", "*.get", "*.show", "*.log", "*.usage", "*.check", "feed.follow"),
    ),
}


def keep_predefined(tx: Transaction) -> None:
    """Write the predefined roles down as this version has them."""
    for ref, (name, description, statements) in PREDEFINED.items():
        values = {"name": name, "description": description, "statements": statements}
        if not RoleRow.update(**values).where(RoleRow.id == ref).execute():
            RoleRow.create(id=ref, account_id="", created_at=now_ms(), **values)


def attach(tx: Transaction, role_id: str, subject_id: str) -> None:
    """Give a role; it does not matter whether the subject has it already."""
    tx.execute(
        "INSERT OR IGNORE INTO role_attachment (role_id, subject_id) VALUES (?, ?)",
        *(role_id, subject_id),
    )


def rights_of(account_id: str, user_id: str | None, scopes: Sequence[str] | None) -> Rights:
    """What a login may do; within a read.

    Users never may more than their account; the account itself may all that its roles say.
    """
    layers = [Layer(_rules([account_id]))]
    if user_id is not None:
        query = MemberRow.select(MemberRow.group).where(MemberRow.user == user_id)
        layers.append(Layer(_rules([user_id, *(ref for (ref,) in tuples(query))])))
    if scopes is not None:
        layers.append(Layer([Rule(True, expand(scopes))]))
    return Rights(tuple(layers), _shared_with(account_id))


def _rules(subjects: Iterable[str]) -> list[Rule]:
    query = (
        RoleRow.select(RoleRow.statements)
        .join(AttachmentRow, on=AttachmentRow.role == RoleRow.id)
        .where(AttachmentRow.subject_id.in_(list(subjects)))
    )
    return [
        Rule(item.effect == "allow", expand(item.operations), frozenset(item.resource_ids))
        for row in query
        for item in row.statements
    ]


def _shared_with(account_id: str) -> frozenset[tuple[str, str]]:
    rows = database.execute_sql(
        "SELECT kind, resource_id FROM share WHERE account_id IN (?, ?)", (account_id, EVERYBODY)
    )
    return frozenset((kind, ref) for kind, ref in rows.fetchall())
