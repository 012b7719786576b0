"""Faults on the real worker and a real broker."""
