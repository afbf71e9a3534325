"""The service at IPv4 and IPv6 addresses: both ports, the ready file, the certificate."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest

from appliance.client import Client, probe
from hostagent.protocol.enrolment import JoinToken
from tests.contract.api.appliance import Appliance, set_up

pytestmark = pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no IPv6 here")


def greets(appliance: Appliance, address: str, port: int) -> bool:
    """Whether a handshake that checks the name works; the CA is the only one that is trusted."""
    tls = ssl.create_default_context(cadata=appliance.ca_pem)
    with (
        socket.create_connection((address, port), 10) as plain,
        tls.wrap_socket(plain, server_hostname=address) as wrapped,
    ):
        return wrapped.version() is not None


@pytest.mark.parametrize(
    ("bind", "address", "host"),
    [
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("127.0.0.2", "127.0.0.2", "127.0.0.2"),
        ("0.0.0.0", "127.0.0.1", "127.0.0.1"),
        ("::1", "::1", "[::1]"),
        ("::", "::1", "[::1]"),
    ],
)
async def test_both_ports_listen_where_they_should(
    tmp_path: Path, bind: str, address: str, host: str
) -> None:
    appliance = Appliance(tmp_path, "--local-agent", bind=bind)
    appliance.start()
    try:
        ready = appliance.ready
        assert ready["address"] == address
        assert ready["url"] == f"https://{host}:{ready['port']}"
        token = JoinToken.decode((appliance.state / "service" / "local-join-token").read_text())
        assert token.addresses == [(address, ready["agent_port"])]
        for port in (ready["port"], ready["agent_port"]):
            assert greets(appliance, address, port)
            if bind in ("::", "0.0.0.0"):
                assert greets(appliance, "127.0.0.1", port)
        trust = await probe(ready["url"], expected=ready["ca_fingerprint"])
        async with Client(ready["url"], trust=trust) as client:
            assert (await client.check_version()).needs_first_password
    finally:
        assert appliance.stop() == 0


def test_callers_are_named_in_the_form_that_they_have(tmp_path: Path) -> None:
    appliance = Appliance(tmp_path, bind="::")
    appliance.start()
    try:
        set_up(appliance)
        appliance.ready["address"] = "127.0.0.1"  # the same service by IPv4
        appliance.hang_up()
        appliance.request("POST", "/v1/zones", {"name": "z"})
        lines = appliance.request("GET", "/v1/audit?sort=at").json["items"]
        assert [line["address"] for line in lines] == ["::1", "127.0.0.1"]
    finally:
        appliance.stop()


def test_a_taken_port_is_told_for_ipv6_as_well(tmp_path: Path) -> None:
    appliance = Appliance(tmp_path, bind="::1")
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        process = appliance.launch(taken.getsockname()[1])
        assert process.wait(60) != 0
    assert "address already in use" in appliance.log().lower()
