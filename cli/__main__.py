"""Lets `python -m cli` stand in for the console script."""

from cli.main import main

main()
