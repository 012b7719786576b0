"""The live join beside its peers and its limit."""
