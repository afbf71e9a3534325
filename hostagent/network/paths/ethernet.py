"""Frames of a probe on a NIC, whether it is the port of a bridge or not, tagged or not.

The tag (IEEE 802.1Q) is written by hand, so the kernel needs to know nothing of VLANs. The
ethertype is the first that IEEE 802 keeps for local experiments.
"""

from __future__ import annotations

import asyncio
import ctypes
import socket
import struct
from collections.abc import Callable

from hostagent.network.wire.frames import BROADCAST, mac_bytes

ETHERTYPE = 0x88B5
_TPIDS = (0x8100, 0x88A8)
_ETH_P_ALL = 0x0003
_SOL_PACKET, _ADD_MEMBERSHIP, _AUXDATA = 263, 1, 8  # linux/if_packet.h
_MR_PROMISC = 1
_VLAN_VALID = 1 << 4  # TP_STATUS_VLAN_VALID
_AUX = struct.Struct("=IIIHHHH")  # struct tpacket_auxdata
_SO_ATTACH_FILTER = 26
_FRAME_MAX_BYTES = 65_535
_READ_AT_ONCE = 256
_RET, _LDH, _JEQ = 0x06, 0x28, 0x15  # BPF: BPF_RET|BPF_K, BPF_LD|BPF_H|BPF_ABS, BPF_JMP|BPF_JEQ
# The tag is out of the frame when we see it, or still in it; nothing else gets to us.
_FILTER = (
    (_LDH, 0, 0, 12),
    (_JEQ, 4, 0, ETHERTYPE),
    (_JEQ, 1, 0, _TPIDS[0]),
    (_JEQ, 0, 3, _TPIDS[1]),
    (_LDH, 0, 0, 16),
    (_JEQ, 0, 1, ETHERTYPE),
    (_RET, 0, 0, _FRAME_MAX_BYTES),
    (_RET, 0, 0, 0),
)

# The payload, the tag (0 for none), and where an answer goes.
Receiver = Callable[[bytes, int, bytes], None]


class EthernetWire:
    """A NIC; `receive` is called for each frame with our ethertype that comes in."""

    def __init__(
        self, interface: str, index: int, mac: str, vlan_id: int | None, receive: Receiver
    ) -> None:
        self._mac = mac_bytes(mac)
        self._tag = b"" if vlan_id is None else struct.pack("!HH", _TPIDS[0], vlan_id)
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._socket = _open(interface, index)
        self._loop.add_reader(self._socket, self._read)

    def send(self, payload: bytes, mac: bytes = BROADCAST) -> None:
        """Put a frame on the wire; raises OSError."""
        head = mac + self._mac + self._tag + struct.pack("!H", ETHERTYPE)
        self._socket.send(head + payload)

    def close(self) -> None:
        """No frames any more."""
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _read(self) -> None:
        for _ in range(_READ_AT_ONCE):
            try:
                data, extra, _, place = self._socket.recvmsg(_FRAME_MAX_BYTES, 64)
            except OSError:  # nothing more for now, or the NIC went down: it may come back
                return
            if place[2] != socket.PACKET_OUTGOING:
                tag, payload = untagged(data, extra)
                if payload is not None:
                    self._receive(payload, tag, data[6:12])


def untagged(data: bytes, extra: list[tuple[int, int, bytes]]) -> tuple[int, bytes | None]:
    """The tag of a frame, 0 for none, and its payload if it is one of a probe.

    Drivers and kernels differ in whether the tag stays in the frame or comes beside it.
    """
    kind = struct.unpack_from("!H", data, 12)[0]
    if kind in _TPIDS:
        tci, inner = struct.unpack_from("!HH", data, 14)
        return tci & 0x0FFF, data[18:] if inner == ETHERTYPE else None
    if kind != ETHERTYPE:
        return 0, None
    for level, number, content in extra:
        if (level, number) == (_SOL_PACKET, _AUXDATA) and len(content) >= _AUX.size:
            status, _, _, _, _, tci, _ = _AUX.unpack_from(content)
            if status & _VLAN_VALID:
                return tci & 0x0FFF, data[14:]
    return 0, data[14:]


def _open(interface: str, index: int) -> socket.socket:
    handle = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    try:
        code = b"".join(struct.pack("=HBBI", *line) for line in _FILTER)
        program = ctypes.create_string_buffer(code)
        pointer = struct.pack("@HP", len(_FILTER), ctypes.addressof(program))
        handle.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, pointer)
        handle.setsockopt(_SOL_PACKET, _AUXDATA, 1)
        # NICs that filter VLANs by themselves let all of them pass while somebody listens so.
        request = struct.pack("=IHH8s", index, _MR_PROMISC, 0, b"")
        handle.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, request)
        handle.bind((interface, _ETH_P_ALL))
        handle.setblocking(False)
    except OSError:
        handle.close()
        raise
    return handle
