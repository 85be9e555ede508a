"""Upkeep of the data: backup and restore, checks, retention."""
