"""How a made-up case goes."""
