"""All commands that a service may give to an agent: name, parameters, result, time limit.

Commands may be repeated: the second time finds the work done and answers the same.
"""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from hostagent.protocol import domain as d
from hostagent.protocol import drops, moves
from hostagent.protocol import foreign as f
from hostagent.protocol import guest as g
from hostagent.protocol import hardware as h
from hostagent.protocol import migration as m
from hostagent.protocol import network as n
from hostagent.protocol import probe as p
from hostagent.protocol import snapshots as snap
from hostagent.protocol import storage as s
from hostagent.protocol.facts import HostFacts

P = TypeVar("P")
R = TypeVar("R")


class Nothing(msgspec.Struct, kw_only=True, frozen=True):
    """Parameters or result of commands that have none."""


@dataclass(frozen=True)
class Command(Generic[P, R]):
    """One command. `timeout_s` is how long the service waits for its answer."""

    name: str
    params: type[P]
    result: type[R]
    timeout_s: float = 60.0


ALL: dict[str, Command[Any, Any]] = {}


def _command(name: str, params: type[P], result: type[R], timeout_s: float = 60.0) -> Command[P, R]:
    command = Command(name, params, result, timeout_s)
    ALL[name] = command
    return command


HOST_FACTS = _command("host.facts", Nothing, HostFacts)
HOST_PROBE = _command("host.probe", Nothing, HostFacts, 180.0)
HOST_BASELINE_CPU = _command("host.baseline_cpu", h.BaselineParams, h.Baseline)

DOMAIN_START = _command("domain.start", d.DomainSpec, d.DomainReport, 180.0)
DOMAIN_SHUTDOWN = _command("domain.shutdown", d.ShutdownParams, d.DomainReport, 120.0)
DOMAIN_DESTROY = _command("domain.destroy", d.VmRef, d.DomainReport)
DOMAIN_UNDEFINE = _command("domain.undefine", d.VmRef, Nothing)
DOMAIN_REBOOT = _command("domain.reboot", d.VmRef, d.DomainReport, 120.0)
DOMAIN_RESET = _command("domain.reset", d.VmRef, d.DomainReport)
DOMAIN_SUSPEND = _command("domain.suspend", d.VmRef, d.DomainReport)
DOMAIN_RESUME = _command("domain.resume", d.VmRef, d.DomainReport)
DOMAIN_ATTACH_NIC = _command("domain.attach_nic", d.NicParams, d.DomainReport)
DOMAIN_DETACH_NIC = _command("domain.detach_nic", d.NicParams, d.DomainReport, 120.0)
DOMAIN_ATTACH_DISK = _command("domain.attach_disk", d.DiskParams, d.DomainReport)
DOMAIN_DETACH_DISK = _command("domain.detach_disk", d.DiskParams, d.DomainReport, 120.0)
DOMAIN_RESIZE_DISK = _command("domain.resize_disk", d.ResizeDiskParams, s.VolumeInfo)
DOMAIN_SET_DISK_LIMITS = _command("domain.set_disk_limits", d.DiskParams, d.DomainReport)
DOMAIN_SET_DISC = _command("domain.set_disc", d.DiscParams, d.DomainReport)
DOMAIN_GROW = _command("domain.grow", h.GrowParams, h.Size, 120.0)
DOMAIN_SIZE = _command("domain.size", d.VmRef, h.Size)
DOMAIN_FORGET = _command("domain.forget", h.ForgetParams, Nothing)
DOMAIN_TAKE_KEPT = _command("domain.take_kept", h.KeptRef, h.KeptState)
DOMAIN_PUT_KEPT = _command("domain.put_kept", h.PutKeptParams, Nothing)
DOMAIN_GET = _command("domain.get", d.VmRef, d.DomainReport)
DOMAIN_LIST = _command("domain.list", Nothing, d.DomainList)
DOMAIN_SCREENSHOT = _command("domain.screenshot", d.VmRef, d.Screenshot)

GUEST_INFO = _command("guest.info", d.VmRef, g.GuestInfo, 30.0)
GUEST_SET_PASSWORD = _command("guest.set_password", g.GuestPassword, Nothing, 30.0)
MIGRATION_LISTEN = _command("migration.listen", m.ListenParams, m.ListenResult)
MIGRATION_RUN = _command("migration.run", m.RunParams, m.RunResult, 24 * 3600.0)
MIGRATION_COPY = _command("migration.copy", m.CopyParams, Nothing, 24 * 3600.0)
MIGRATION_LOOK = _command("migration.look", m.MigrationRef, m.SideReport)
MIGRATION_STOP = _command("migration.stop", m.MigrationRef, m.SideReport, 120.0)
MIGRATION_COMPLETE = _command("migration.complete", m.CompleteParams, m.SideReport)
MIGRATION_DROP = _command("migration.drop", m.MigrationRef, m.SideReport, 120.0)
MIGRATION_POST_COPY = _command("migration.post_copy", m.MigrationRef, Nothing)
FOREIGN_LIST = _command("foreign.list", f.ForeignParams, f.ForeignList, 120.0)
FOREIGN_TAKE_DISK = _command("foreign.take_disk", f.TakeDiskParams, s.VolumeInfo, 24 * 3600.0)
FOREIGN_TAKE_FIRMWARE = _command("foreign.take_firmware", f.TakeFirmwareParams, Nothing)
FOREIGN_RELEASE = _command("foreign.release", f.ReleaseDomainParams, Nothing)

