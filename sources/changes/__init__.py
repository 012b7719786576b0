"""From a topic that Kafka Connect fills to events."""
