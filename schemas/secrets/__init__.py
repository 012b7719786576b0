"""Secrets that a settings file names, and never holds."""
