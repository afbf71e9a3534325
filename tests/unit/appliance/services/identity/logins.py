"""Logging in as clients do, by operation names."""

from __future__ import annotations

from typing import Any

import msgspec

from appliance.engine.calls import Call, Caller
from appliance.engine.registry import Registry
from appliance.protocol.operations import OPERATIONS
from appliance.protocol.resources import Session
from appliance.services.identity.service import Identity
from appliance.store.database import Store

PASSWORD = "correct horse battery"
ADDRESS = "192.0.2.7"


class Logins:
    """An identity service and its operations."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.restart()

    def restart(self) -> None:
        """A new service on the same store: nothing is remembered in memory."""
        self.identity = Identity(self.store, ca_fingerprint="0a" * 32, appliance_name="box")
        self._registry = Registry()
        self.identity.install(self._registry)

    async def call(
        self, name: str, *, token: str = "", address: str = ADDRESS, **fields: Any
    ) -> Any:
        """Carry out an operation, logged in if there is a token."""
        if token:
            caller = await self.identity.authenticate(token, address)
        else:
            caller = Caller(account_id="", account_name="anyone", is_admin=False, address=address)
        request = msgspec.convert(fields, OPERATIONS[name].request)
        handler = self._registry.get(name).handler
        return await handler(Call(operation=name, caller=caller), request)

    async def set_up(self, password: str = PASSWORD) -> Session:
        """The first password, set with the code of the first start."""
        code = await self.identity.prepare()
        return await self.call("session.set_first_password", setup_code=code, password=password)

    async def log_in(self, password: str = PASSWORD, account: str = "admin", **options: Any) -> Any:
        """A session for `account`."""
        return await self.call("session.create", account=account, password=password, **options)
