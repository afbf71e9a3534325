"""Virtual machines through libvirt, without ever blocking the event loop."""
