"""The real board, served and asked: how fast its pages are, and whether every look is on the record."""
