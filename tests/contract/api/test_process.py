"""The service as a process: its files, its first start, a second one, a port that is taken."""

from __future__ import annotations

import json
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.api.appliance import PASSWORD, ROOT, Appliance, set_up


@pytest.fixture
def appliance(tmp_path: Path) -> Iterator[Appliance]:
    appliance = Appliance(tmp_path)
    appliance.start()
    yield appliance
    appliance.stop()


def rescue(state: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "appliance.services.identity.rescue", "--state-dir", str(state)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_nobody_else_can_read_what_the_service_keeps(appliance: Appliance) -> None:
    service = appliance.state / "service"
    assert stat.S_IMODE(service.stat().st_mode) == 0o700
    for name in ("ready.json", "ca/ca.key", "ca/server.key", "anyun.db"):
        assert stat.S_IMODE((service / name).stat().st_mode) == 0o600, name


def test_secrets_are_in_no_log(appliance: Appliance) -> None:
    set_up(appliance)
    appliance.request("POST", "/v1/sessions", {"account": "admin", "password": "a wrong secret"})
    log = appliance.log()
    secrets = (PASSWORD, "a wrong secret", appliance.token, appliance.ready["setup_code"])
    assert [secret for secret in secrets if secret in log] == []


def test_it_stops_cleanly_and_comes_back_with_its_sessions(appliance: Appliance) -> None:
    set_up(appliance)
    made = appliance.request("POST", "/v1/zones", {"name": "kept"}).json
    fingerprint = appliance.ready["ca_fingerprint"]
    assert appliance.stop() == 0
    assert not (appliance.state / "service" / "ready.json").exists()
    appliance.start()
    assert appliance.ready["setup_code"] is None
    assert appliance.ready["ca_fingerprint"] == fingerprint
    assert appliance.request("GET", f"/v1/zones/{made['id']}").json == made


def test_a_lost_password_is_rescued_with_the_service_stopped(appliance: Appliance) -> None:
    set_up(appliance)
    refused = rescue(appliance.state)
    assert refused.returncode == 1
    assert "Stop it" in refused.stderr
    assert appliance.request("GET", "/v1/sessions/current").status == 200

    appliance.stop()
    assert rescue(appliance.state).returncode == 0
    appliance.start()
    assert appliance.request("GET", "/v1/sessions/current").status == 401
    set_up(appliance)
    assert appliance.request("GET", "/v1/sessions/current").json["name"] == "admin"


def test_the_ready_file_tells_clients_all_they_need(appliance: Appliance) -> None:
    ready = json.loads((appliance.state / "service" / "ready.json").read_text())
    info = appliance.request("GET", "/v1/info", token="").json
    assert info["ca_fingerprint"] == ready["ca_fingerprint"]
    assert info["needs_first_password"]
    assert ready["url"] == f"https://127.0.0.1:{ready['port']}"


def test_a_port_that_is_taken_ends_the_start_with_a_message(tmp_path: Path) -> None:
    second = Appliance(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = second.launch(taken.getsockname()[1])
        try:
            assert process.wait(60) != 0
        except subprocess.TimeoutExpired:
            pytest.fail("it hangs")
        finally:
            process.kill()
            process.wait(10)
    assert "address already in use" in second.log().lower()
