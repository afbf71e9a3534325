"""The sheet that changes a network's name and what it tells its machines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from appliance.protocol import resources as r
from desktop.operation_titles import operation_title
from desktop.pages.accounts import open_sheet
from desktop.pages.actions import Action
from desktop.pages.base import Shell
from desktop.pages.sheets.editing import edit_action
from desktop.pages.sheets.form_sheet import SheetSpec
from desktop.texts import translate
from desktop.wizard.page import problem_words
from desktop.wizard.pages_basic import NamePage
from desktop.wizard.validation import dns_problem, domain_problem


def route_lines(routes: Iterable[r.HostRoute]) -> str:
    """Routes as people write them, one a line."""
    return "\n".join(f"{one.destination} via {one.next_hop}" for one in routes)


def parse_routes(text: str) -> list[dict[str, str]]:
    """What is written in lines, as requests carry it.

    Raises ValueError with the line that is no route.
    """
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        match [word for word in line.split() if word not in ("via", "→")]:
            case [destination, next_hop]:
                found.append({"destination": destination, "next_hop": next_hop})
            case _:
                raise ValueError(line)
    return found


class NetworkForm(NamePage):
    """Name, description, DNS servers, domain and routes."""

    def __init__(self, network: r.Network) -> None:
        super().__init__(
            "network",
            operation_title("network.update"),
            translate("Networks", "Machines learn of it when they renew their lease or start."),
        )
        self.name.setText(network.name)
        self.description.setText(network.description)
        self.dns = self.add_line(
            "dns",
            translate("Wizard", "DNS servers"),
            placeholder=translate("Wizard", "Separated by commas"),
        )
        self.dns.setText(", ".join(network.dns))
        self.domain = self.add_line("domain", translate("Wizard", "DNS domain of the machines"))
        self.domain.setText(network.domain)
        self.side_by_side("dns", "domain")
        self.routes = self.add_lines(
            "host_routes",
            translate("Networks", "Routes"),
            translate("Networks", "One a line, such as 10.20.0.0/16 via 10.0.0.5"),
            route_lines(network.host_routes),
        )

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say; no routes of what cannot be read."""
        return super().values(name) | {
            "dns": self._servers(),
            "domain": self.domain.text().strip(),
            "host_routes": self._routes() or [],
        }

    def review(self) -> bool:
        """Check what can be checked here, as the service will."""
        problems = {
            "dns": dns_problem(self._servers()),
            "domain": domain_problem(self.domain.text().strip()),
        }
        for key, problem in problems.items():
            self.tell(key, problem_words(problem) if problem else "")
        is_good = super().review() and self._routes() is not None
        return is_good and not any(problems.values())

    def _servers(self) -> list[str]:
        return [part.strip() for part in self.dns.text().split(",") if part.strip()]

    def _routes(self) -> list[dict[str, str]] | None:
        try:
            found = parse_routes(self.routes.toPlainText())
        except ValueError as error:
            words = translate("Networks", "“{line}” is no route.")
            self.tell("host_routes", words.format(line=error))
            return None
        self.tell("host_routes", "")
        return found


def edit_network_action() -> Action:
    """Change a network."""

    async def edit(shell: Shell, networks: list[Any]) -> None:
        network = networks[0]
        spec = SheetSpec(
            operation="network.update",
            button=translate("Sheets", "Save"),
            fixed={"id": network.id},
        )
        open_sheet(shell, f"edit-{network.id}", lambda: NetworkForm(network), spec)

    return edit_action("network", run=edit)
