"""The login window with certificate pinning on first use."""
