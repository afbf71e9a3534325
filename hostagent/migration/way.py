"""The way of one migration: TLS between the agents of two hosts, and named channels in it.

The destination listens only while the migration lasts. It lets in one host, known by its
certificate from the service's CA, that also knows the migration's own secret; the source knows
the destination's certificate by its digest. A connection begins with an `Opening` and is then
joined with a local socket, of libvirtd or of QEMU.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import structlog

from hostagent.migration.splice import Splice, watch_peer
from hostagent.protocol.flows import Flow
from hostagent.protocol.link import CommandFailed
from hostagent.protocol.migration import ListenParams, ListenResult
from hostagent.protocol.moves import VolumeListenParams

HANDSHAKE_S = 10.0
MAX_OPENING_BYTES = 4096
MAX_FLOWS_BYTES = 16 * 1024**2
FOLDER = Path("/run/anyun/migration")
URN = "urn:anyun:host:"
LIBVIRT, MEMORY, DISKS, CONTROL = "libvirt", "memory", "disks", "control"
SPLICED = (LIBVIRT, MEMORY, DISKS)  # of a machine that runs
GONE, FLOWS = b"g", b"f"  # what the source says on the control channel
LIBVIRT_SOCKETS = ("/run/libvirt/libvirt-sock", "/run/libvirt/virtqemud-sock")

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Opening(msgspec.Struct, kw_only=True, frozen=True):
    """The first message of a connection."""

    secret: str
    channel: str


@dataclass(frozen=True)
class Credentials:
    """An agent's certificate chain and key as files, and its CA."""

    certificate: Path
    key: Path
    ca_pem: str

    @property
    def digest(self) -> str:
        """The SHA-256 of the certificate."""
        der = ssl.PEM_cert_to_DER_cert(self.certificate.read_text(encoding="ascii"))
        return hashlib.sha256(der).hexdigest()


def socket_path(migration_id: str, channel: str) -> Path:
    """Where the local socket of a channel lies, on both hosts."""
    return FOLDER / migration_id / f"{channel}.sock"


def make_folder(migration_id: str, owner: tuple[int, int]) -> Path:
    """The migration's folder, for root and the QEMU user alone, without what was in it."""
    folder = FOLDER / migration_id
    remove_folder(migration_id)
    FOLDER.mkdir(parents=True, exist_ok=True, mode=0o711)
    folder.mkdir(mode=0o700)
    os.chown(folder, *owner)
    return folder


def remove_folder(migration_id: str) -> None:
    """Remove it; does nothing if it is gone."""
    shutil.rmtree(FOLDER / migration_id, ignore_errors=True)


def disk_channel(number: int) -> str:
    """The channel of a disk that is copied while its machine is off."""
    return f"disk-{number}"


@dataclass
class _Splices:
    """The joined sockets of a way."""

    items: set[Splice] = field(default_factory=set)
    over_bytes: int = 0  # of those that have ended
    is_over: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, splice: Splice) -> None:
        with self.lock:
            self.items.add(splice)
            if self.is_over:
                splice.end()
        splice.run()
        with self.lock:
            self.items.discard(splice)
            self.over_bytes += splice.bytes

    @property
    def bytes(self) -> int:
        with self.lock:
            return self.over_bytes + sum(splice.bytes for splice in self.items)

    def end(self) -> None:
        with self.lock:
            self.is_over = True
            for splice in self.items:
                splice.end()


