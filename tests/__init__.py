"""Tests, one folder for each package."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
"""Each worker has one core, and threads that wait for each other on it make a toy model cost four times as
much. It must be set before NumPy is imported; what a test starts inherits it."""
