"""Figures as data: an SQL file and an entry each."""
