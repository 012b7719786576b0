"""Stewards' decisions, each an event."""
