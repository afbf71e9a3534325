"""The main window: top bar, navigation, jobs strip, command palette."""
