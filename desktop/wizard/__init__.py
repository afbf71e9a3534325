"""The seven-step set-up wizard."""

from desktop.wizard.window import SetupWizard

__all__ = ["SetupWizard"]
