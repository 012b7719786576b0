"""Benchmarks: how fast, how much memory, and what hostile input does; see README.md."""
