"""`python -m throughline` is the command."""

from throughline.cli.main import main

if __name__ == "__main__":
    main()
