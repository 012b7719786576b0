"""Who may see what of the board, and the record of who looked at a case."""
