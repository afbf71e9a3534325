"""The command line against the real service: results, JSON, exit codes, kept logins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from appliance.cli.main import app
from tests.contract.conftest import PASSWORD, Service


class Shell:
    """Runs `anyun` commands with a configuration of their own."""

    def __init__(self, service: Service, folder: Path) -> None:
        self.service = service
        self.environment = {
            "ANYUN_CONFIG_DIR": str(folder),
            "LANG": "C",
            "LC_ALL": "C",
            "COLUMNS": "200",
            "NO_COLOR": "1",
        }

    def run(self, *words: str, typed: str = "", **environment: str) -> Result:
        return CliRunner().invoke(app, words, input=typed, env=self.environment | environment)

    def ok(self, *words: str, typed: str = "") -> str:
        result = self.run(*words, typed=typed)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *words: str) -> Any:
        return json.loads(self.ok(*words, "--json"))


@pytest.fixture
def fresh(service: Service, tmp_path: Path) -> Shell:
    return Shell(service, tmp_path / "config")


@pytest.fixture
def shell(fresh: Shell) -> Shell:
    """Logged in."""
    ready = ("--ready-file", str(fresh.service.ready_file))
    fresh.ok("first-password", *ready, "--password-stdin", typed=f"{PASSWORD}\n")
    return fresh


def test_trust_is_never_silent(fresh: Shell) -> None:
    url, pin = fresh.service.url, fresh.service.ready["ca_fingerprint"]
    result = fresh.run("login", url, "--password-stdin", typed="x\n")
    assert result.exit_code == 5
    assert "--fingerprint" in result.stderr
    result = fresh.run("login", url, "--fingerprint", "0" * 64, "--password-stdin", typed="x\n")
    assert result.exit_code == 5
    assert "not the one that was trusted" in result.stderr
    assert fresh.run("login", url, "--fingerprint", "0").exit_code == 2
    result = fresh.run("login", url, "--fingerprint", pin, "--password-stdin", typed="x\n")
    assert result.exit_code == 4
    assert "anyun first-password" in result.stderr


def test_first_password(fresh: Shell) -> None:
    ready = ("--ready-file", str(fresh.service.ready_file))
    weak = fresh.run("first-password", *ready, "--password-stdin", typed="short\n")
    assert weak.exit_code == 2
    assert "5 characters" in weak.stderr
    where = ("--fingerprint", fresh.service.ready["ca_fingerprint"], "--password-stdin")
    wrong = fresh.run(
        "first-password", fresh.service.url, *where, "--setup-code", "X", typed=f"{PASSWORD}\n"
    )
    assert wrong.exit_code == 5
    fresh.ok("first-password", *ready, "--password-stdin", typed=f"{PASSWORD}\n")
    again = fresh.run("first-password", *ready, "--password-stdin", typed=f"{PASSWORD}\n")
    assert again.exit_code == 4


def test_logging_in_and_out(shell: Shell) -> None:
    assert "admin" in shell.ok("session", "get")
    shell.ok("logout")
    result = shell.run("zone", "list")
    assert (result.exit_code, "anyun login" in result.stderr) == (5, True)
    # The fingerprint is known from before.
    wrong = shell.run("login", shell.service.url, "--password-stdin", typed="wrong\n")
    assert wrong.exit_code == 5
    shell.ok("login", shell.service.url, "--password-stdin", typed=f"{PASSWORD}\n")
    typed = f"{PASSWORD}\nanother good one\n"
    shell.ok("session", "change-password", "--password-stdin", typed=typed)
    shell.ok("logout")
    assert shell.run("login", shell.service.url, ANYUN_PASSWORD=PASSWORD).exit_code == 5
    result = shell.run("login", shell.service.url, ANYUN_PASSWORD="another good one")
    assert result.exit_code == 0


def test_a_resource_from_start_to_end(shell: Shell) -> None:
    made = shell.json("zone", "create", "--name", "site one")
    assert made["name"] == "site one"
    assert "site one" in shell.ok("zone", "list")
    assert shell.ok("zone", "list", "--quiet") == made["id"] + "\n"
    assert shell.json("zone", "get", "site one") == made
    changed = shell.json("zone", "update", "site one", "--name", "site")
    assert (changed["id"], changed["name"]) == (made["id"], "site")
    cluster = shell.json("cluster", "create", "--name", "c", "--zone", "site")
    assert cluster["zone_id"] == made["id"]
    assert shell.json("cluster", "list", "--filter", "zone_id=site") == [cluster]
    refused = shell.run("zone", "delete", "site")
    assert (refused.exit_code, "--yes" in refused.output) == (2, True)
    done = shell.json("zone", "delete", "site", "--yes")
    assert done["jobs"][0]["state"] == "succeeded"
    assert shell.json("zone", "list") == []


def test_options_before_the_command_say_how(shell: Shell) -> None:
    words = ("--key", "wish-1", "--reason", "moving house", "zone", "create", "--name", "wished")
    first, again = shell.json(*words), shell.json(*words)
    assert again == first
    entries = shell.json("audit", "list", "--search", first["id"])
    assert [entry["reason"] for entry in entries] == ["moving house"]
    late = shell.run("--if-match", '"old"', "zone", "update", "wished", "--name", "x")
    assert late.exit_code != 0
    assert "changed by somebody else" in late.output
    assert shell.json("zone", "get", "wished") == first


def test_jobs_without_waiting(shell: Shell) -> None:
    shell.ok("zone", "create", "--name", "z")
    job = shell.json("zone", "delete", "z", "--yes", "--no-wait")["jobs"][0]
    assert "Done" in shell.ok("job", "wait", job["id"], "--timeout", "30")
    assert shell.json("job", "get", job["id"])["state"] == "succeeded"


def test_names_must_be_clear(shell: Shell) -> None:
    ids = [shell.json("zone", "create", "--name", "twin")["id"] for _ in range(2)]
    result = shell.run("zone", "get", "twin")
    assert result.exit_code == 2
    assert all(ref in result.stderr for ref in ids)
    assert shell.json("zone", "get", ids[0])["id"] == ids[0]
    assert shell.run("zone", "get", "twi").exit_code == 3
    assert shell.run("job", "get", "twin").exit_code == 2
    # One wrong name: nothing is done with the others.
    result = shell.run("zone", "delete", ids[0], "nobody", "--yes")
    assert result.exit_code == 3
    assert len(shell.json("zone", "list")) == 2


def test_lists(shell: Shell) -> None:
    for number in range(5):
        shell.ok("zone", "create", "--name", f"z{number}")
    names = [zone["name"] for zone in shell.json("zone", "list", "--sort", "-name")]
    assert names == ["z4", "z3", "z2", "z1", "z0"]
    few = shell.run("zone", "list", "--limit", "2", "--sort", "name")
    assert "z1" in few.stdout
    assert "z2" not in few.stdout
    assert "2 of 5" in few.stderr
    assert len(shell.json("zone", "list", "--limit", "2", "--all")) == 5
    assert [zone["name"] for zone in shell.json("zone", "list", "--search", "z3")] == ["z3"]
    assert shell.run("zone", "list", "--filter", "state").exit_code == 2
    assert shell.run("zone", "list", "--filter", "colour=red").exit_code == 2


def test_errors_as_json_and_in_chinese(shell: Shell) -> None:
    result = shell.run("zone", "get", "nobody", "--json")
    error = json.loads(result.stderr)["error"]
    assert (error["code"], error["params"]["id"]) == ("resource.not_found", "nobody")
    assert result.stdout == ""
    chinese = shell.run("zone", "get", "nobody", "--lang", "zh")
    assert "区域 nobody 不存在" in chinese.stderr
    assert "账户" in shell.ok("--lang", "zh", "audit", "list")


def test_the_appliance_is_gone(shell: Shell) -> None:
    shell.service.kill()
    result = shell.run("zone", "list")
    assert result.exit_code == 6
    assert "connection refused" in result.stderr


def test_the_feed_from_the_beginning(shell: Shell) -> None:
    shell.ok("zone", "create", "--name", "seen")
    lines = shell.ok("feed", "--since", "0", "--kind", "zone", "--count", "1", "--json")
    change = json.loads(lines)
    assert (change["kind"], change["action"], change["data"]["name"]) == ("zone", "put", "seen")


def test_the_set_up_plan_can_be_changed(shell: Shell) -> None:
    plan = shell.json("setup", "update", "--step", "zone", "--request", '{"name": "lab"}')
    assert plan["steps"][0]["request"]["name"] == "lab"
    assert "name: lab" in shell.ok("setup", "get")
    bad = shell.run("setup", "update", "--step", "zone", "--request", "{name}")
    assert bad.exit_code == 2


def test_quickstart_looks_at_its_options_first(shell: Shell) -> None:
    result = shell.run("quickstart", "--url", shell.service.url, "--image", "/nowhere", "--yes")
    assert result.exit_code == 2
    assert "/nowhere" in result.output
    assert shell.json("zone", "list") == []
