"""Logins, users and their rights."""