class Entrance:
    """The destination's end. `on_gone` is called, in a thread, when the source says that its
    process of the machine has ended; it returns whether the machine goes on here. `on_flows` is
    given, in a thread and before that, the connections that the machine has.
    """

    def __init__(
        self,
        params: ListenParams | VolumeListenParams,
        credentials: Credentials,
        on_gone: Callable[[], bool],
        on_flows: Callable[[list[Flow]], None] | None = None,
    ) -> None:
        self._params = params
        self._secret = secrets.token_urlsafe(32)
        disks = [disk_channel(number) for number in range(len(params.received))]
        self._channels = [CONTROL, *(disks or SPLICED)]
        self._on_gone = on_gone
        self._on_flows = on_flows
        self._credentials = credentials
        self._context = _server_context(credentials)
        self._listeners: list[socket.socket] = []
        self._splices = _Splices()
        self._is_closed = False

    def open(self) -> ListenResult:
        """Listen; raises CommandFailed if none of the addresses and ports is free."""
        first, last = self._params.ports
        for port in range(first, last + 1):
            found = [_listener(address, port) for address in self._params.addresses]
            self._listeners = [one for one in found if one is not None]
            if self._listeners:
                break
        else:
            raise CommandFailed("migration.no_port", f"no port is free in {first}-{last}")
        for listener in self._listeners:
            _thread(self._accept, listener)
        return ListenResult(
            addresses=[listener.getsockname()[0] for listener in self._listeners],
            port=self._listeners[0].getsockname()[1],
            certificate_sha256=self._credentials.digest,
            secret=self._secret,
            takes_flows=self._on_flows is not None,
        )

    def close(self) -> None:
        """Listen no more, and break off what is joined."""
        self._is_closed = True
        for listener in self._listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self._splices.end()

    def _accept(self, listener: socket.socket) -> None:
        while not self._is_closed:
            try:
                connection, (address, *_) = listener.accept()
            except OSError:
                return  # closed
            _thread(self._serve, connection, address)

    def _serve(self, connection: socket.socket, address: str) -> None:
        try:
            secure = _secured(connection, self._context, is_server=True)
        except OSError as error:
            log.warning("migration_refused", address=address, reason=str(error))
            return
        try:
            channel = self._let_in(secure)
        except (OSError, EOFError, ValueError) as error:
            log.warning("migration_refused", address=address, reason=str(error))
            secure.close()
            return
        if channel == CONTROL:
            self._obey(secure)
            return
        try:
            plain = _connect(_target(self._params.migration_id, channel))
        except OSError as error:
            log.warning("migration_channel", channel=channel, reason=str(error))
            secure.close()
            return
        self._splices.run(Splice(plain, secure))

    def _let_in(self, secure: ssl.SSLSocket) -> str:
        """The channel that the source asks for; raises ValueError if it is not the source."""
        wanted = ("URI", f"{URN}{self._params.source_host_id}")
        names: Any = (secure.getpeercert() or {}).get("subjectAltName", ())
        if wanted not in names:
            raise ValueError("another host than the source")
        opening = _message(secure, MAX_OPENING_BYTES, Opening)
        if not hmac.compare_digest(opening.secret, self._secret):
            raise ValueError("not the secret of this migration")
        if opening.channel not in self._channels or self._is_closed:
            raise ValueError(f"no channel {opening.channel!r}")
        return opening.channel

    def _obey(self, secure: ssl.SSLSocket) -> None:
        """The control channel: "g" for gone, answered with "y" if the machine goes on here; before
        it perhaps "f" and the machine's connections.
        """
        with contextlib.suppress(OSError, EOFError), secure:
            secure.sendall(b"r")  # ready: the source knows that it may begin
            secure.settimeout(None)
            while (order := secure.recv(1)) in (GONE, FLOWS):
                if order == GONE:
                    secure.sendall(b"y" if self._on_gone() else b"n")
                    continue
                if self._on_flows is None:
                    return
                try:
                    flows = _message(secure, MAX_FLOWS_BYTES, list[Flow])
                except ValueError as error:
                    log.warning("migration_flows_refused", reason=str(error))
                    return
                self._on_flows(flows)


