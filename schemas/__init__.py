"""What can happen and what is owed: the event catalogue, standards, identifiers, and how they travel."""
