"""Under whose name a change is noted in the audit log."""

from __future__ import annotations

from typing import Any

import msgspec

from appliance.engine.calls import Call
from appliance.protocol.resources import Session

# The first password is the administrator's; its request names no account.
FIRST_ACCOUNT = "admin"


def noted(call: Call, request: Any, content: Any = None) -> Call:
    """`call` as the audit log names it.

    Who logs in is nobody yet: such calls are noted under the account that was tried, and once
    that has worked, under the account that it turned out to be.
    """
    if call.caller.account_id:
        return call
    if isinstance(content, Session):
        account_id, name = content.account.id, content.account.name
        if content.user_name:
            name = f"{content.user_name}@{name}"
    elif call.operation == "session.set_first_password":
        account_id, name = "", FIRST_ACCOUNT
    else:
        account_id, name = "", getattr(request, "account", call.caller.account_name)
    caller = msgspec.structs.replace(call.caller, account_id=account_id, account_name=name)
    return msgspec.structs.replace(call, caller=caller)
