"""Holds no code: Django looks for commands here."""
