"""`python -m bench.bad_data`: see trial.py."""

from bench.bad_data.trial import main

main()
