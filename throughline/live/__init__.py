"""Everything on one machine, to try it and to watch it."""
