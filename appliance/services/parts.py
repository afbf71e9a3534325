"""What every service is built from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from appliance.engine.cascade import Cascade
from appliance.engine.registry import Registry
from appliance.engine.runner import Runner
from appliance.engine.sealing import Sealer
from appliance.engine.settings import Settings
from appliance.hosts.links import HostLinks
from appliance.store.database import Store


@dataclass(frozen=True)
class Parts:
    """The node's parts. `storage_root` is proposed for images and disks; `starter_folder`
    holds the starter image and its manifest, if there is one.
    """

    store: Store
    registry: Registry
    runner: Runner
    hosts: HostLinks
    storage_root: Path
    starter_folder: Path | None
    settings: Settings
    cascade: Cascade
    sealer: Sealer
