"""Commands of those who watch quality."""
