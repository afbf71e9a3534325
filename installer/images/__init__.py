"""Images built from Debian packages."""
