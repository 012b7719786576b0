"""What a domain folder says: catalogue, standards, identifiers, calendar, topics; read and checked."""
