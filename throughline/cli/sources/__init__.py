"""Commands of those who publish."""
