"""Throughline: one shared decision timeline of several agencies, and who held the case."""

__version__ = "0.1.0"
