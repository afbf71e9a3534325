"""Everything of the desktop client that talks to a service, off the GUI thread."""
