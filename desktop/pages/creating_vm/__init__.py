"""The parts of the dialog that makes virtual machines, each a section of its own."""
