"""What every page gets and gives: the shell it lives in, and when it is shown or asked to open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from desktop.net.bridge import Bridge
from desktop.net.cache import Cache
from desktop.net.client_ref import ClientRef
from desktop.net.jobs import JobCalls
from desktop.settings import Settings
from desktop.widgets.notice import Notices


@dataclass
class Shell:
    """What pages need of the window around them."""

    bridge: Bridge
    ref: ClientRef
    cache: Cache
    settings: Settings
    notices: Notices
    window: QWidget
    go: Callable[[str, str], None]
    """Show a page by its key, and there the resource with this id (or an empty text)."""
    is_administrator: bool = True

    @property
    def job_calls(self) -> JobCalls:
        """What can be asked about jobs."""
        return JobCalls(self.bridge, self.ref, self.cache)


class Page(QWidget):
    """One page of the main window."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self.shell = shell

    def open_resource(self, resource_id: str) -> None:
        """Select a resource, clearing filters that hide it."""

    def focus_filter(self) -> None:
        """Ctrl+F: put the cursor into the filter."""

    def reload(self) -> None:
        """F5: read anew what the change feed does not bring."""


@dataclass(frozen=True, kw_only=True)
class PageSpec:
    """How the navigation knows a page. `kind` is what its badge counts."""

    key: str
    title: str
    icon: str
    group: str
    kind: str | None
    make: Callable[[Shell], Page]
    for_all: bool = True
    """Whether accounts that are no administrators see it."""
