"""Plausible events in any number: `python -m bench.generate FOLDER --events N`."""
