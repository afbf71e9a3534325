"""What concerns the inside of machines: agents, start-up data, media, and root disks made anew."""
