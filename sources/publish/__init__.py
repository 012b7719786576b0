"""From an agency to Kafka: outbox, sender, publisher."""
