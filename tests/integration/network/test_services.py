"""What a network offers its VMs can be switched while they run: DHCP, names, metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

if TYPE_CHECKING:
    from tests.integration.network.conftest import Host


async def test_services_are_switched_off_and_on(host: Host) -> None:
    port = host.port("one", "10.70.0.10")
    network = host.network("net", ports=[port], dns=["192.0.2.53"])
    guest = host.guest(port)
    await host.must_apply(network)
    host.plug(guest, network)
    assert (await guest.dhcp())["dns"] == "10.70.0.2"

    quiet = msgspec.structs.replace(network, names=False, metadata=False)
    await host.must_apply(quiet)
    lease = await guest.dhcp()
    assert (lease["ip"], lease["dns"]) == ("10.70.0.10", "192.0.2.53")
    assert "169.254.169.254" not in guest.do("ip", "route")
    with pytest.raises(AssertionError, match="Failed to connect"):
        await guest.get("/latest/meta-data/instance-id")
    (state,) = (await host.manager.status()).networks
    assert (state.healthy, state.dhcp_pid is not None) == (True, True)

    bare = msgspec.structs.replace(quiet, dhcp=False)
    await host.must_apply(bare)
    (state,) = (await host.manager.status()).networks
    assert (state.healthy, state.dhcp_pid) == (True, None)

    await host.must_apply(network)
    assert (await guest.dhcp())["dns"] == "10.70.0.2"
    assert (await guest.get("/latest/meta-data/instance-id")) == "vm-one"
