"""Mirrors crawler/readers."""
