"""How large it gets."""
