"""The web board: pages over a store that is opened for reading."""
