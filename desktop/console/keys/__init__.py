"""Keys: from what the window system says to scan codes, and from text to keystrokes."""
