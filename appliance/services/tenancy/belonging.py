"""Whose a new resource is, and names that people log in with."""

from __future__ import annotations

from appliance.engine.calls import Caller
from appliance.protocol.errors import Conflict, InvalidInput
from appliance.protocol.resources import State
from appliance.services.common import clean_name, find
from appliance.services.identity.models import AccountRow


def owner_for(caller: Caller, account_id: str | None, *, field: str) -> str:
    """The account that gets what `caller` makes: its own, or the one that it names.

    Nobody but administrators can name another: the API has refused that before. Within a write;
    raises NotFound, or Conflict for an account that is disabled.
    """
    if account_id is None or account_id == caller.account_id:
        return caller.account_id
    account = find(AccountRow, account_id, "account", field=field)
    if account.state != State.ENABLED:
        raise Conflict("resource.disabled", field=field, name=account.name)
    return account.id


def login_name(name: str) -> str:
    """A name to log in with; raises InvalidInput for one that could be mistaken for others."""
    clean = clean_name(name)
    if len(clean) > 64 or any(letter.isspace() or letter in "@/\\:" for letter in clean):
        raise InvalidInput("account.bad_name", field="name", name=name)
    return clean
