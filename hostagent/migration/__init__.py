"""Live migration: an encrypted way between two hosts that is there for one machine only."""
