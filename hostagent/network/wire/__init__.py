"""Frames on the wire: made, read, sent, and the few questions that they ask."""
