"""Consoles: a stream of the link spliced with a machine's screen or serial line."""
