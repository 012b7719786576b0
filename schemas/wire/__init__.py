"""Events as bytes: CloudEvents, JSON Lines, Kafka records."""
