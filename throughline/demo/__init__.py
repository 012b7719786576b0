"""A made-up population of cases, for `throughline demo`: plausible, seeded, about nobody."""
