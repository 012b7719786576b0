"""From an agency's system to the outbox, over HTTP."""
