"""Logging in, and the users and what they may do."""
