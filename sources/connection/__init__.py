"""How a broker is reached: its settings, once, and what each client makes of them."""
