"""Translations of the client, and the tool that keeps them whole."""
