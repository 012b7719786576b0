"""A real Apache Kafka on this machine, for tests and for people who have Java but no Docker.

It runs from the broker's own jars, which Maven brings once into a folder of the cache; after that nothing is
fetched. It listens on loopback only, without authentication: never put real data into it.
"""
