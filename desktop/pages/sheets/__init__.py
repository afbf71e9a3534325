"""Forms in windows of their own that leave the main window free: making, changing, deleting."""
