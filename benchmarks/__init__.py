"""Measurements against what a user would otherwise pick, each printed as a table by its own command."""
