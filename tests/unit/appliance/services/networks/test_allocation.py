"""Addresses of machines: the lowest free one, or the one that was asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from appliance.protocol.errors import ApiError, Conflict, InvalidInput, NoResources
from appliance.services.networks.allocation import attach
from appliance.services.networks.models import NetworkRow, NicRow
from appliance.store.database import Store, Transaction
from tests.unit.appliance.services.rows import NETWORK, add_network, rows_store

FIRST = int(IPv4Address("10.0.0.10"))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A network with 10.0.0.10 to .12 and .20; .11 is its DHCP server's."""
    async with rows_store(tmp_path, 1) as store:
        ranges = [(FIRST, FIRST + 2), (FIRST + 10, FIRST + 10)]
        await store.write(lambda tx: add_network(tx, ranges, dhcp="10.0.0.11"))
        yield store


async def give(store: Store, address: str | None = None) -> str:
    """The address that one more machine gets."""

    def add(tx: Transaction) -> str:
        before = {nic.id for nic in NicRow.select()}
        attach(tx, "vm", NetworkRow.get_by_id(NETWORK), address)
        (made,) = [nic for nic in NicRow.select() if nic.id not in before]
        return str(IPv4Address(made.address))

    return await store.write(add)


async def refused(store: Store, address: str | None, kind: type[ApiError]) -> ApiError:
    with pytest.raises(kind) as caught:
        await give(store, address)
    return caught.value


async def test_an_address_that_was_asked_for(store: Store) -> None:
    assert await give(store, "10.0.0.12") == "10.0.0.12"
    assert await give(store, " 10.0.0.20 ") == "10.0.0.20"
    assert await give(store) == "10.0.0.10"


async def test_addresses_that_are_taken(store: Store) -> None:
    await give(store, "10.0.0.12")
    for address in ("10.0.0.12", "10.0.0.11"):  # another machine's, the DHCP server's
        error = await refused(store, address, Conflict)
        assert (error.code, error.field) == ("network.address_taken", "address")
        assert error.params == {"address": address}


async def test_addresses_that_are_not_offered_are_told_with_those_that_are(store: Store) -> None:
    for address in ("10.0.0.13", "10.0.0.1", "11.0.0.10"):
        error = await refused(store, address, InvalidInput)
        assert (error.code, error.field) == ("network.address_not_offered", "address")
        assert error.params["ranges"] == "10.0.0.10-10.0.0.12, 10.0.0.20-10.0.0.20"
    error = await refused(store, "10.0.0", InvalidInput)
    assert (error.code, error.field) == ("network.bad_address", "address")


async def test_when_all_are_given_the_network_and_their_number_are_named(store: Store) -> None:
    assert [await give(store) for _ in range(3)] == ["10.0.0.10", "10.0.0.12", "10.0.0.20"]
    error = await refused(store, None, NoResources)
    assert (error.code, error.field, error.params["name"]) == (
        *("network.no_address", "network_id"),
        "n",
    )
