"""Accounts from the command line: passwords are no options, secrets are shown once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.api.appliance import PASSWORD, ROOT, Appliance


class Shell:
    """Runs `anyun` with a folder of its own for logins."""

    def __init__(self, appliance: Appliance, folder: Path) -> None:
        self._appliance = appliance
        self._environment = os.environ | {"ANYUN_CONFIG_DIR": str(folder), "COLUMNS": "200"}

    def run(self, *arguments: str, status: int = 0) -> str:
        """What a command prints; a password is offered on its standard input."""
        done = subprocess.run(
            [sys.executable, "-m", "appliance.cli.main", *arguments],
            env=self._environment,
            cwd=ROOT,
            input=PASSWORD + "\n",
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def log_in(self, account: str) -> None:
        """Keep a session of `account`."""
        ready = self._appliance.ready
        self.run(
            *("login", ready["url"], "--fingerprint", ready["ca_fingerprint"]),
            *("--account", account, "--password-stdin"),
        )


@pytest.fixture
def shell(appliance: Appliance, tmp_path: Path) -> Shell:
    return Shell(appliance, tmp_path)


def test_from_an_account_to_a_user_with_a_role(shell: Shell) -> None:
    shell.log_in("admin")
    assert "acme" in shell.run("account", "create", "--name", "acme", "--password-stdin")
    assert "40 GiB" in shell.run("quota", "update", "acme", "--name", "memory", "--value", "40GiB")
    assert "∞" in shell.run("quota", "update", "acme", "--name", "vm", "--value", "-1")
    shell.log_in("acme")
    shell.run("user", "create", "--name", "bob", "--password-stdin")
    statements = '[{"effect": "allow", "operations": ["vm.list"]}]'
    shell.run("role", "create", "--name", "readers", "--statements", statements)
    shell.run("role", "attach", "readers", "--user", "bob")
    assert "anyun_" in shell.run("token", "create", "--name", "ci", "--scopes", "vm.*")
    assert "anyun_" not in shell.run("token", "list", "--json")
    assert "40 GiB" in shell.run("quota", "usage")
    shell.log_in("bob@acme")
    assert shell.run("vm", "list", "--json").strip() == "[]"
    shell.run("image", "list", status=5)
    assert "vm.list" in shell.run("operation", "show")
