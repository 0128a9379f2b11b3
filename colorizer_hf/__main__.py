"""`python -m colorizer_hf` is the command line."""

from .cli import main

main()
