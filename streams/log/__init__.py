"""The log of Kafka as it is read: its batches, within bounds, and committed records only."""
