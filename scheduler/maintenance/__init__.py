"""CARE of the data: backup and restore, checking that all is whole, and retention."""
