"""The seven-step set-up: proposals for this machine, edits, progress, removal."""
