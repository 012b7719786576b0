"""`python -m bench.generate`: see population.py."""

from bench.generate.population import main

main()
