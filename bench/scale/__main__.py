"""`python -m bench.scale`: see page.py."""

from bench.scale.page import main

main()
