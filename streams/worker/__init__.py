"""The live worker: from fetches of Kafka to committed stores."""
