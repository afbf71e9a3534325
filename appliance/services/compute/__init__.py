"""Virtual machines: placement, life-cycle, state as libvirt sees it, consoles."""
