"""Mirrors crawler/workers."""
