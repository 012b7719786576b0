"""What measures: stages, statements, processes, and records made once."""
