"""The async SDK: what the desktop, the command line and tests use to talk to an appliance."""

from appliance.client.client import Client, ConsoleConnection
from appliance.client.feed import Connected, FeedEvent, Lost
from appliance.client.jobs import JobFailed, wait
from appliance.client.trust import Trust, plain_fingerprint, probe

__all__ = [
    "Client",
    "Connected",
    "ConsoleConnection",
    "FeedEvent",
    "JobFailed",
    "Lost",
    "Trust",
    "plain_fingerprint",
    "probe",
    "wait",
]
