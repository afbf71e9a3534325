"""Commands about volumes, each given to the driver of the volume's storage."""

from __future__ import annotations

from hostagent.protocol.link import CallContext
from hostagent.protocol.storage import (
    CopyImageParams,
    CreateEmptyParams,
    CreateOverlayParams,
    ResizeParams,
    VolumeInfo,
    VolumeRef,
)
from hostagent.storage.drivers import driver_for


async def create_overlay(params: CreateOverlayParams) -> VolumeInfo:
    """Make a volume on the cached image; answers with what exists if it was made before."""
    driver = driver_for(params.volume.storage)
    return await driver.create_overlay(params.volume, params.image_id, params.size_bytes)


async def copy_image(params: CopyImageParams, context: CallContext) -> VolumeInfo:
    """Make a volume of its own of the cached image; answers with what exists if it was made."""
    driver = driver_for(params.volume.storage)
    return await driver.copy_image(
        params.volume, params.image_id, params.size_bytes, context.progress
    )


async def create_empty(params: CreateEmptyParams) -> VolumeInfo:
    """Make an empty volume; answers with what exists if it was made before."""
    driver = driver_for(params.volume.storage)
    return await driver.create_empty(params.volume, params.size_bytes)


async def resize(params: ResizeParams) -> VolumeInfo:
    """Make a volume larger; does nothing if it is as large. Raises CommandFailed."""
    return await driver_for(params.volume.storage).resize(params.volume, params.size_bytes)


async def delete(volume: VolumeRef) -> None:
    """Delete a volume; does nothing if it is gone."""
    await driver_for(volume.storage).delete(volume)


async def info(volume: VolumeRef) -> VolumeInfo:
    """How large a volume is, and what it takes; also while a machine has it open."""
    return await driver_for(volume.storage).info(volume)
