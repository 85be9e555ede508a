"""How this program starts itself, for a piece of work that needs a process of its own."""

from __future__ import annotations

import sys

PROGRAM = (sys.executable, "-P", "-m", "cli")
"""To be followed by a command's name. -P keeps the folder it is called in, which may hold evidence, off
Python's path: a `click.py` saved there would be run otherwise."""