CONSOLE_OPEN = _command("console.open", d.ConsoleParams, Nothing)

HOST_RELEASE = _command("host.release", Nothing, Nothing)

STORAGE_RELEASE = _command("storage.release", s.ReleaseParams, Nothing)
STORAGE_PREPARE = _command("storage.prepare", s.PrepareParams, s.CheckPathResult)
STORAGE_APPLY = _command("storage.apply", s.StorageDocument, s.StorageReport)
STORAGE_LEAVE = _command("storage.leave", s.LeaveParams, Nothing)
STORAGE_CHECK_PATH = _command("storage.check_path", s.CheckPathParams, s.CheckPathResult)
VOLUME_CREATE_OVERLAY = _command("volume.create_overlay", s.CreateOverlayParams, s.VolumeInfo)
VOLUME_CREATE_EMPTY = _command("volume.create_empty", s.CreateEmptyParams, s.VolumeInfo)
VOLUME_RESIZE = _command("volume.resize", s.ResizeParams, s.VolumeInfo)
VOLUME_DELETE = _command("volume.delete", s.VolumeRef, Nothing)
VOLUME_INFO = _command("volume.info", s.VolumeRef, s.VolumeInfo)
VOLUME_COPY_IMAGE = _command("volume.copy_image", s.CopyImageParams, s.VolumeInfo, 24 * 3600.0)
VOLUME_COPY = _command("volume.copy", snap.CopyParams, s.VolumeInfo, 24 * 3600.0)
VOLUME_TRANSFER = _command("volume.transfer", moves.TransferParams, s.VolumeInfo, 24 * 3600.0)
VOLUME_MIRROR = _command("volume.mirror", moves.MirrorParams, s.VolumeInfo, 24 * 3600.0)
VOLUME_SETTLE = _command("volume.settle", moves.MirrorParams, moves.SettledMove, 120.0)
VOLUME_LISTEN = _command("volume.listen", moves.VolumeListenParams, m.ListenResult)
VOLUME_SEND = _command("volume.send", moves.VolumeSendParams, Nothing, 24 * 3600.0)
VOLUME_END = _command("volume.end", moves.VolumeMoveRef, Nothing, 120.0)
VOLUME_CHAIN = _command("volume.chain", snap.ChainParams, snap.ChainReport)

SNAPSHOT_TAKE = _command("snapshot.take", snap.TakeParams, snap.TakeResult, 120.0)
SNAPSHOT_TAKE_BACK = _command("snapshot.take_back", snap.TakeParams, Nothing, 3600.0)
SNAPSHOT_REVERT = _command("snapshot.revert", snap.RevertParams, s.VolumeInfo)
SNAPSHOT_DROP = _command("snapshot.drop", snap.DropParams, Nothing)
SNAPSHOT_MERGE = _command("snapshot.merge", snap.MergeParams, snap.MergeResult, 24 * 3600.0)
SNAPSHOT_SETTLE = _command("snapshot.settle", snap.SettleParams, snap.SettleResult)

IMAGE_RECEIVE = _command("image.receive", s.ReceiveParams, s.Received, 24 * 3600.0)
IMAGE_RECEIVED = _command("image.received", s.ImagePlace, s.Received)
IMAGE_SEND = _command("image.send", s.SendParams, Nothing, 24 * 3600.0)
IMAGE_FETCH_URL = _command("image.fetch_url", s.FetchUrlParams, Nothing, 24 * 3600.0)
IMAGE_CHECK_URL = _command("image.check_url", s.CheckUrlParams, s.CheckUrlResult)
IMAGE_ADOPT_FILE = _command("image.adopt_file", s.AdoptFileParams, Nothing, 3600.0)
IMAGE_FINISH = _command("image.finish", s.FinishParams, s.ImageInfo, 12 * 3600.0)
IMAGE_EXPORT_VOLUME = _command(
    "image.export_volume", s.ExportVolumeParams, s.ImageInfo, 12 * 3600.0
)
IMAGE_EXPORT_DISK = _command("image.export_disk", s.ExportDiskParams, s.ImageInfo, 12 * 3600.0)
IMAGE_DELETE = _command("image.delete", s.ImagePlace, Nothing)
IMAGE_DROP_CACHED = _command("image.drop_cached", s.CachedImage, Nothing)
IMAGE_DESCRIBE = _command("image.describe", s.ImagePlace, s.StoredImage, 3600.0)
IMAGE_CACHE_FROM = _command("image.cache_from", s.CacheFromParams, Nothing, 24 * 3600.0)
IMAGE_ENSURE_CACHED = _command("image.ensure_cached", s.EnsureCachedParams, Nothing, 3600.0)

NETWORK_APPLY = _command("network.apply", n.NetworkDocument, n.NetworkReport, 120.0)
NETWORK_CHECK = _command("network.check", n.NetworkCheck, n.NetworkCheckResult)
NETWORK_STATUS = _command("network.status", Nothing, n.NetworkStatus)
NETWORK_RETRY = _command("network.retry", Nothing, Nothing)
NETWORK_PROBE_LISTEN = _command("network.probe_listen", p.ProbeListen, p.ProbeReady, 20.0)
NETWORK_PROBE_SEND = _command("network.probe_send", p.ProbeSend, p.ProbeSent, 60.0)
NETWORK_PROBE_END = _command("network.probe_end", p.ProbeEnd, p.ProbeHeard, 20.0)
NETWORK_DROPS = _command("network.drops", drops.CountDrops, drops.DropCounts, 15.0)
