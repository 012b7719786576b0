"""Stores as the board reads them: copies of their newest committed state, several as one, never in a writer's way."""