class Exit:
    """The source's end: local sockets, each connection to which goes to the destination."""

    def __init__(self, migration_id: str, way: ListenResult, credentials: Credentials) -> None:
        self._migration_id = migration_id
        self._way = way
        self._context = _client_context(credentials)
        self._listeners: list[socket.socket] = []
        self._splices = _Splices()
        self._address = ""

    @property
    def bytes(self) -> int:
        """What went over the wire."""
        return self._splices.bytes

    def open(self, owner: tuple[int, int], channels: Sequence[str] = SPLICED) -> ssl.SSLSocket:
        """Find the destination, make the local sockets; returns the control channel.

        Raises CommandFailed if the destination cannot be reached.
        """
        control = self._find()
        make_folder(self._migration_id, owner)
        for channel in channels:
            path = socket_path(self._migration_id, channel)
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(path))
            os.chown(path, *owner)
            listener.listen()
            self._listeners.append(listener)
            _thread(self._accept, listener, channel)
        return control

    def close(self) -> None:
        """Remove the sockets, and break off what is joined."""
        for listener in self._listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self._splices.end()
        remove_folder(self._migration_id)

    def _find(self) -> ssl.SSLSocket:
        reasons = []
        for address in self._way.addresses:
            try:
                control = self._dial(address, CONTROL)
            except OSError as error:
                reasons.append(f"{address}: {error}")
                continue
            if _is_let_in(control):
                self._address = address
                return control
            reasons.append(f"{address}: it hung up")
            control.close()
        raise CommandFailed(
            "migration.unreachable", "; ".join(reasons), port=self._way.port,
            addresses=", ".join(self._way.addresses),
        )  # fmt: skip

    def _dial(self, address: str, channel: str) -> ssl.SSLSocket:
        connection = socket.create_connection((address, self._way.port), timeout=HANDSHAKE_S)
        secure = _secured(connection, self._context, is_server=False)
        try:
            shown = hashlib.sha256(secure.getpeercert(binary_form=True) or b"").hexdigest()
            if not hmac.compare_digest(shown, self._way.certificate_sha256):
                raise OSError("it is another host than the service named")
            message = msgspec.msgpack.encode(Opening(secret=self._way.secret, channel=channel))
            secure.sendall(len(message).to_bytes(4, "big") + message)
        except OSError:
            secure.close()
            raise
        return secure

    def _accept(self, listener: socket.socket, channel: str) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # closed
            _thread(self._carry, connection, channel)

    def _carry(self, connection: socket.socket, channel: str) -> None:
        try:
            secure = self._dial(self._address, channel)
        except OSError as error:
            log.warning("migration_channel", channel=channel, reason=str(error))
            connection.close()
            return
        self._splices.run(Splice(connection, secure))


def _server_context(credentials: Credentials) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(credentials.certificate, credentials.key)
    context.load_verify_locations(cadata=credentials.ca_pem)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _client_context(credentials: Credentials) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # the digest is checked before the secret is sent
    context.load_cert_chain(credentials.certificate, credentials.key)
    return context


def _secured(
    connection: socket.socket, context: ssl.SSLContext, *, is_server: bool
) -> ssl.SSLSocket:
    """TLS over a connection, which is closed if the other side does not bear it."""
    try:
        connection.settimeout(HANDSHAKE_S)
        watch_peer(connection)
        return context.wrap_socket(connection, server_side=is_server)
    except OSError:
        connection.close()
        raise


def _is_let_in(control: ssl.SSLSocket) -> bool:
    try:
        is_ready = control.recv(1) == b"r"
        control.settimeout(None)
    except OSError:
        return False
    return is_ready


def _listener(address: str, port: int) -> socket.socket | None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen()
    except OSError:
        listener.close()
        return None
    return listener


def send_flows(control: ssl.SSLSocket, flows: Sequence[Flow], within_s: float) -> None:
    """Tell the destination of the machine's connections; raises OSError."""
    control.settimeout(within_s)
    message = msgspec.msgpack.encode(flows)
    control.sendall(FLOWS + len(message).to_bytes(4, "big") + message)


def _message(secure: ssl.SSLSocket, max_bytes: int, kind: type[T]) -> T:
    """A message after its length; raises ValueError if it is another one, or too large."""
    size = int.from_bytes(_exactly(secure, 4), "big")
    if size > max_bytes:
        raise ValueError(f"a message of {size} bytes")
    try:
        return msgspec.msgpack.decode(_exactly(secure, size), type=kind)
    except msgspec.MsgspecError as error:
        raise ValueError(f"another message: {error}") from error


def _exactly(secure: ssl.SSLSocket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = secure.recv(size - len(data))
        if not part:
            raise EOFError("it hung up")
        data += part
    return bytes(data)


def _target(migration_id: str, channel: str) -> str:
    if channel != LIBVIRT:
        return str(socket_path(migration_id, channel))
    return next((path for path in LIBVIRT_SOCKETS if Path(path).exists()), LIBVIRT_SOCKETS[0])


def _connect(path: str) -> socket.socket:
    plain = socket.socket(socket.AF_UNIX)
    try:
        plain.connect(path)
    except OSError:
        plain.close()
        raise
    return plain


def _thread(work: Callable[..., None], *arguments: object) -> None:
    threading.Thread(target=work, args=arguments, name="migration", daemon=True).start()
