"""The discs in a machine's CD drives."""

from __future__ import annotations

from hostagent.libvirt.drives import SEED_NUMBER, Drive
from hostagent.protocol.domain import DomainSpec
from hostagent.storage.seed import write_seed


def drives_of(spec: DomainSpec) -> list[Drive]:
    """The drives that a machine starts with; its seed is made now."""
    if spec.seed is None:
        return []
    return [Drive(SEED_NUMBER, "scsi", str(write_seed(spec.vm_id, spec.seed)))]
