"""Hostile input through the real readers."""
