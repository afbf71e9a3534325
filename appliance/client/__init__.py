"""The async SDK: what the desktop, the command line and tests use to talk to an appliance."""

from appliance.client.client import Client
from appliance.client.jobs import JobFailed, wait
from appliance.client.trust import Trust, probe

__all__ = ["Client", "JobFailed", "Trust", "probe", "wait"]
