"""What can go wrong between an RFB client and its server."""

from __future__ import annotations


class ProtocolError(Exception):
    """The server sent something that the protocol or our limits do not allow.

    The connection is of no use afterwards.
    """


class SecurityRefused(ProtocolError):
    """The server wants a way of logging in that we do not speak, or refused us."""
