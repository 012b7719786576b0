"""What is kept and shown: the DuckDB store and its public views."""
