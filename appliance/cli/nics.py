"""A NIC in one option: `office,address=10.0.0.9,security-group=web,inbound=10M`."""

from __future__ import annotations

from typing import Any

from appliance.protocol.bandwidth import parse_bandwidth

METAVAR = "NIC"
_KEYS = "address, security-group, inbound and outbound"


def parse_nic_with_mac(text: str) -> dict[str, Any]:
    """The same, of a NIC that may keep the MAC that it has; raises ValueError."""
    parts = [part.strip() for part in text.split(",")]
    macs = [part.removeprefix("mac=") for part in parts if part.startswith("mac=")]
    rest = [part for part in parts if not part.startswith("mac=")]
    return parse_nic(",".join(rest)) | ({"mac": macs[-1].lower()} if macs else {})


def parse_nic(text: str) -> dict[str, Any]:
    """The NIC's part of a request, with names for ids; raises ValueError."""
    network, *pairs = (part.strip() for part in text.split(","))
    if not network or "=" in network:
        raise ValueError(
            f"{text!r} names no network; write it like office or office,address=10.0.0.9"
        )
    nic: dict[str, Any] = {"network_id": network}
    for pair in pairs:
        key, sign, value = (part.strip() for part in pair.partition("="))
        if not sign or not value:
            raise ValueError(f"{pair!r} is no KEY=VALUE; the keys are {_KEYS}")
        if key == "address":
            nic["address"] = value
        elif key == "security-group":
            nic.setdefault("security_group_ids", []).append(value)
        elif key in ("inbound", "outbound"):
            nic[f"{key}_bits_per_s"] = parse_bandwidth(value)
        else:
            raise ValueError(f"{key!r} is none of the keys, which are {_KEYS}")
    return nic
