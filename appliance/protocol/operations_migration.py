"""The declarations of operations that move machines between hosts."""

from __future__ import annotations

from appliance.protocol.declaring import add, job
from appliance.protocol.migration import MigrationCandidates, VmMigrate


def declare_migration() -> None:
    """Declare how machines move, and how one learns where they could go."""
    job(
        "vm.migrate",
        "POST /vms/{id}/migrate",
        "Move a virtual machine to another host, while it runs",
        VmMigrate,
    )
    add(
        "vm.migration_candidates",
        "GET /vms/{id}/migration-candidates",
        "Show which hosts could take a virtual machine, and why others cannot",
        MigrationCandidates,
    )
