"""What one can do with hosts, in the order of bar and menu."""

from __future__ import annotations

from typing import Any

from appliance.protocol import resources as r
from desktop.pages.actions import Action, call_each
from desktop.pages.base import Shell
from desktop.pages.sheets.host_limits import edit_limits_action
from desktop.pages.sheets.host_network import show_host_network
from desktop.pages.sheets.maintenance import show_maintenance
from desktop.texts import translate


def host_actions() -> list[Action]:
    """Enable, disable, maintenance, reconnect, ask anew, network state, edit."""
    return [
        Action(
            name="enable",
            title=translate("Hosts", "Enable"),
            icon="check-circle-outline",
            run=_each("host.enable"),
            reason=_enabled_reason,
            is_main=True,
        ),
        Action(
            name="disable",
            title=translate("Hosts", "Disable: start no new VMs here"),
            icon="cancel",
            run=_each("host.disable"),
            reason=_disabled_reason,
            is_main=True,
        ),
        Action(
            name="enter_maintenance",
            title=translate("Hosts", "Maintenance: empty it …"),
            icon="wrench-outline",
            run=_show_maintenance,
            reason=_maintenance_reason,
            is_single=True,
            is_main=True,
        ),
        Action(
            name="leave_maintenance",
            title=translate("Hosts", "Leave maintenance"),
            icon="wrench-check-outline",
            run=_each("host.leave_maintenance"),
            reason=_leave_reason,
        ),
        Action(
            name="reconnect",
            title=translate("Hosts", "Reconnect: bring everything on it in line"),
            icon="lan-connect",
            run=_each("host.reconnect"),
            group=1,
        ),
        Action(
            name="facts",
            title=translate("Hosts", "Ask anew what it is"),
            icon="refresh",
            run=_each("host.refresh_facts"),
            reason=away_reason,
            group=1,
        ),
        Action(
            name="network",
            title=translate("Hosts", "Network state …"),
            icon="lan",
            run=_show_network,
            reason=away_reason,
            is_single=True,
            group=1,
        ),
        edit_limits_action("host"),
    ]


def away_reason(host: r.Host) -> str:
    """Why a host cannot be asked; empty if it can."""
    if host.status is r.Status.CONNECTED:
        return ""
    return translate("Hosts", "The host does not answer.")


def _leave_reason(host: r.Host) -> str:
    if host.state is r.HostState.MAINTENANCE:
        return ""
    if host.state is r.HostState.PRE_MAINTENANCE:
        return translate("Hosts", "It is still being emptied; that job can be cancelled.")
    return translate("Hosts", "It is not in maintenance.")


def _maintenance_reason(host: r.Host) -> str:
    if host.state is r.HostState.PRE_MAINTENANCE:
        return translate("Hosts", "It is being emptied for maintenance.")
    if host.state is r.HostState.MAINTENANCE:
        return translate("Hosts", "It is in maintenance.")
    return ""


def _enabled_reason(host: r.Host) -> str:
    if reason := _maintenance_reason(host):
        return reason
    is_so = host.state is r.HostState.ENABLED
    return translate("Hosts", "It is enabled already.") if is_so else ""


def _disabled_reason(host: r.Host) -> str:
    if reason := _maintenance_reason(host):
        return reason
    is_so = host.state is r.HostState.DISABLED
    return translate("Hosts", "It is disabled already.") if is_so else ""


def _each(operation: str) -> Any:
    async def run(shell: Shell, hosts: list[Any]) -> None:
        await call_each(shell, operation, hosts)

    return run


async def _show_maintenance(shell: Shell, hosts: list[Any]) -> None:
    show_maintenance(shell, hosts[0])


async def _show_network(shell: Shell, hosts: list[Any]) -> None:
    show_host_network(shell, hosts[0])
