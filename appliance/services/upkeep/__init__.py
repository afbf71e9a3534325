"""Upkeep of hosts: reconnecting them, emptying them, and starting again what ran on them."""
