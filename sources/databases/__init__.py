"""How an agency's database is read, as it stands."""
