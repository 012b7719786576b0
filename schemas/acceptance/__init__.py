"""Is this record an event: the rules of a domain made ready, and the judging by them."""
